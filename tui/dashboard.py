"""The application: it puts state, feed, screens and actions together. Decides nothing about sandboxes.

Everything it needs comes in by name: the state, a client of the daemon, and how to sleep.
"""

import asyncio
import signal
from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar, Final

from textual.app import App, SystemCommand
from textual.screen import Screen

from sandboxd.client import ops
from sandboxd.wire.text import safe_text
from tui import actions, theme, words
from tui.access import Asking
from tui.actions import Context
from tui.feed import Asker, Backend, Feed, Sleep
from tui.questions import question
from tui.screens.confirm import Confirm
from tui.screens.create import Create
from tui.screens.detail import Detail
from tui.screens.fleet import Fleet
from tui.screens.help import Help
from tui.screens.place import PlaceScreen
from tui.screens.reveal import Reveal
from tui.state import State
from tui.widgets.keybar import KeyBar
from tui.widgets.text import Toned

_FRAME: Final = 0.1
"""real seconds between two drawings at most"""
_TICK_BUSY: Final = 1.0
_TICK_IDLE: Final = 20.0
_WORTH_TELLING: Final = 2.0
"""real seconds of absence that a person may have seen"""
_STRAY: Final = 0.4
_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


class Dashboard(App[int]):
    """sandboxd in a terminal."""

    TITLE = "sandboxd"
    CSS_PATH = "sandboxd.tcss"
    ENABLE_COMMAND_PALETTE = True
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar = [("ctrl+c", "act_quit", "")]

    def __init__(self, *, state: State, backend: Backend, sleep: Sleep = asyncio.sleep) -> None:
        super().__init__()
        self.state, self._backend = state, backend
        self._feed = Feed(backend=backend, state=state, changed=self._changed, sleep=sleep)
        self._asker = Asker(backend=backend, state=state, changed=self._changed, sleep=sleep)
        self._drawing = False
        self.signalled: int | None = None
        self._dialog_closed = 0.0

    def on_mount(self) -> None:
        """Show the fleet, and begin to listen."""
        self.register_theme(theme.DARK)
        self.register_theme(theme.LIGHT)
        self.theme = theme.DARK.name
        self.theme_changed_signal.subscribe(self, lambda _: self._restyle())
        self.push_screen(Fleet())
        self.run_worker(self._feed.run(), name="feed", group="feed", exit_on_error=True)
        self._tick()
        if not self.is_headless:
            for number in _SIGNALS:
                asyncio.get_running_loop().add_signal_handler(number, partial(self._leave_by, number))

    async def on_unmount(self) -> None:
        """No question outlives the dashboard."""
        await self._asker.close()

    def _leave_by(self, number: int) -> None:
        """Go the normal way out, so that the terminal is as it was."""
        self.signalled = number
        self.exit(128 + number)

    # ---- drawing
    def _changed(self) -> None:
        """Something is new: draw soon, once for all that comes meanwhile."""
        if not self._drawing:
            self._drawing = True
            self.set_timer(_FRAME, self._draw)

    def _draw(self) -> None:
        self._drawing = False
        self._ask_for_steps()
        away, self.state.away = self.state.away, None
        if away is not None and away >= _WORTH_TELLING:
            self.tell(f"The daemon is back after {words.duration(float(int(away)))}.")
        changes = self.state.take_changes()
        for screen in self.screen_stack:
            if isinstance(screen, PlaceScreen):
                screen.draw(changes)

    def _tick(self) -> None:
        """Ages go on: every second while something runs or the daemon is away, rarely otherwise."""
        busy = bool(self.state.running or self.state.view.degraded) or not self.state.live
        idle = min(_TICK_IDLE, max(_TICK_BUSY, _TICK_IDLE / self.state.clock.pace))
        self.set_timer(_TICK_BUSY if busy else idle, self._ticked)

    def _ticked(self) -> None:
        if self.state.live and (self.state.view.degraded or not self.state.running):
            self.want("health", ops.health())  # the stream does not tell when it gets better, or worse
        self._changed()
        self._tick()

    def _ask_for_steps(self) -> None:
        """How far running operations are is known only with all their steps."""
        for identifier in self.state.running:
            operation = self.state.view.operations.get(identifier)
            if operation is not None and self.state.live and not any(s.state == "pending" for s in operation.steps):
                self.want(f"operation {identifier}", ops.thing("operations", identifier))

    def _restyle(self) -> None:
        for screen in self.screen_stack:
            for toned in screen.query(Toned):
                toned.restyle()
            for bar in screen.query(KeyBar):
                bar.restyle()
            screen.refresh(layout=True)

    # ---- for screens
    def want(self, name: str, op: ops.Op[Any]) -> None:
        """Ask the daemon; the answer goes into the state."""
        self._asker.want(name, op)

    def tell(self, text: str) -> None:
        """A word to the person, for a moment."""
        self.notify(text, timeout=4, markup=False)

    def open_sandbox(self, sandbox_id: str) -> None:
        """Go to a sandbox."""
        self.push_screen(Detail(sandbox_id))

    def close_place(self) -> None:
        """Go back."""
        if isinstance(self.screen, Detail):
            self.pop_screen()

    def perform(self, identifier: str, context: Context) -> None:
        """Do an action that is possible anywhere."""
        match identifier:
            case "quit":
                self.exit(0)
            case "theme":
                self.theme = theme.LIGHT.name if self.theme == theme.DARK.name else theme.DARK.name
            case "help":
                self.push_screen(Help())
            case "new":
                tenant = context.sandbox.tenant if context.sandbox is not None else ""
                self.push_screen(Create(state=self.state, backend=self._backend, tenant=tenant), self._created)
            case "copy":
                self._copy(context)
            case _:
                asked = question(identifier, context)
                if asked is not None:
                    self.push_screen(Confirm(asked, backend=self._backend), self._answered)

    def _copy(self, context: Context) -> None:
        thing = context.sandbox or context.operation
        if thing is not None:
            self.copy(thing.id)

    def copy(self, text: str) -> None:
        """Put a text that may be seen into the clipboard, and say so."""
        self.copy_to_clipboard(text)
        self.tell(f"Copied {safe_text(text, 60)}.")

    def reveal(self, asking: Asking) -> None:
        """Ask, and show something once."""
        self.push_screen(Reveal(asking, backend=self._backend), self._revealed)

    def _revealed(self, _: None) -> None:
        self._dialog_closed = asyncio.get_running_loop().time()

    @property
    def just_closed_a_dialog(self) -> bool:
        """Whether an Enter now was meant for the dialog that is gone."""
        return asyncio.get_running_loop().time() - self._dialog_closed < _STRAY

    def _created(self, sandbox_id: str | None) -> None:
        self._dialog_closed = asyncio.get_running_loop().time()
        if sandbox_id is not None:
            if isinstance(self.screen, Detail):
                self.pop_screen()
            self.open_sandbox(sandbox_id)

    def _answered(self, done: str | None) -> None:
        self._dialog_closed = asyncio.get_running_loop().time()
        if done is not None:
            self.tell(done)

    def action_act_quit(self) -> None:
        """Leave; what runs goes on in the daemon."""
        self.exit(0)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: what can be done here, from the registry."""
        if isinstance(screen, PlaceScreen):
            for action in actions.at(screen.place):
                if action.why_not(screen.context()) is None:
                    yield SystemCommand(action.label.rstrip("…"), action.help, partial(screen.action_act, action.id))
