"""Where in a TOML text something stands: a path of keys and indexes to a line and column.

Reads the text line by line, not as a parser: headers, keys and arrays of tables. What stands inside an inline value is
found at the key that holds it.
"""

import re
from typing import NamedTuple

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^(\s*)((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_PART = re.compile(r"""\s*("[^"]*"|'[^']*'|[^.\s"']+)\s*(?:\.|$)""")

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """Line and column, from 1, and the line itself."""

    line: int
    column: int
    text: str


class Places:
    """The places of one text."""

    def __init__(self, text: str) -> None:
        self._found: dict[Path, Place] = {}
        self._counts: dict[Path, int] = {}
        table: Path = ()
        for number, line in enumerate(text.splitlines(), 1):
            if header := _HEADER.match(line):
                table = self._header(header, number, line)
            elif key := _KEY.match(line):
                self._note((*table, *_parts(key[2])), Place(number, len(key[1]) + 1, line))

    def _header(self, found: re.Match[str], number: int, line: str) -> Path:
        path: Path = ()
        names = _parts(found[2])
        for depth, name in enumerate(names):
            path = (*path, name)
            last = depth == len(names) - 1
            if last and found[1] == "[[":
                index = self._counts.get(path, 0)
                self._counts[path] = index + 1
                self._note(path, Place(number, line.index("[") + 1, line))
                path = (*path, index)
            elif path in self._counts:
                path = (*path, self._counts[path] - 1)
        self._note(path, Place(number, line.index("[") + 1, line))
        return path

    def _note(self, path: Path, place: Place) -> None:
        for end in range(1, len(path) + 1):
            self._found.setdefault(path[:end], place)
        self._found[path] = place

    def find(self, path: Path) -> Place:
        """The place of a path, or of the nearest thing around it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self._found:
                return self._found[path[:end]]
        return Place(1, 1, "")


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]
