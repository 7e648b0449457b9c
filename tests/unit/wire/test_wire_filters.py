"""The one filter grammar."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandboxd.wire.filters import FilterError, parse
from sandboxd.wire.things import Account, Sandbox

ONE = Sandbox(
    id="sbx_1", name="bank", tenant="acme", account_id="1", region="eu-central-1", profile="trial", state="started",
    state_since="", created_at="", labels={"env": "prod"}, reason="it waits, still", parameters={"amq": True},
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("  , ", True),
        ("name=bank", True),
        ("name=Bank", False),
        ("name!=bank", False),
        ("tenant~AC", True),
        ("tenant!~ac", False),
        ("name=bank state=started", True),
        ("name=bank,state=stopped", False),
        ("name=bank and state!=stopped", True),
        ("name = bank , tenant ~ c", True),
        ('reason="it waits, still"', True),
        ("reason='it waits, still'", True),
        (r'reason~"wa\its"', True),
        ('operation_id=""', True),
        ("expires_at!=x", True),
        ("labels.env=prod", True),
        ("labels.none=prod", False),
        ("parameters.amq=true", True),
        ("bank", True),
        ("BAN", True),
        ("nothing", False),
        ("bank nothing", False),
        ("state~ed trial", True),
        ("region=eu-central-1", True),
        ("name=a=b", False),
    ],
)
def test_what_matches(text, expected):
    """Terms that must all hold, on a struct."""
    assert parse(text, Sandbox.__struct_fields__).matches(ONE) is expected


def test_mappings_match_as_structs_do():
    """The dashboard filters rows, the API things."""
    assert parse("name=bank env~pr").matches({"name": "bank", "env": "prod"})
    assert parse("labels.env=prod").matches({"labels.env": "prod"})
    assert parse("mailbox.depth=0").matches(
        Account(id="1", name="a", email="e", ou="pool", state="available", since="")
    )


@pytest.mark.parametrize(
    ("text", "position", "hint"),
    [
        ("stat=started", 0, "state"),
        ("name=bank stat=x", 10, "state"),
        ("name=", 5, '""'),
        ("name= , x", 6, '""'),
        ("=x", 0, "FIELD=VALUE"),
        ("name=bank !", 10, "FIELD=VALUE"),
        ('name="bank', 5, '""'),
    ],
)
def test_mistakes_are_pointed_at(text, position, hint):
    """The place, and what would be right."""
    with pytest.raises(FilterError) as refused:
        parse(text, Sandbox.__struct_fields__)
    assert refused.value.position == position
    assert hint in refused.value.hint
    assert refused.value.detail.splitlines()[-1] == " " * position + "^"


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    """Nothing else comes out of it, and what was read can be asked."""
    try:
        made = parse(text)
    except FilterError:
        return
    assert made.matches(ONE) in (True, False)


@given(st.text(min_size=1, max_size=20).filter(lambda text: "\\" not in text and '"' not in text))
def test_quoted_values_mean_themselves(value):
    """Whatever a name is, it can be asked for."""
    assert parse(f'name="{value}"').matches({"name": value})
    assert not parse(f'name!="{value}"').matches({"name": value})
