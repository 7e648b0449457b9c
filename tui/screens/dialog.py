"""What dialogs share: saying something in one of their lines, also when they are on their way out."""

from collections.abc import Iterable
from typing import TypeVar

from textual.screen import ModalScreen

from tui.widgets.text import Toned
from tui.words import Piece

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """A modal screen whose answers may come when it is being closed: then nobody needs them.

    It puts the focus itself and at once: who opens it and types on loses no key.
    """

    AUTO_FOCUS = ""

    def begin_at(self, name: str) -> None:
        """Put the focus where it begins."""
        self.set_focus(self.query_one(f"#{name}"))

    def put(self, name: str, *lines: Iterable[Piece]) -> None:
        """Say something in the line of this id, if it is still there."""
        for toned in self.query(f"#{name}").results(Toned):
            toned.say(*lines)

    def disable(self, name: str, *, disabled: bool) -> None:
        """Let a field or button rest, if it is still there."""
        for widget in self.query(f"#{name}"):
            widget.disabled = disabled
