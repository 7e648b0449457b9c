"""The fleet: sandboxes, tenants, accounts, operations and events as tables, with one filter and one cursor each."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from msgspec import Struct, field
from textual.app import ComposeResult
from textual.widgets import Input

from sandboxd.wire import filters, things
from sandboxd.wire.text import safe_text
from tui import bars, columns, facts, notes
from tui.actions import Context
from tui.columns import Column
from tui.listing import Listing
from tui.screens.place import Changes, PlaceScreen, bindings
from tui.state import State, Tab
from tui.widgets.keybar import KeyBar
from tui.widgets.lines import Lines
from tui.widgets.text import Toned
from tui.words import Piece, fit

_ROOMY: Final = 32
"""lines from which on there is room for more than tables"""


class Kept(Struct):
    """What is remembered of a tab: its order, filter and cursor."""

    listing: Listing
    sort: str
    reverse: bool = False
    filter_text: str = ""
    matching: filters.Filter = field(default_factory=filters.Filter)
    trouble: str = ""
    cursor: str | None = None


class Fleet(PlaceScreen):
    """Tables of everything."""

    place = "fleet"
    BINDINGS: ClassVar = [*bindings("fleet"), ("escape", "clear_filter", "")]

    def __init__(self) -> None:
        super().__init__()
        self._tab: Tab = "sandboxes"
        self._kept: dict[Tab, Kept] = {}
        self._gone = False
        self._fitted: tuple[int, Tab, list[tuple[Column, int]]] | None = None

    def compose(self) -> ComposeResult:
        """Bars around one table."""
        yield Toned(id="top")
        yield Toned(id="banner")
        yield Toned(id="tabs")
        yield Toned(id="empty")
        yield Lines(self._paint, head=self._head, id="table")
        yield Toned(id="note")
        yield Toned(id="preview-pane")
        yield Input(id="filter", compact=True, placeholder="state=started tenant~acme   ⏎ keep   esc clear")
        yield KeyBar()

    def on_mount(self) -> None:
        """Nothing is filtered at first."""
        self._kept = {tab: self._fresh(tab) for tab, _ in bars.TABS}
        self.query_one("#filter").display = False
        self.query_one(Lines).focus()
        super().on_mount()

    # ---- what is listed
    def _things(self, tab: Tab) -> Mapping[str, Any]:
        if tab == "events":
            return {event.id: event for event in self.state.events}
        return getattr(self.state.view, tab)  # type: ignore[no-any-return]

    def _fresh(self, tab: Tab) -> Kept:
        column = columns.TABLES[tab][0]
        return Kept(Listing(lambda: self._things(tab), matches=lambda _: True, key=lambda _: ""), column.id)

    @property
    def _now(self) -> Kept:
        return self._kept[self._tab]

    def _arrange(self, tab: Tab) -> None:
        kept = self._kept[tab]
        column = next(one for one in columns.TABLES[tab] if one.id == kept.sort)
        sort = column.sort or (lambda _state, one: one.id)
        state: State = self.state

        def matches(one: Any) -> bool:
            hidden = tab == "sandboxes" and one.state == "deleted" and not self._gone and not kept.filter_text
            return not hidden and kept.matching.matches(one)

        kept.listing.arrange(matches=matches, key=lambda one: sort(state, one), reverse=kept.reverse)

    def _thing(self, identifier: str | None) -> Any:
        return self._things(self._tab).get(identifier or "")

    def context(self) -> Context:
        """The sandbox and operation of the row under the cursor."""
        thing = self._thing(self.query_one(Lines).cursor)
        match thing:
            case things.Sandbox():
                return Context(self.state, thing, self.state.operation_of(thing))
            case things.Operation():
                return Context(self.state, self.state.view.sandboxes.get(thing.target), thing)
            case things.Event():
                sandbox = self.state.view.sandboxes.get(thing.sandbox_id or "")
                return Context(self.state, sandbox, self.state.view.operations.get(thing.operation_id or ""))
        return Context(self.state)

    # ---- drawing
    def redraw(self, changes: Changes | None) -> None:
        """Bring the listings up to date and paint what changed."""
        for tab, kept in self._kept.items():
            if changes is None or tab == "events":
                self._arrange(tab)
            elif tab in changes:
                kept.listing.update(changes[tab])
        self.draw_bars()
        self._draw_table()

    def _draw_table(self) -> None:
        table, empty = self.query_one(Lines), self.query_one("#empty", Toned)
        nothing = self._nothing()
        table.display, empty.display = not nothing, bool(nothing)
        empty.say(*nothing)
        table.fade(not self.state.live)
        table.show(self._now.listing.ids)
        self._draw_note()

    def _nothing(self) -> list[list[Piece]]:
        if not self.state.view.epoch:
            return bars.waiting(self.state)
        return [] if self._now.listing.ids else notes.nothing(self.state, self._tab, self._now.filter_text)

    def _columns(self, width: int) -> list[tuple[Column, int]]:
        if self._fitted is None or self._fitted[:2] != (width, self._tab):
            self._fitted = (width, self._tab, columns.fitting(columns.TABLES[self._tab], width - 1))
        return self._fitted[2]

    def _head(self, width: int) -> list[Piece]:
        out = [Piece(" ")]
        for column, cells in self._columns(width):
            sorted_ = column.id == self._now.sort
            title = column.title + (("↑" if self._now.reverse else "↓") if sorted_ else "")
            out.append(Piece(fit(title, cells, right=column.right) + " ", "strong" if sorted_ else "dim"))
        return out

    def _paint(self, identifier: str, width: int) -> list[Piece]:
        thing = self._thing(identifier)
        if thing is None:
            return []
        out = [Piece(" ")]
        for column, cells in self._columns(width):
            piece = column.cell(self.state, thing)
            out.append(Piece(fit(piece.text, cells, right=column.right) + " ", piece.tone))
        return out

    def _draw_note(self) -> None:
        kept = self._now
        shown = f"{len(kept.listing.ids)} shown" if kept.filter_text else ""
        self.query_one("#tabs", Toned).say(bars.tabs(self.state, self._tab, shown, self.size.width))
        self._draw_preview()

    def _draw_preview(self) -> None:
        """More about the sandbox under the cursor where there is room for it, one line elsewhere."""
        note, pane = self.query_one("#note", Toned), self.query_one("#preview-pane", Toned)
        thing = self._thing(self.query_one(Lines).cursor)
        roomy = self.size.height >= _ROOMY and isinstance(thing, things.Sandbox) and not self._now.trouble
        note.display, pane.display = not roomy, roomy
        if roomy:
            title = [Piece(safe_text(f" {thing.tenant}/{thing.name}", 80), "strong"), Piece(f"  {thing.id}", "dim")]
            pane.say(title, *facts.lines(self.state, thing, self.size.width))
        else:
            note.say(self._note())

    def _note(self) -> list[Piece]:
        if self._now.trouble:
            return [Piece(f" ✗ {safe_text(self._now.trouble)}", "bad")]
        return notes.note(self.state, self._thing(self.query_one(Lines).cursor))

    # ---- what a person does
    def do(self, identifier: str) -> bool:
        """Tabs, filter and order are this screen's own."""
        match identifier:
            case "open":
                sandbox = self.context().sandbox
                if sandbox is not None and not self.dashboard.just_closed_a_dialog:
                    self.dashboard.open_sandbox(sandbox.id)
            case "filter":
                self._open_filter()
            case "next_tab":
                names = [tab for tab, _ in bars.TABS]
                self._choose(names[(names.index(self._tab) + 1) % len(names)])
            case "tab_1" | "tab_2" | "tab_3" | "tab_4" | "tab_5":
                self._choose(bars.TABS[int(identifier[-1]) - 1][0])
            case "sort":
                self._sort_by_next()
            case "reverse":
                self._now.reverse = not self._now.reverse
                self._rearranged()
            case "gone":
                self._gone = not self._gone
                self._rearranged()
                self.dashboard.tell(f"Deleted sandboxes are {'shown' if self._gone else 'hidden'}.")
            case _:
                return False
        return True

    def _choose(self, tab: Tab) -> None:
        table = self.query_one(Lines)
        self._now.cursor, self._tab = table.cursor, tab
        table.newest_first = tab == "events"
        field_ = self.query_one("#filter", Input)
        with field_.prevent(Input.Changed):
            field_.value = self._now.filter_text
        field_.display = bool(self._now.filter_text)
        self.draw_bars()
        self._draw_table()
        if self._now.cursor:
            table.put_cursor(self._now.cursor)
        table.refresh()

    def _sort_by_next(self) -> None:
        names = [column.id for column in columns.TABLES[self._tab] if column.sort is not None]
        self._now.sort = names[(names.index(self._now.sort) + 1) % len(names)]
        self._now.reverse = False
        self._rearranged()

    def _rearranged(self) -> None:
        self._arrange(self._tab)
        self._draw_table()
        self.query_one(Lines).refresh()

    def on_lines_head_clicked(self, event: Lines.HeadClicked) -> None:
        """A click on a title sorts by it, a second one the other way round."""
        at = 1
        for column, cells in self._columns(self.size.width):
            if at <= event.at <= at + cells and column.sort is not None:
                self._now.reverse = not self._now.reverse if self._now.sort == column.id else False
                self._now.sort = column.id
                self._rearranged()
                return
            at += cells + columns.GAP

    def on_lines_moved(self, _: Lines.Moved) -> None:
        """Another row: other keys make sense, another note."""
        self._draw_note()
        self.draw_keys()

    def on_lines_opened(self) -> None:
        """A second click opens."""
        self.action_act("open")

    # ---- the filter
    def _open_filter(self) -> None:
        field_ = self.query_one("#filter", Input)
        field_.display = True
        field_.value = self._now.filter_text
        field_.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while typing; a filter that cannot be read leaves the last good one on."""
        kept = self._now
        try:
            kept.matching = filters.parse(event.value, columns.FIELDS[self._tab])
        except filters.FilterError as error:
            kept.trouble = f"{error.detail.partition(chr(10))[0]} {error.hint}"
        else:
            kept.filter_text, kept.trouble = event.value.strip(), ""
            self._arrange(self._tab)
        self._draw_table()

    def on_input_submitted(self) -> None:
        """Keep the filter."""
        self._close_filter()

    def action_clear_filter(self) -> None:
        """Show everything again."""
        self.query_one("#filter", Input).value = ""
        self._now.filter_text, self._now.trouble, self._now.matching = "", "", filters.Filter()
        self._close_filter()
        self._rearranged()

    def _close_filter(self) -> None:
        """Back to the table; a filter that is on stays in sight."""
        self.query_one("#filter").display = bool(self._now.filter_text)
        self._now.trouble = ""
        self.query_one(Lines).focus()
        self._draw_note()
