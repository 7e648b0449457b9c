"""The one registry of what a person can do: it feeds keys, footer, help and command palette. Pure; no Textual.

An action that is not possible now says why; it is shown dimmed, never hidden, so that keys stay where they are.
"""

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from sandboxd.wire import things
from tui.state import OVER, State

Place: TypeAlias = Literal["fleet", "detail"]


class Context(Struct, frozen=True):
    """What an action would act on."""

    state: State
    sandbox: things.Sandbox | None = None
    operation: things.Operation | None = None


Obstacle: TypeAlias = Callable[[Context], str | None]


class Action(Struct, frozen=True, kw_only=True):
    """Something to do: `keys` in the order of importance, the first one is shown; `footer` ranks it there (0: not)."""

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    places: tuple[Place, ...] = ("fleet", "detail")
    footer: int = 0
    writes: bool = False
    obstacle: Obstacle = lambda _context: None

    def why_not(self, context: Context) -> str | None:
        """Why it cannot be done now; None if it can."""
        if self.writes:
            if context.state.read_only:
                return f"Not possible: {context.state.read_only}."
            if not context.state.live:
                return "Not possible while the daemon is away."
        return self.obstacle(context)


def _needs_state(*allowed: str) -> Obstacle:
    def check(context: Context) -> str | None:
        if context.sandbox is None:
            return "No sandbox is selected."
        if context.sandbox.state in allowed:
            return None
        return f"Sandbox {context.sandbox.name} is {context.sandbox.state.replace('_', ' ')}."

    return check


def _deletable(context: Context) -> str | None:
    if context.sandbox is None:
        return "No sandbox is selected."
    gone = context.sandbox.state in ("deleting", "deleted")
    return f"Sandbox {context.sandbox.name} is {context.sandbox.state} already." if gone else None


def _retryable(context: Context) -> str | None:
    if context.operation is None:
        return "No operation is selected."
    if context.operation.state in ("failed", "cancelled"):
        return None
    if any(step.state in ("failed", "backing-off") for step in context.operation.steps):
        return None
    return "Nothing of it failed."


def _cancellable(context: Context) -> str | None:
    if context.operation is None:
        return "No operation is selected."
    return f"The operation is over: {context.operation.state}." if context.operation.state in OVER else None


def _openable(context: Context) -> str | None:
    return None if context.sandbox is not None else "No sandbox is selected."


def _has_secrets(context: Context) -> str | None:
    full = context.state.full_sandbox(context.sandbox.id) if context.sandbox is not None else None
    if full is not None and any(one.kind == "secret" for one in full.resources):
        return None
    return "There is no secret yet, or no more."


ACTIONS: Final = (
    Action(id="open", keys=("enter", "right", "l"), label="Open", help="Open the sandbox: its steps, resources and events",
           places=("fleet",), footer=1, obstacle=_openable),
    Action(id="back", keys=("escape", "left", "backspace", "h"), label="Back", help="Back to the list",
           places=("detail",), footer=1),
    Action(id="new", keys=("n",), label="New", help="Create a sandbox, for a new tenant too", footer=2, writes=True),
    Action(id="start", keys=("s",), label="Start", help="Start a stopped sandbox", footer=3, writes=True,
           obstacle=_needs_state("stopped", "stopping_failed")),
    Action(id="stop", keys=("x",), label="Stop", help="Stop a sandbox; its disks stay", footer=4, writes=True,
           obstacle=_needs_state("started", "initializing_failed", "starting_failed")),
    Action(id="delete", keys=("d", "delete"), label="Delete…", help="Delete a sandbox for good; asks for its name", footer=5,
           writes=True, obstacle=_deletable),
    Action(id="retry", keys=("r",), label="Retry", help="Retry what failed", footer=8, writes=True, obstacle=_retryable),
    Action(id="cancel", keys=("c",), label="Cancel…", help="Cancel the running operation", footer=8, writes=True,
           obstacle=_cancellable),
    Action(id="filter", keys=("slash",), label="Filter", help="Show only some rows: state=started tenant~acme",
           places=("fleet",), footer=7),
    Action(id="tab_1", keys=("1",), label="Sandboxes", help="Show sandboxes", places=("fleet",)),
    Action(id="tab_2", keys=("2",), label="Tenants", help="Show tenants", places=("fleet",)),
    Action(id="tab_3", keys=("3",), label="Accounts", help="Show accounts and the pool", places=("fleet",)),
    Action(id="tab_4", keys=("4",), label="Operations", help="Show operations", places=("fleet",)),
    Action(id="tab_5", keys=("5",), label="Events", help="Show events", places=("fleet",)),
    Action(id="part_1", keys=("1",), label="Steps", help="Show the steps", places=("detail",)),
    Action(id="part_2", keys=("2",), label="Resources", help="Show the resources, with the ids of AWS", places=("detail",)),
    Action(id="part_3", keys=("3",), label="Events", help="Show the events", places=("detail",)),
    Action(id="part_4", keys=("4",), label="Access", help="Show the ways in: addresses, secrets, desktop", places=("detail",)),
    Action(id="use", keys=("enter", "space"), label="Open", help="Open or close a group of steps; show a way in", places=("detail",)),
    Action(id="view", keys=("v",), label="View", help="Show the steps by stage, or as a graph", places=("detail",), footer=7),
    Action(id="secret", keys=("p",), label="Password…", help="Show a secret of the sandbox, once", places=("detail",), footer=9,
           writes=True, obstacle=_has_secrets),
    Action(id="desktop", keys=("w",), label="Desktop…", help="Show a way into the desktop", places=("detail",), footer=9,
           writes=True, obstacle=_needs_state("started")),
    Action(id="next_tab", keys=("tab",), label="Next list", help="Show the next list or part"),
    Action(id="sort", keys=("o",), label="Sort", help="Sort by the next column", places=("fleet",)),
    Action(id="reverse", keys=("O",), label="Reverse", help="Sort the other way round", places=("fleet",)),
    Action(id="gone", keys=("full_stop",), label="Deleted too", help="Show deleted sandboxes too, or not",
           places=("fleet",)),
    Action(id="follow", keys=("f",), label="Follow", help="Let the cursor follow what is being done", places=("detail",),
           footer=6),
    Action(id="copy", keys=("y",), label="Copy id", help="Copy the id of what is selected to the clipboard"),
    Action(id="theme", keys=("T",), label="Light/dark", help="Change between the dark and the light theme"),
    Action(id="help", keys=("question_mark", "f1"), label="Help", help="Show this page", footer=6),
    Action(id="quit", keys=("q", "ctrl+q"), label="Quit", help="Leave; what runs goes on in the daemon", footer=10),
)  # fmt: skip

SHOWN: Final = {
    "enter": "⏎", "escape": "esc", "slash": "/", "question_mark": "?", "full_stop": ".", "right": "→", "left": "←",
    "f1": "F1", "ctrl+q": "^q",
}  # fmt: skip


def at(place: Place) -> list[Action]:
    """What can be done at a place, in the order of the registry."""
    return [action for action in ACTIONS if place in action.places]


def by_id(identifier: str) -> Action:
    """The action of this id."""
    return next(action for action in ACTIONS if action.id == identifier)


def shown(key: str) -> str:
    """A key as people read it."""
    return SHOWN.get(key, key)
