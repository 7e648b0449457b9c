"""A filtered, sorted list of things by id that stays right while single things change. Pure; no Textual.

Only what changed is looked at again, so that ten thousand rows under a busy stream cost little.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

SortKey: TypeAlias = Callable[[Any], Any]
Matches: TypeAlias = Callable[[Any], bool]


class Listing:
    """The ids that are shown, in order."""

    def __init__(self, things: Callable[[], Mapping[str, Any]], *, matches: Matches, key: SortKey) -> None:
        self._things, self._matches, self._key = things, matches, key
        self._reverse = False
        self._rows: list[tuple[Any, str]] = []
        self._keys: dict[str, Any] = {}
        self._ids: list[str] | None = None

    @property
    def ids(self) -> list[str]:
        """What is shown, in order."""
        if self._ids is None:
            self._ids = [identifier for _, identifier in self._rows]
            if self._reverse:
                self._ids.reverse()
        return self._ids

    def arrange(
        self, *, matches: Matches | None = None, key: SortKey | None = None, reverse: bool | None = None
    ) -> None:
        """Filter or sort in another way."""
        self._matches, self._key = matches or self._matches, key or self._key
        self._reverse = self._reverse if reverse is None else reverse
        self.rebuild()

    def rebuild(self) -> None:
        """Look at everything again."""
        self._keys = {name: self._key(thing) for name, thing in self._things().items() if self._matches(thing)}
        self._rows = sorted((key, name) for name, key in self._keys.items())
        self._ids = None

    def update(self, changed: Iterable[str]) -> None:
        """Look again at the things of these ids."""
        things = self._things()
        for identifier in changed:
            thing = things.get(identifier)
            wanted = thing is not None and self._matches(thing)
            key = self._key(thing) if wanted else None
            known = identifier in self._keys
            if known and wanted and self._keys[identifier] == key:
                continue
            if known:
                del self._rows[bisect_left(self._rows, (self._keys.pop(identifier), identifier))]
            if wanted:
                self._keys[identifier] = key
                insort(self._rows, (key, identifier))
            if known or wanted:
                self._ids = None
