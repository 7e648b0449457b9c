"""A sandbox's resources as rows, those of a group together. Pure; no Textual."""

from collections.abc import Sequence
from typing import Final

from sandboxd.wire import groups
from sandboxd.wire.text import safe_text
from sandboxd.wire.things import Resource
from tui.words import Piece, fit

_NAME: Final = 24
_KIND: Final = 23
_STATE: Final = 10


def head() -> list[Piece]:
    """The titles."""
    return [Piece(f" {'NAME':<{_NAME}} {'WHAT':<{_KIND}} {'STATE':<{_STATE}} ID IN AWS", "dim")]


class Listed:
    """Resources by row; a row's id is the resource's kind and name."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self._resources: list[Resource] = []
        self._by_row: dict[str, Resource] = {}

    def take(self, resources: Sequence[Resource]) -> None:
        """These are there now."""
        if (given := list(resources)) == self._resources:
            return
        self._resources = given
        sorted_ = groups.by_kind((one.kind, one.name, one) for one in given)
        self._by_row = {f"{one.region}/{one.kind}/{one.name}": one for _, found in sorted_ for one in found}
        self.rows = list(self._by_row)

    def paint(self, row: str) -> list[Piece]:
        """A row as a line."""
        one = self._by_row.get(row)
        if one is None:
            return []
        name, kind = groups.short_name(one.kind, one.name), groups.kind_words(one.kind)
        return [
            Piece(f" {fit(safe_text(name), _NAME)} ", "strong"), Piece(f"{fit(safe_text(kind), _KIND)} ", "dim"),
            Piece(f"{fit(safe_text(one.state), _STATE)} "), Piece(safe_text(brief(one.id), 80), "accent"),
        ]  # fmt: skip

    def about(self, row: str | None) -> list[list[Piece]]:
        """Two lines: its own name and kind, and its whole id."""
        one = self._by_row.get(row or "")
        if one is None:
            return []
        told = [
            Piece(f" {safe_text(one.name, 80)}", "strong"),
            Piece(f"  {safe_text(one.kind, 60)} in {safe_text(one.region, 40)}"),
        ]
        return [told, [Piece(f" {safe_text(one.id, 300)}", "accent")]]


def brief(identifier: str) -> str:
    """The end of an ARN: what tells it apart."""
    return identifier.split(":", 5)[-1] if identifier.startswith("arn:") else identifier
