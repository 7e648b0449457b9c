"""The dialog before a write: what would happen, and one way to say yes. Deleting asks for the name."""

from typing import ClassVar, Final, Literal

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input

from sandboxd.client import ops
from sandboxd.client.errors import ClientError, DaemonDown
from sandboxd.wire.text import safe_text
from tui import intention, planned
from tui.feed import Backend
from tui.intention import Accepted, Intention
from tui.questions import Question
from tui.screens.dialog import Dialog
from tui.widgets.text import Toned
from tui.words import Piece

_WIDTH: Final = 76
_FRAME: Final = 6
"""the box, and what of it is its frame; as the stylesheet has it"""


class Confirm(Dialog[str | None]):
    """Ask, send once, and stay open with the reason when it is refused; dismissed with what to tell, or None."""

    BINDINGS: ClassVar = [
        ("escape", "leave", "Close"),
        ("y", "yes", "Yes"),
        ("left", "app.focus_previous", ""),
        ("right", "app.focus_next", ""),
    ]

    def __init__(self, question: Question, *, backend: Backend) -> None:
        super().__init__()
        self._question, self._backend = question, backend
        self._intention = Intention()

    def compose(self) -> ComposeResult:
        """One box."""
        with Vertical(id="box", classes="danger" if self._question.danger else ""):
            yield Toned(id="title")
            yield Toned(id="explain")
            yield Toned(id="plan")
            if self._question.typed:
                yield Toned(id="ask-name")
                yield Input(id="typed", compact=True)
            yield Toned(id="outcome")
            with Horizontal(id="buttons"):
                yield Toned(id="keys-hint")
                yield Button("No, leave it" if self._question.danger else "No", id="no", compact=True)
                variant: Literal["error", "primary"] = "error" if self._question.danger else "primary"
                yield Button(self._question.verb, id="yes", variant=variant, compact=True)

    def on_mount(self) -> None:
        """The focus is where a hasty Enter does no harm."""
        asked = self._question
        self.put("title", [Piece(asked.title, "strong")])
        self.put("explain", [Piece(asked.explain)])
        hint = "⏎ when the name is right, esc leaves it" if asked.typed else "y yes, esc no"
        self.put("keys-hint", [Piece(hint, "dim")])
        if asked.typed:
            prompt = [Piece("Type its name to confirm: ", "dim"), Piece(safe_text(asked.typed), "strong")]
            self.put("ask-name", prompt)
            self.disable("yes", disabled=True)
            self.begin_at("typed")
        else:
            self.begin_at("no" if asked.danger else "yes")
        if asked.plan is not None:
            self.put("plan", [Piece("asking what would happen …", "dim")])
            self.run_worker(self._ask_plan(), group="plan")

    async def _ask_plan(self) -> None:
        assert self._question.plan is not None
        try:
            plan = await self._backend.call(ops.plan(self._question.plan))
        except (ClientError, DaemonDown, TimeoutError) as error:
            lines = [[Piece(f"no plan: {safe_text(str(error), 200)}", "dim")]]
        else:
            lines = planned.lines(plan, min(_WIDTH, self.size.width) - _FRAME)
        self.put("plan", *lines)

    # ---- yes or no
    @property
    def _may(self) -> bool:
        typed = self._question.typed
        right = all(field.value == typed for field in self.query("#typed").results(Input))
        return not self._intention.busy and right

    def _show_may(self) -> None:
        self.disable("yes", disabled=not self._may)

    def on_input_changed(self) -> None:
        """The button wakes when the name is right."""
        self._show_may()

    def on_input_submitted(self) -> None:
        """Enter after the name is yes."""
        self.action_yes()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """One of the two."""
        if event.button.id == "yes":
            self.action_yes()
        else:
            self.action_leave()

    def action_yes(self) -> None:
        """Send it, once."""
        if self._may:
            self.run_worker(self._send(), group="send")

    def action_leave(self) -> None:
        """Close; while it is on its way, it is too late for that."""
        if not self._intention.busy:
            self.dismiss(None)

    async def _send(self) -> None:
        sending = self._intention.send(self._backend, self._question.op)
        self.put("outcome", [Piece("sending …", "dim")])
        self.disable("yes", disabled=True)
        outcome = await sending
        if isinstance(outcome, Accepted):
            self.dismiss(self._question.done)
        elif outcome is not None:
            self.put("outcome", *intention.said(outcome))
            self._show_may()
