"""The dialog that shows something once: a secret, or a way into a desktop. It asks first, and forgets when it closes."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from sandboxd.client.errors import ClientError, DaemonDown
from sandboxd.wire import things
from sandboxd.wire.text import safe_text
from tui import intention, words
from tui.access import Asking
from tui.feed import Backend
from tui.intention import Refused
from tui.screens.dialog import Dialog
from tui.widgets.text import Toned
from tui.words import Piece

_LONGEST: Final = 60.0
"""real seconds that it stays on the screen"""


class Reveal(Dialog[None]):
    """Ask, show, forget; what was shown is held here alone, and goes with this dialog."""

    BINDINGS: ClassVar = [
        ("escape", "leave", "Close"),
        ("y", "yes", "Yes"),
        ("left", "app.focus_previous", ""),
        ("right", "app.focus_next", ""),
    ]

    def __init__(self, asking: Asking, *, backend: Backend) -> None:
        super().__init__()
        self._asking, self._backend = asking, backend
        self._busy = False
        self._shown = ""

    def compose(self) -> ComposeResult:
        """One box."""
        with Vertical(id="box"):
            yield Toned(id="title")
            yield Toned(id="explain")
            yield Toned(id="outcome")
            with Horizontal(id="buttons"):
                yield Toned(id="keys-hint")
                yield Button("No", id="no", compact=True)
                yield Button(self._asking.verb, id="yes", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Nothing is asked yet."""
        self.put("title", [Piece(self._asking.title, "strong")])
        self.put("explain", [Piece(self._asking.explain)])
        self.put("keys-hint", [Piece("y yes, esc no", "dim")])
        self.begin_at("yes")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """One of the two."""
        if event.button.id == "yes":
            self.action_yes()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Close, and forget."""
        self._shown = ""
        self.dismiss(None)

    def action_yes(self) -> None:
        """Ask the daemon, once; when it is shown, copy it."""
        if self._shown:
            self.app.copy_to_clipboard(self._shown)
            self.put("keys-hint", [Piece("copied; esc closes it", "dim")])
        elif not self._busy:
            self._busy = True
            self.run_worker(self._ask(), group="ask")

    async def _ask(self) -> None:
        self.put("outcome", [Piece("asking …", "dim")])
        try:
            answer = await self._backend.call(self._asking.op)
        except ClientError as error:
            problem = error.problem
            self.put("outcome", *intention.said(Refused(problem.code, problem.detail, problem.hint or "")))
        except (DaemonDown, TimeoutError) as error:
            self.put("outcome", [Piece(f"no answer: {safe_text(str(error), 200)}", "warn")])
        else:
            self._show(answer)
        finally:
            self._busy = False

    def _show(self, answer: things.Credential | things.Desktop) -> None:
        secret = isinstance(answer, things.Credential)
        self._shown = answer.value if isinstance(answer, things.Credential) else answer.url
        until = (
            ""
            if isinstance(answer, things.Credential)
            else f"It lets in until {words.clock_time(answer.expires_at)} UTC."
        )
        self.put("explain", [Piece("It is not shown again when this is closed." if secret else until, "dim")])
        self.put("outcome", [Piece(safe_text(self._shown, 4000), "accent")])
        self.put("keys-hint", [Piece("y copies it, esc closes it", "dim")])
        for button, label in (("#yes", "Copy"), ("#no", "Close")):
            for one in self.query(button).results(Button):
                one.label = label
        self.set_timer(_LONGEST, self.action_leave)
