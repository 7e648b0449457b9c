"""The bar of keys at the bottom; a click on one is the key."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.widgets import Static

from tui import theme as themes
from tui.words import Piece


class KeyBar(Static):
    """Keys with their labels, faint where they cannot do anything now."""

    def __init__(self) -> None:
        super().__init__("", markup=False, id="keys")
        self._pairs: list[tuple[str, Piece]] = []

    def say(self, pairs: Sequence[tuple[str, Piece]]) -> None:
        """Show these actions."""
        if list(pairs) != self._pairs:
            self._pairs = list(pairs)
            self.restyle()

    def restyle(self) -> None:
        """Draw in the present theme."""
        tones = themes.styles(self.app.current_theme)
        text = Text(end="")
        for _, piece in self._pairs:
            style = tones[piece.tone]
            text.append(piece.text, Style(color=style.color, bold=style.bold))
        self.update(text)

    async def on_click(self, event: events.Click) -> None:
        """A click on a key is the key."""
        at = 0
        for identifier, piece in self._pairs:
            at += cell_len(piece.text)
            if event.x < at:
                await self.run_action(f"screen.act('{identifier}')")
                return
