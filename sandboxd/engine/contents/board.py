"""One content while it is written: who wants it changed, which machines bear it, and what they run as far as is known."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import trio
from msgspec import Struct

from sandboxd.aws.kind import Parameters
from sandboxd.model.keys import Key


class Outcome(Struct, frozen=True):
    """What became of one change."""

    code: str = ""
    """empty: done"""
    words: str = ""
    lasting: bool = False


class Change:
    """A part that comes, or goes."""

    def __init__(self, key: Key, part: Parameters | None, say: Callable[[str], None]) -> None:
        self.key, self.part, self.say = key, part, say
        self.outcome: Outcome | None = None


class Bearer(NamedTuple):
    """A machine in one life of its agent: after a boot it must prove anew what it runs."""

    machine: str
    life: int


class Board:
    """One content: who wants it changed, and what its machines run as far as we know."""

    def __init__(self) -> None:
        self.changes: dict[Change, None] = {}
        self.writing = trio.Lock()
        self.files: dict[str, str] = {}
        """machine -> version of the files on it: what a delivery must name"""
        self.proved: dict[Bearer, str] = {}
        """version that a machine has said it runs, in this life of its agent"""
        self.written: dict[Key, tuple[int, Parameters]] = {}
        """part -> the attempt that brought it, and what it says: there already, though the account may not have taken note yet"""
        self.writings = 0
        """how often something was delivered"""
        self.singly = False
        """after a version was rejected, without words about whose fault it is: one change at a time"""

    def batch(self) -> list[Change]:
        """The changes that the next version is about."""
        open_ = [change for change in self.changes if change.outcome is None]
        return open_[:1] if self.singly else open_


def end(changes: Iterable[Change], outcome: Outcome) -> None:
    """These have an outcome, where they had none."""
    for change in changes:
        change.outcome = change.outcome or outcome
