"""A yes or no in one line that says what it is: sign, word and colour."""

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from tui import theme as themes


class Toggle(Static, can_focus=True):
    """`● on` or `○ off`; space, enter and a click change it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,enter,left,right", "flip", show=False)]

    class Changed(Message):
        """It was changed."""

    def __init__(self, *, value: bool, id: str) -> None:  # noqa: A002 - Textual's
        super().__init__("", id=id, markup=False)
        self.value = value

    def on_mount(self) -> None:
        """Draw for the first time."""
        self._say()

    def on_click(self) -> None:
        """A click changes it."""
        self.action_flip()

    def action_flip(self) -> None:
        """Change it."""
        self.value = not self.value
        self._say()
        self.post_message(self.Changed())

    def _say(self) -> None:
        tones = themes.styles(self.app.current_theme)
        style = tones["ok" if self.value else ""]
        self.update(Text(" ● on" if self.value else " ○ off", Style(color=style.color, bold=self.value)))
