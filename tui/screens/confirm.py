"""The dialog before a write: what would happen, and one way to say yes. Deleting asks for the name."""

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from sandboxd.client import ops
from sandboxd.client.errors import ClientError, DaemonDown
from sandboxd.wire.text import safe_text
from tui import intention, planned
from tui.feed import Backend
from tui.intention import Accepted, Intention
from tui.questions import Question
from tui.widgets.text import Toned
from tui.words import Piece


class Confirm(ModalScreen[str | None]):
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
        self.query_one("#title", Toned).say([Piece(asked.title, "strong")])
        self.query_one("#explain", Toned).say([Piece(asked.explain)])
        hint = "⏎ when the name is right, esc leaves it" if asked.typed else "y yes, esc no"
        self.query_one("#keys-hint", Toned).say([Piece(hint, "dim")])
        if asked.typed:
            prompt = [Piece("Type its name to confirm: ", "dim"), Piece(safe_text(asked.typed), "strong")]
            self.query_one("#ask-name", Toned).say(prompt)
            self.query_one("#yes").disabled = True
            self.query_one("#typed").focus()
        else:
            self.query_one("#no" if asked.danger else "#yes").focus()
        if asked.plan is not None:
            self.query_one("#plan", Toned).say([Piece("asking what would happen …", "dim")])
            self.run_worker(self._ask_plan(), group="plan")

    async def _ask_plan(self) -> None:
        assert self._question.plan is not None
        try:
            plan = await self._backend.call(ops.plan(self._question.plan))
        except (ClientError, DaemonDown, TimeoutError) as error:
            lines = [[Piece(f"no plan: {safe_text(str(error), 200)}", "dim")]]
        else:
            lines = planned.lines(plan)
        self.query_one("#plan", Toned).say(*lines)

    # ---- yes or no
    @property
    def _may(self) -> bool:
        typed = self._question.typed
        return not self._intention.busy and (not typed or self.query_one("#typed", Input).value == typed)

    def _show_may(self) -> None:
        self.query_one("#yes", Button).disabled = not self._may

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
        outcome_line = self.query_one("#outcome", Toned)
        outcome_line.say([Piece("sending …", "dim")])
        self.query_one("#yes", Button).disabled = True
        outcome = await sending
        if isinstance(outcome, Accepted):
            self.dismiss(self._question.done)
        elif outcome is not None:
            outcome_line.say(*intention.said(outcome))
            self._show_may()
