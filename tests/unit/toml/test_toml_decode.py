"""TOML with places: what is wrong with files, texts and the environment."""

import os

import msgspec
import pytest

from sandboxd.toml import TomlError, decode, decode_file, load_settings


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    pace: float = 1.0
    names: tuple[str, ...] = ()


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    stage: str = "dev"
    clock: Inner = msgspec.field(default_factory=Inner)
    tables: list[Inner] = []
    named: dict[str, Inner] = {}


def test_a_right_text_is_a_struct():
    """And defaults fill it."""
    assert decode('stage = "x"\n[clock]\npace = 2.5\n', Outer, "f").clock.pace == 2.5


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("stage = 1", "f:1:1", "expected `str`"), ("stage = ", "f:1:1", "Invalid value"),
        ("[clock]\npase = 1.0", "f:2:1", "did you mean 'pace'"), ("[[tables]]\n[[tables]]\npace = 'x'", "f:3:1", "tables[1].pace"),
        ("[named.a]\npace = 1.0\n[named.b]\n  pase = 1.0", "f:4:3", "named.b.pase"), ("colour = 1", "f:1:1", "known are stage"),
        ("clock = {pase = 1}", "f:1:1", "clock.pase"),
    ],
)  # fmt: skip
def test_a_mistake_has_a_place(text, where, says):
    """File, line, column, path, suggestion."""
    with pytest.raises(TomlError) as caught:
        decode(text, Outer, "f")
    assert str(caught.value).startswith(where + ":")
    assert says in str(caught.value)


def test_all_mistakes_come_at_once_in_their_order():
    """Three tables, three mistakes."""
    with pytest.raises(TomlError) as caught:
        decode("stage = 1\n[clock]\npase = 1\n[named.a]\nnames = 5\n", Outer, "f")
    assert [one.where for one in caught.value.mistakes] == ["f:1:1", "f:3:1", "f:5:1"]


def test_files_that_are_none(tmp_path):
    """Missing, a FIFO, too large, not UTF-8."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").write_bytes(b"#" * 70_000)
    (tmp_path / "latin").write_bytes(b'stage = "\xe4"')
    for name, says in (("none", "cannot be read"), ("fifo", "regular"), ("large", "at most"), ("latin", "UTF-8")):
        with pytest.raises(TomlError, match=says):
            decode_file(tmp_path / name, Outer)


def test_the_environment_goes_over_the_file(tmp_path):
    """Typed by the struct; unknown names are errors with a suggestion, unrelated ones are not."""
    environment = {
        "SANDBOXD_CLOCK__PACE": "60",
        "SANDBOXD_STAGE": "int",
        "SANDBOXD_CLOCK__NAMES": "a, b",
        "HOME": "/x",
        "SANDBOXD_DEMO": "1",
    }
    found = load_settings(Outer, None, environment)
    assert (found.stage, found.clock.pace, found.clock.names) == ("int", 60.0, ("a", "b"))
    with pytest.raises(TomlError, match="did you mean SANDBOXD_CLOCK__PACE"):
        load_settings(Outer, None, {"SANDBOXD_CLOCK__PASE": "1"})
    with pytest.raises(TomlError, match="'fast'"):
        load_settings(Outer, None, {"SANDBOXD_CLOCK__PACE": "fast"})


@pytest.mark.parametrize(
    "text",
    [
        "a=" + "[" * 30_000,
        "a=" + "9" * 5_000,
        "a=" + "{a=" * 3_000,
        "[named]\n" + "a." * 3_000 + "a=1",
        "\x00",
        "x='\x7f'",
    ],
)
def test_a_text_made_to_break_the_reader_is_a_mistake_like_others(text):
    """Depth and length end in a sentence, not in a traceback."""
    with pytest.raises(TomlError):
        decode(text, Outer, "f")
