"""The facts that `extract.py` has made, as other code asks for them. It reads files of this folder and nothing else."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.referee.paths import bare

FACTS = Path(__file__).parent / "facts"
Form = str | list[str]


class PlaceFacts(NamedTuple):
    """What real AWS answered at one place in one state."""

    seen: int
    """how many whole structures were recorded; with none, only what was there proves anything"""
    always: dict[str, Form]
    newer: dict[str, Form]
    """in all answers since these members came"""
    may: dict[str, Form]
    asked: dict[str, Form]
    """what follows from the request, not from the state"""
    absent: frozenset[str]
    too_new: frozenset[str]
    """members that came after the newest answer in this state"""
    elsewhere: dict[str, Form]
    """members that the same thing has in other states"""

    @property
    def expected(self) -> dict[str, Form]:
        """What must be there."""
        return self.always | self.newer

    def form(self, name: str) -> Form | None:
        """What a member looks like; None for one that is not known here."""
        return (self.expected | self.may | self.asked).get(name)


@cache
def load(service: str) -> dict[str, Any]:
    """One file of facts."""
    found: dict[str, Any] = json.loads((FACTS / f"{service}.json").read_text())
    return found


@cache
def places(service: str, operation: str) -> dict[str, PlaceFacts]:
    """The places of an operation's answers; none if no answer was recorded."""
    found: dict[str, Any] = load(service)["operations"].get(operation, {})
    things: dict[str, dict[str, Form]] = {}
    for path, one in found.items():
        known = things.setdefault(bare(path), {})
        for group in GROUPS:
            known |= {name: _wider(known.get(name), form) for name, form in one.get(group, {}).items()}
    return {path: _place(one, things[bare(path)]) for path, one in found.items()}


@cache
def structure(service: str, shape: str) -> PlaceFacts | None:
    """What is known of a structure wherever it stands; None for one that was never recorded."""
    found = load(service)["structures"].get(shape)
    return _place(found, {}) if found else None


def _place(one: dict[str, Any], elsewhere: dict[str, Form]) -> PlaceFacts:
    groups = {group: one.get(group, {}) for group in GROUPS}
    absent, too_new = (frozenset(one.get(name, ())) for name in ("absent", "too_new"))
    return PlaceFacts(seen=one["seen"], elsewhere=elsewhere, absent=absent, too_new=too_new, **groups)


def _wider(known: Form | None, form: Form) -> Form:
    """A list that is filled in one state and empty in another may be both."""
    lists = {"list", "filled list", "empty list"}
    return "list" if isinstance(known, str) and known in lists and known != form else form


GROUPS = ("asked", "may", "newer", "always")


class ErrorFacts(NamedTuple):
    """What real AWS said with one code."""

    status: list[int]
    words: dict[str, list[str]]
    """operation -> wordings without ids"""


@cache
def errors(service: str) -> dict[str, ErrorFacts]:
    """Code -> what is known of it."""
    return {code: ErrorFacts(one["status"], one["words"]) for code, one in load(service)["errors"].items()}
