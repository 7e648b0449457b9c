"""What belongs together for people: every kind has its place, and no name is lost."""

import pytest

from sandboxd.aws import kinds
from sandboxd.wire import groups

INNER = {"account-claim"}
"""kinds that no person looks for"""


def test_every_kind_has_a_group():
    """A new kind is put where people look for it."""
    strays = {kind for kind in kinds.by_name() if groups.group_of(kind, "x").id == "other"}
    assert strays <= INNER
    assert {kind for group in groups.GROUPS for kind in group.kinds} <= set(kinds.by_name())


@pytest.mark.parametrize(
    ("kind", "name", "short"),
    [
        ("constellation", "constellation-web", "web"), ("repository-share", "repository-bank+web", "bank/web"),
        ("agent", "ocp-agent", "ocp"), ("agent", "-agent", "-agent"), ("secret", "secret-", "secret-"), ("vpc", "vpc", "vpc"),
    ],
)  # fmt: skip
def test_a_name_is_shown_without_what_its_kind_says(kind, name, short):
    """And never as nothing."""
    assert groups.short_name(kind, name) == short


def test_envoys_are_told_from_the_machines_of_a_sandbox():
    """And what is not known stands last, under its own name."""
    given = [
        ("machine", "acp", 1),
        ("machine", "envoy-a", 2),
        ("quantum-bank", "q", 3),
        ("vpc", "vpc", 4),
        ("agent", "a", 5),
    ]
    found = [(group.id, list(some)) for group, some in groups.by_kind([*given, ("machine", "ocp", 6)])]
    assert found == [("network", [4]), ("machines", [1, 6, 5]), ("envoys", [2]), ("other", [3])]
    assert groups.kind_words("quantum-bank") == "quantum bank"
