"""What this life of the daemon has written into documents that several accounts share, and one lock for each of them.

A write replaces the whole document, so a late one would take away what others wrote meanwhile: whoever writes next, or
guards a lost write, puts back what the ledger says. Parts of other installations are never in it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import trio

Part: TypeAlias = Mapping[str, Any]


class Ledger:
    """Of one document."""

    def __init__(self) -> None:
        self.lock = trio.Lock()
        self.parts: dict[str, Part | None] = {}
        """name -> what it must say; None: it must not be there"""
        self._begun = False

    def learn(self, known: Callable[[], Mapping[str, Part | None]], *, again: bool) -> None:
        """What rows say that this life has not written: asked once, and again by who guards a lost write."""
        if again or not self._begun:
            self._begun = True
            self.parts = {**known(), **self.parts}

    def forget(self, names: Iterable[str]) -> None:
        """What these parts say can be written no more."""
        for name in names:
            self.parts.pop(name, None)


class Ledgers:
    """Of all documents."""

    def __init__(self) -> None:
        self._ledgers: dict[str, Ledger] = {}

    def of(self, place: str) -> Ledger:
        """The ledger of the document at a place."""
        return self._ledgers.setdefault(place, Ledger())
