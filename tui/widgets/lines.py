"""A list of lines with a cursor, drawn line by line: the one widget behind all tables, step graphs and logs.

It holds ids, never things: the cursor stays on its id whatever comes or goes around it. Only lines whose text or tone
changed are painted again, and only visible ones are ever looked at.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui import theme as themes
from tui.words import Piece, join

Paint = Callable[[str, int], Sequence[Piece]]
"""id and width -> the pieces of its line"""
Head = Callable[[int], Sequence[Piece]]


class Lines(ScrollView, can_focus=True):
    """Lines by id; `paint` draws one, `head` the fixed first line, if there is one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("ctrl+d", "page(0.5)", show=False),
        Binding("ctrl+u", "page(-0.5)", show=False),
        Binding("home,g", "to(0)", show=False),
        Binding("end,G", "to(-1)", show=False),
    ]
    DEFAULT_CSS = "Lines { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }"

    class Moved(Message):
        """The cursor is on another id; `by_hand` when a person moved it."""

        def __init__(self, lines: "Lines", *, by_hand: bool) -> None:
            super().__init__()
            self.lines, self.by_hand = lines, by_hand

    class Opened(Message):
        """A line was clicked that had the cursor already."""

    class HeadClicked(Message):
        """The fixed line was clicked, at this cell."""

        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

    def __init__(self, paint: Paint, *, head: Head | None = None, id: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id)
        self._paint, self._head = paint, head
        self._ids: Sequence[str] = ()
        self._cursor: str | None = None
        self._at = 0
        self._painted: dict[int, tuple[Piece, ...]] = {}
        self.faded = False
        self.newest_first = False
        """the cursor stays on the first line when it is there: new ones come in above"""

    # ---- what is shown
    @property
    def cursor(self) -> str | None:
        """The id under the cursor."""
        return self._cursor

    def show(self, ids: Sequence[str]) -> None:
        """Show these ids; the cursor stays on its own, or near where it was."""
        if ids is not self._ids:
            self._ids = ids
            self.virtual_size = Size(self.size.width, len(ids) + self._fixed)
            self._place_cursor()
        self.repaint_changed()

    def put_cursor(self, identifier: str) -> None:
        """Move the cursor to an id and into sight; not a person's doing."""
        if identifier in self._ids and identifier != self._cursor:
            self._set(list(self._ids).index(identifier), by_hand=False)

    def repaint_changed(self) -> None:
        """Paint again the visible lines whose text or tone changed."""
        for y in range(self.size.height):
            if self._painted.get(y) != self._pieces(y):
                self.refresh(Region(0, y, self.size.width, 1))

    def fade(self, faded: bool) -> None:
        """Draw everything faint: it is not known whether it is so any more."""
        if self.faded != faded:
            self.faded = faded
            self.refresh()

    # ---- drawing
    @property
    def _fixed(self) -> int:
        return int(self._head is not None)

    def _row(self, y: int) -> int:
        return y - self._fixed + int(self.scroll_offset.y)

    def _pieces(self, y: int) -> tuple[Piece, ...]:
        width = self.scrollable_content_region.width
        if self._head is not None and y == 0:
            return tuple(join(list(self._head(width)), width))
        row = self._row(y)
        if not 0 <= row < len(self._ids):
            return ()
        return tuple(join(list(self._paint(self._ids[row], width)), width))

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        width = self.scrollable_content_region.width
        pieces = self._painted[y] = self._pieces(y)
        tones = themes.styles(self.app.current_theme)
        if not pieces:
            return Strip.blank(width, tones[""])
        over = self._overlay(y)
        segments = [Segment(piece.text, tones[piece.tone] + over if over else tones[piece.tone]) for piece in pieces]
        return Strip(segments, width)

    def _overlay(self, y: int) -> Style | None:
        over: Style | None = Style(dim=True) if self.faded and not (self._fixed and y == 0) else None
        if self._row(y) == self._at and self._ids and not (self._fixed and y == 0):
            mark = themes.cursor(self.app.current_theme, focused=self.has_focus)
            return mark + over if over else mark
        return over

    # ---- the cursor
    def _place_cursor(self) -> None:
        if self._at < len(self._ids) and self._ids[self._at] == self._cursor:
            return
        if self.newest_first and self._at == 0:
            self._cursor = None
        if self._cursor is not None and self._cursor in self._ids:
            before, self._at = self._at, list(self._ids).index(self._cursor)
            # what came or went above it moves the page along, so that its line stays where the eyes are
            self.scroll_to(y=self.scroll_offset.y + self._at - before, animate=False, immediate=True)
        else:
            self._at = max(0, min(self._at, len(self._ids) - 1))
            self._cursor = self._ids[self._at] if self._ids else None
            self.post_message(self.Moved(self, by_hand=False))
        self._scroll_into_sight()
        self.refresh()

    def _set(self, row: int, *, by_hand: bool) -> None:
        row = max(0, min(row, len(self._ids) - 1))
        if not self._ids:
            return
        before, self._at, self._cursor = self._at, row, self._ids[row]
        self._scroll_into_sight()
        for at in (before, row):
            self.refresh(Region(0, at + self._fixed - int(self.scroll_offset.y), self.size.width, 1))
        self.post_message(self.Moved(self, by_hand=by_hand))

    def _scroll_into_sight(self) -> None:
        space = max(1, self.size.height - self._fixed)
        top = int(self.scroll_offset.y)
        if self._at < top:
            self.scroll_to(y=self._at, animate=False, immediate=True)
        elif self._at >= top + space:
            self.scroll_to(y=self._at - space + 1, animate=False, immediate=True)

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._set(self._at + by, by_hand=True)

    def action_page(self, pages: float) -> None:
        """Move the cursor by pages."""
        self._set(self._at + int(pages * max(1, self.size.height - self._fixed - 1)), by_hand=True)

    def action_to(self, row: int) -> None:
        """Move the cursor to the first or last row."""
        self._set(row if row >= 0 else len(self._ids) + row, by_hand=True)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; open what had it already."""
        if self._fixed and event.y == 0:
            self.post_message(self.HeadClicked(event.x))
            return
        row = self._row(event.y)
        if row == self._at and self._ids:
            self.post_message(self.Opened())
        elif 0 <= row < len(self._ids):
            self._set(row, by_hand=True)

    def on_resize(self) -> None:
        """Another size: another place of everything."""
        self.virtual_size = Size(self.size.width, len(self._ids) + self._fixed)
        self._painted.clear()
        self._scroll_into_sight()
