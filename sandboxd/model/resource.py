"""Resources: what one is made of (`Node`), what we know of it (`Row`), and the intent of a call (`Intent`).

`Node` is frozen when a sandbox is created and persisted with its row: a row that is not absent keeps its own kind,
requirements and parameters, and they win over what the present code or profile would say. `Row` is the mutable
record that planning and engine share: planning owns the upper half, the engine the lower half.
"""

from typing import Any, Literal, NamedTuple, TypeAlias

from msgspec import Struct, field, structs

from sandboxd.model.keys import Key

Way: TypeAlias = Literal["raise", "lower", "rebind"]
Facts: TypeAlias = dict[str, str]
"""What AWS said about one resource: `id` first of all; values are strings."""


class Need(NamedTuple):
    """A state of another resource that is required."""

    key: Key
    state: int


class Edge(NamedTuple):
    """A step that does not go to the neighbour: standing at `at` with the goal `goal`, it goes to `to`."""

    at: int
    goal: int
    to: int


class Usual(NamedTuple):
    """How long something usually takes, in seconds of AWS's clock."""

    expected: float
    p90: float

    @property
    def patience(self) -> float:
        """Seconds after which a step is looked at afresh, where nothing longer holds."""
        return 5 * self.expected


class Node(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One resource as planning sees it: its states in order (0 is absence) and what each of them stands on."""

    key: Key
    kind: str
    states: tuple[str, ...] = ("absent", "present")
    requires: dict[int, tuple[Need, ...]] = field(default_factory=dict)
    """state -> what it stands on for as long as it is held"""
    to_enter: dict[int, tuple[Need, ...]] = field(default_factory=dict)
    """state -> what must be there, besides, to enter it"""
    edges: tuple[Edge, ...] = ()
    loose: tuple[Key, ...] = ()
    turns: bool = False
    """a step that only waits may be turned round"""
    free: bool = False
    """costs nothing: stays while its ground is desired"""
    permanent: bool = False
    """never deleted: stays while the account is somebody's"""
    patience: float = 0.0
    """seconds that a step may take at least before it is looked at afresh, where the profile says so"""
    data: bool = False
    """bears data: never made anew by rule when it is lost"""
    skippable: bool = False
    up: dict[int, Usual] = field(default_factory=dict)
    """state entered -> usual seconds"""
    down: dict[int, Usual] = field(default_factory=dict)
    """state left -> usual seconds"""
    prices: dict[int, str] = field(default_factory=dict)
    """state -> key of the price list, for what is billed by the hour while it is held"""
    links: dict[str, tuple[Key, ...]] = field(default_factory=dict)
    """role -> the keys that play it; what `render` looks facts up by"""
    parameters: dict[str, Any] = field(default_factory=dict)
    """the kind's own parameters, JSON values; references to secrets, never secrets"""


class Step(NamedTuple):
    """One move of one resource; for a rebind, `to` is the state it stays in."""

    way: Way
    to: int


class Mark(Struct, omit_defaults=True):
    """Why a direction waits: a back-off while `until` is set, else until a retry."""

    reason: str = ""
    code: str = ""
    attempts: int = 0
    waits: bool = True
    """False once the back-off is over: only the attempts are remembered"""
    until: float | None = None


MADE_AT = "at"
"""the fact that says when a call made it, in seconds since the epoch"""


class Intent(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A mutation as it is committed before it is sent: a repeat sends the same bytes until the outcome is known."""

    service: str
    operation: str
    region: str
    parameters: dict[str, Any]
    way: Way
    to: int
    generation: int
    token: str | None = None
    rendered_at: float = 0.0
    unknown_at: float | None = None
    """when the last outcome of this very call became unknown"""
    opposite_at: float | None = None
    """when the outcome of an earlier, other call for the same resource became unknown: this one waits until that can no longer land"""
    account: str | None = None
    """the account that the call is made in, where it is not the actor's own (organization calls)"""

    @property
    def may_land(self) -> bool:
        """Whether an outcome that became unknown is remembered."""
        return self.unknown_at is not None or self.opposite_at is not None


class Row(Struct, omit_defaults=True, kw_only=True):
    """What is known of one resource."""

    node: Node
    lo: int = 0
    """surely held"""
    hi: int = 0
    """possibly there"""
    generation: int = 0
    on: dict[Key, int] = field(default_factory=dict)
    """ground -> its generation when this was entered"""
    onto: dict[Key, int] = field(default_factory=dict)
    """what the step in flight stands on, as it was when it started"""
    flight: Step | None = None
    had: bool = False
    waiting: bool = False
    marks: dict[str, Mark] = field(default_factory=dict)
    """'raise' | 'lower' -> mark"""
    spoiled: bool = False
    """there and no good: lowered to absence before it is raised again, whatever its marks say"""
    skip: bool = False
    run: int = 0
    """number of the attempt: a message of another one is news, never an outcome"""
    since: float = 0.0
    """when this attempt began to be watched"""
    late: bool = False
    started_at: float = 0.0
    ended_at: float = 0.0
    # the engine's half
    facts: Facts = field(default_factory=dict)
    intent: Intent | None = None

    def copy(self) -> "Row":
        """The row as it is now, for whoever works while it changes."""
        marks = {way: structs.replace(mark) for way, mark in self.marks.items()}
        return structs.replace(self, on=dict(self.on), onto=dict(self.onto), marks=marks, facts=dict(self.facts))
