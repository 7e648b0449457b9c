"""One or a few lines of pieces in tones: top bar, banner, notes. Text is never read as markup."""

from collections.abc import Iterable

from rich.style import Style
from rich.text import Text
from textual.widgets import Static

from tui import theme as themes
from tui.words import Piece


class Toned(Static):
    """A static text made of pieces; drawn again only when they change."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__("", id=id, classes=classes, markup=False)
        self._lines: tuple[tuple[Piece, ...], ...] = ()

    def say(self, *lines: Iterable[Piece]) -> None:
        """Show these lines."""
        wanted = tuple(tuple(line) for line in lines)
        if wanted != self._lines:
            self._lines = wanted
            self._draw()

    def restyle(self) -> None:
        """The theme is another one."""
        self._draw()

    def _draw(self) -> None:
        tones = themes.styles(self.app.current_theme)
        text = Text(end="")
        for number, line in enumerate(self._lines):
            if number:
                text.append("\n")
            for piece in line:
                style = tones[piece.tone]
                text.append(piece.text, Style(color=style.color, bold=style.bold))
        self.update(text)
