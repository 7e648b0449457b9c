"""One sandbox: why it waits, its steps as a live graph, its resources with the ids of AWS, and what happened to it."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Vertical

from sandboxd.client import ops
from sandboxd.wire import things
from sandboxd.wire.text import safe_text
from tui import facts, gantt, graph, words
from tui.actions import Context
from tui.graph import Node
from tui.screens.place import Changes, PlaceScreen, bindings
from tui.state import OVER
from tui.widgets.keybar import KeyBar
from tui.widgets.lines import Lines
from tui.widgets.text import Toned
from tui.words import Piece, fit

PARTS: Final = ("steps", "resources", "events")
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
        self._steps: tuple[things.Step, ...] = ()
        self._laid_out: dict[str, Node] = {}
        self._ids: list[str] = []

    def compose(self) -> ComposeResult:
        """Facts, one of three lists, and a note."""
        yield Toned(id="top")
        yield Toned(id="banner")
        yield Toned(id="facts")
        yield Toned(id="parts")
        yield Lines(self._paint_step, id="steps")
        yield Lines(self._paint_resource, head=self._head_resources, id="resources")
        yield Lines(self._paint_event, id="events")
        with Vertical(id="under"):
            yield Toned(id="note")
            yield Toned(id="tail")
        yield KeyBar()

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
        self._lay_out()
        width = self.size.width
        sandbox = self.sandbox
        if sandbox is not None:
            lines = facts.lines(self.state, sandbox, width)
            low = self.size.height < _LOW
            self.query_one("#facts", Toned).say(*([lines[0], lines[-1]] if low else lines))
        self._draw_parts()
        self._draw_lists()
        self._draw_note()

    def _lay_out(self) -> None:
        steps = tuple(self.operation.steps) if self.operation is not None else ()
        if steps == self._steps:
            return
        self._steps = steps
        nodes = graph.layout(steps)
        self._laid_out = {node.step.id: node for node in nodes}
        ids = [node.step.id for node in nodes]
        self._ids = self._ids if ids == self._ids else ids

    def _draw_lists(self) -> None:
        self.query_one("#steps", Lines).show(self._ids)
        self.query_one("#resources", Lines).show([str(n) for n in range(len(self.resources))])
        self.query_one("#events", Lines).show([event.id for event in reversed(self.state.events_of(self.sandbox_id))])
        for lines in self.query(Lines):
            lines.fade(not self.state.live)
        if self._following and self._busy:
            self._follow()

    def _follow(self) -> None:
        """The cursor on what began last of what is being done."""
        active = [step for step in self._steps if step.state in graph.ACTIVE and step.started_at]
        if active:
            latest = max(active, key=lambda step: step.started_at or "")
            self.query_one("#steps", Lines).put_cursor(latest.id)

    def _draw_parts(self) -> None:
        done, total = graph.progress(self._steps)
        counts = (
            f"{done}/{total}" if total else "–",
            str(len(self.resources)),
            str(len(self.state.events_of(self.sandbox_id))),
        )
        pieces = [Piece(" ")]
        for number, (part, count) in enumerate(zip(PARTS, counts, strict=True), 1):
            pieces.append(Piece(f" {number} {part.title()} {count} ", "accent" if part == self._part else "dim"))
        if self._part == "steps" and self._busy:
            pieces.append(Piece(f"  {'following' if self._following else 'f follows what is being done'}", "dim"))
        self.query_one("#parts", Toned).say(words.join(pieces, self.size.width))

    def _draw_note(self) -> None:
        note, tail = self.query_one("#note", Toned), self.query_one("#tail", Toned)
        node = self._laid_out.get(self.query_one("#steps", Lines).cursor or "")
        note.display = self._part == "steps" and node is not None
        if node is not None:
            by_id = {step.id: step for step in self._steps}
            note.say(*gantt.about(node, by_id, self.resources, self.state.clock.now))
        events = self.state.events_of(self.sandbox_id)[-5:] if self._part == "steps" and self.size.height >= 32 else []  # noqa: PLR2004 - lines
        tail.display = bool(events)
        tail.say([Piece(" Lately", "dim")], *(self._event_line(event, self.size.width) for event in reversed(events)))

    def _paint_step(self, identifier: str, width: int) -> list[Piece]:
        node, operation = self._laid_out.get(identifier), self.operation
        if node is None or operation is None:
            return []
        axis = gantt.axis_of(operation, self.state.clock.now)
        return gantt.line(node, axis, width, own=self.sandbox_id, verb=operation.kind)

    def _head_resources(self, width: int) -> list[Piece]:
        return words.join([Piece(f" {'NAME':<18} {'KIND':<24} {'STATE':<10} ID IN AWS", "dim")], width)

    def _paint_resource(self, identifier: str, _width: int) -> list[Piece]:
        one = self.resources[int(identifier)]
        return [
            Piece(f" {fit(safe_text(one.name), 18)} ", "strong"), Piece(f"{fit(safe_text(one.kind), 24)} ", "dim"),
            Piece(f"{fit(safe_text(one.state), 10)} "), Piece(safe_text(one.id, 80), "accent"),
        ]  # fmt: skip

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
        """Parts and following are this screen's own."""
        match identifier:
            case "back":
                self.dashboard.close_place()
            case "part_1" | "part_2" | "part_3":
                self._show_part(PARTS[int(identifier[-1]) - 1])
            case "next_tab":
                self._show_part(PARTS[(PARTS.index(self._part) + 1) % len(PARTS)])
            case "follow":
                self._following = not self._following
                self.redraw(None)
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

    def on_lines_moved(self, event: Lines.Moved) -> None:
        """A person who moves the cursor does not want it moved away."""
        if event.by_hand:
            self._following = False
            self._draw_parts()
        self._draw_note()
