"""One sandbox: why it waits, its steps live, its resources with the ids of AWS, what happened to it, and the ways into it."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Vertical

from sandboxd.client import ops
from sandboxd.wire import things
from sandboxd.wire.text import safe_text
from tui import access, facts, owned, words
from tui.actions import Context
from tui.screens.place import Changes, PlaceScreen, bindings
from tui.state import OVER
from tui.steps import Steps
from tui.widgets.keybar import KeyBar
from tui.widgets.lines import Lines
from tui.widgets.text import Toned
from tui.words import Piece

PARTS: Final = ("steps", "resources", "events", "access")
_LOW: Final = 18
"""lines below which only the first and the last fact are shown"""


class Detail(PlaceScreen):
    """A sandbox by id; it is shown as long as it is known, deleted or not."""

    place = "detail"
    BINDINGS: ClassVar = bindings("detail")

    def __init__(self, sandbox_id: str) -> None:
        super().__init__()
        self.sandbox_id = sandbox_id
        self._part = "steps"
        self._following = True
        self._steps = Steps()
        self._ways: list[access.Way] = []
        self._owned = owned.Listed()

    def compose(self) -> ComposeResult:
        """Facts, one of four lists, and a note."""
        yield Toned(id="top")
        yield Toned(id="banner")
        yield Toned(id="facts")
        yield Toned(id="parts")
        yield Lines(self._paint_step, id="steps")
        yield Lines(self._paint_resource, head=self._head_resources, id="resources")
        yield Lines(self._paint_event, id="events")
        yield Lines(self._paint_way, id="access")
        with Vertical(id="under"):
            yield Toned(id="note")
            yield Toned(id="tail")
        yield KeyBar()

    def on_unmount(self) -> None:
        """Whoever comes back is not told what it waited for when he left."""
        self.state.whys.pop(self.sandbox_id, None)

    def on_mount(self) -> None:
        """Ask for what the stream does not carry."""
        self.query_one("#events", Lines).newest_first = True
        self._show_part("steps")
        self.ask()
        super().on_mount()

    # ---- what it is about
    @property
    def sandbox(self) -> things.Sandbox | None:
        """The sandbox as the stream last told it."""
        return self.state.view.sandboxes.get(self.sandbox_id)

    @property
    def operation(self) -> things.Operation | None:
        """The operation that runs for it, or the last one."""
        return self.state.operation_of(self.sandbox) if self.sandbox is not None else None

    def context(self) -> Context:
        """This sandbox."""
        return Context(self.state, self.sandbox, self.operation)

    def crumb(self) -> str:
        """`tenant/name`."""
        one = self.sandbox
        return safe_text(f"{one.tenant}/{one.name}", 70) if one is not None else "gone"

    def ask(self) -> None:
        """Ask for resources, steps and reasons; what was asked a moment ago is asked again later."""
        self.dashboard.want(f"sandbox {self.sandbox_id}", ops.thing("sandboxes", self.sandbox_id))
        self.dashboard.want(f"why {self.sandbox_id}", ops.why(self.sandbox_id))
        if self.sandbox is not None and self.sandbox.operation_id:
            identifier = self.sandbox.operation_id
            self.dashboard.want(f"operation {identifier}", ops.thing("operations", identifier))

    @property
    def resources(self) -> list[things.Resource]:
        """Its own resources, as last asked for."""
        full = self.state.full.get(self.sandbox_id)
        return list(full.resources) if full is not None else []

    @property
    def _busy(self) -> bool:
        return self.operation is not None and self.operation.state not in OVER

    # ---- drawing
    def redraw(self, changes: Changes | None) -> None:
        """Draw again; what concerns this sandbox makes us ask again."""
        if self.state.live and (changes is None or self.sandbox_id in changes.get("sandboxes", {})):
            self.ask()
        self.draw_bars()
        self._steps.take(self.operation.steps if self.operation is not None else ())
        self._ways = access.ways(self.state.full_sandbox(self.sandbox_id))
        self._owned.take(self.resources)
        width = self.size.width
        sandbox = self.sandbox
        if sandbox is not None:
            lines = facts.lines(self.state, sandbox, width, self.state.whys.get(self.sandbox_id))
            low = self.size.height < _LOW
            self.query_one("#facts", Toned).say(*([lines[0], lines[-1]] if low else lines))
        self._draw_parts()
        self._draw_lists()
        self._draw_note()

    def _draw_lists(self) -> None:
        shown = {
            "steps": self._steps.rows,
            "resources": self._owned.rows,
            "events": [event.id for event in reversed(self.state.events_of(self.sandbox_id))],
            "access": [way.id for way in self._ways] or [""],
        }
        for name, rows in shown.items():
            lines = self.query_one(f"#{name}", Lines)
            lines.show(rows)
            lines.fade(not self.state.live)
        if self._following and self._busy:
            self.query_one("#steps", Lines).put_cursor(self._steps.latest())

    def _draw_parts(self) -> None:
        done, total = self._steps.progress
        counts = (
            f"{done}/{total}" if total else "–",
            str(len(self.resources)),
            str(len(self.state.events_of(self.sandbox_id))),
            str(len(self._ways)) if self._ways else "–",
        )
        pieces = [Piece(" ")]
        for number, (part, count) in enumerate(zip(PARTS, counts, strict=True), 1):
            pieces.append(Piece(f" {number} {part.title()} {count} ", "accent" if part == self._part else "dim"))
        pieces.append(Piece(f"  {self._hint()}", "dim"))
        self.query_one("#parts", Toned).say(words.join(pieces, self.size.width))

    def _hint(self) -> str:
        """What can be done with this part, in a word."""
        if self._part != "steps" or not self._steps.rows:
            return ""
        following = ("following, " if self._following else "f follows, ") if self._busy else ""
        return f"{following}v {'graph' if self._steps.view == 'stages' else 'stages'}"

    def _draw_note(self) -> None:
        note, tail = self.query_one("#note", Toned), self.query_one("#tail", Toned)
        told = self._note()
        note.display = bool(told)
        note.say(*told)
        events = self.state.events_of(self.sandbox_id)[-5:] if self._part == "steps" and self.size.height >= 32 else []  # noqa: PLR2004 - lines
        tail.display = bool(events)
        tail.say([Piece(" Lately", "dim")], *(self._event_line(event, self.size.width) for event in reversed(events)))

    def _note(self) -> list[list[Piece]]:
        """Two lines about what the cursor is on."""
        if self._part == "steps":
            row = self.query_one("#steps", Lines).cursor
            return self._steps.about(row, self.resources, self.state.clock.now)
        if self._part == "access":
            way = access.find(self._ways, self.query_one("#access", Lines).cursor)
            return access.about(way) if way is not None else []
        if self._part == "resources":
            return self._owned.about(self.query_one("#resources", Lines).cursor)
        return []

    def _paint_step(self, identifier: str, width: int) -> list[Piece]:
        operation = self.operation
        if operation is None:
            return []
        return self._steps.paint(identifier, width, operation=operation, own=self.sandbox_id, now=self.state.clock.now)

    def _head_resources(self, width: int) -> list[Piece]:
        return words.join(owned.head(), width)

    def _paint_resource(self, identifier: str, _width: int) -> list[Piece]:
        return self._owned.paint(identifier)

    def _paint_way(self, identifier: str, _width: int) -> list[Piece]:
        way = access.find(self._ways, identifier)
        return access.line(way) if way is not None else access.nothing(self.sandbox)

    def _paint_event(self, identifier: str, width: int) -> list[Piece]:
        event = next((one for one in self.state.events if one.id == identifier), None)
        return self._event_line(event, width) if event is not None else []

    def _event_line(self, event: things.Event, width: int) -> list[Piece]:
        bad = event.type.rpartition(".")[2] in ("failed", "lost")
        return words.join([
            Piece(f" {words.clock_time(event.at)}  ", "dim"), Piece(safe_text(event.message, 400), "bad" if bad else ""),
            Piece(f"  by {safe_text(event.by, 40)}" if event.by else "", "dim"),
        ], width)  # fmt: skip

    # ---- what a person does
    def do(self, identifier: str) -> bool:
        """Parts, views, following and ways in are this screen's own."""
        match identifier:
            case "back":
                self.dashboard.close_place()
            case "part_1" | "part_2" | "part_3" | "part_4":
                self._show_part(PARTS[int(identifier[-1]) - 1])
            case "next_tab":
                self._show_part(PARTS[(PARTS.index(self._part) + 1) % len(PARTS)])
            case "follow":
                self._following = not self._following
                self.redraw(None)
            case "view":
                self._other_view()
            case "use":
                self._use()
            case "secret":
                self._secret()
            case "desktop":
                self._reveal(access.find(self._ways, access.DESKTOP))
            case "copy":
                return self._copy()
            case _:
                return False
        return True

    def _show_part(self, part: str) -> None:
        self._part = part
        for name in PARTS:
            self.query_one(f"#{name}").display = name == part
        self.query_one(f"#{part}", Lines).focus()
        self._draw_parts()
        self._draw_note()

    def _other_view(self) -> None:
        self._show_part("steps")
        lines = self.query_one("#steps", Lines)
        row = self._steps.other_view(lines.cursor)
        lines.show(self._steps.rows)
        lines.put_cursor(row)
        lines.refresh()
        self._draw_parts()

    def _use(self) -> None:
        """Open or close the group under the cursor; show what is behind the way in under it."""
        if self.dashboard.just_closed_a_dialog:
            return
        lines = self.query_one(f"#{self._part}", Lines)
        if self._part == "steps" and self._steps.toggle(lines.cursor):
            self._following = False
            self.redraw(None)
        elif self._part == "access" and (way := access.find(self._ways, lines.cursor)) is not None:
            self.action_act(way.what) if way.what != "endpoint" else self._copy()

    def _secret(self) -> None:
        """Ask about the secret under the cursor; go there first when the cursor is elsewhere and there are several."""
        lines = self.query_one("#access", Lines)
        secrets = [way for way in self._ways if way.what == "secret"]
        here = access.find(secrets, lines.cursor) if self._part == "access" else None
        if here is None and len(secrets) > 1:
            self._show_part("access")
            lines.put_cursor(secrets[0].id)
            self.dashboard.tell("Choose a secret, then ⏎.")
        else:
            self._reveal(here or secrets[0])

    def _reveal(self, way: access.Way | None) -> None:
        asking = access.asking(way, self.sandbox) if way is not None and self.sandbox is not None else None
        if asking is not None:
            self.dashboard.reveal(asking)

    def _copy(self) -> bool:
        """Copy the address under the cursor; elsewhere it is the sandbox's id that is copied."""
        way = access.find(self._ways, self.query_one("#access", Lines).cursor) if self._part == "access" else None
        if way is None or way.what != "endpoint":
            return False
        self.dashboard.copy(way.text)
        return True

    def on_lines_moved(self, event: Lines.Moved) -> None:
        """A person who moves the cursor does not want it moved away."""
        if event.by_hand:
            self._following = False
            self._draw_parts()
        self._draw_note()

    def on_lines_opened(self) -> None:
        """A second click opens."""
        self.action_act("use")
