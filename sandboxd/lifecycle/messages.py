"""What arrives in an account's mailbox, and what `decide` answers.

Commands come from people, outcomes from the engine's steps, ticks from the actor's one timer; all take the same road.
Every outcome carries the run number of its attempt: one of another run is news, never an outcome.
"""

from typing import Literal, TypeAlias

from msgspec import Struct, field

from sandboxd.model.keys import Key
from sandboxd.model.records import Blueprint, Event, Verb
from sandboxd.model.resource import Facts, Step

Left: TypeAlias = Literal["done", "nothing", "absent", "between", "spoiled"]
"""How an attempt left its resource: as wanted; as it was, because AWS refused; surely not there in this generation
(AWS was asked after the settle time); possibly begun; there and no good."""


class Create(Struct, frozen=True, tag=True, kw_only=True):
    """Make a sandbox from a blueprint; durable acceptance of a create."""

    operation: str
    sandbox: str
    name: str
    tenant: str
    blueprint: Blueprint
    by: str = ""
    expires_at: float | None = None
    labels: dict[str, str] = field(default_factory=dict)


class Command(Struct, frozen=True, tag=True, kw_only=True):
    """Start, stop or delete a sandbox under a new operation."""

    verb: Verb
    operation: str
    sandbox: str
    by: str = ""


class Onboard(Struct, frozen=True, tag=True, kw_only=True):
    """Claim this account of the pool for a tenant."""

    operation: str
    tenant: str
    name: str
    email: str
    contacts: dict[str, str] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    """`pool_ou` and `customers_ou`: between which the account moves, as the organization was read last"""
    by: str = ""


class Retry(Struct, frozen=True, tag=True, kw_only=True):
    """Reopen a failed or cancelled operation; with a step, only that mark is cleared."""

    operation: str
    step: Key = ""
    by: str = ""


class Cancel(Struct, frozen=True, tag=True, kw_only=True):
    """End a running operation in its failed state, every unknown outcome resolved first."""

    operation: str
    by: str = ""


class Skip(Struct, frozen=True, tag=True, kw_only=True):
    """Enter a skippable resource without a call, for this generation."""

    operation: str
    step: Key
    reason: str
    by: str = ""


class Extend(Struct, frozen=True, tag=True, kw_only=True):
    """Move the moment at which a sandbox expires."""

    sandbox: str
    seconds: float
    by: str = ""


class LetIn(Struct, frozen=True, tag=True, kw_only=True):
    """Somebody is about to be let into the desktop of a sandbox."""

    sandbox: str
    by: str = ""


class Shown(Struct, frozen=True, tag=True, kw_only=True):
    """Somebody is about to be shown a secret of a sandbox."""

    sandbox: str
    name: str
    by: str = ""


class Tick(Struct, frozen=True, tag=True):
    """The moment that `wake_at` named has come."""


class Recovered(Struct, frozen=True, tag=True):
    """First message of every life: what is in flight is taken up again, deadlines begin anew."""

    shift: float = 0.0
    """seconds by which the clock was set since the last commit"""


class Called(Struct, frozen=True, tag=True):
    """The call is answered and only reads are left; the facts (the new id) must be durable."""

    key: Key
    run: int
    facts: Facts = field(default_factory=dict)


class Unknown(Struct, frozen=True, tag=True):
    """The outcome of the call became unknown at this moment; the engine resolves it."""

    key: Key
    run: int
    at: float


class Ended(Struct, frozen=True, tag=True):
    """An attempt is over."""

    key: Key
    run: int
    left: Left = "done"
    how: Literal["", "temporary", "permanent"] = ""
    code: str = ""
    reason: str = ""
    after: float = 30.0
    """seconds before the first next attempt, where temporary"""
    facts: Facts = field(default_factory=dict)
    outage: bool = False
    """AWS could not be asked: no attempt that counts, and tried again for as long as it takes"""


class Progress(Struct, frozen=True, tag=True):
    """What a waiting step sees, for people; never committed."""

    key: Key
    run: int
    text: str


class Lost(Struct, frozen=True, tag=True):
    """A look found less than we hold: `state` is what is left of it (0: it is gone)."""

    key: Key
    generation: int
    state: int = 0
    reason: str = ""
    run: int | None = None
    """the last attempt before the look: what a later one has made is not what was looked for"""


class Strayed(Struct, frozen=True, tag=True):
    """A machine does not run what was written onto it: that is told, and it is written anew."""

    reason: str


class Untied(Struct, frozen=True, tag=True):
    """What bears data is not tied any more to what it was made with; without a reason: it is."""

    key: Key
    generation: int
    reason: str = ""


class Found(Struct, frozen=True):
    """Something with our authenticated tags that a listing saw."""

    key: Key
    generation: int
    kind: str
    id: str
    facts: Facts = field(default_factory=dict)
    state: int | None = None
    """the highest state that it may be in; None: any"""
    about: str = ""
    """what it is, in words, where kind and id say too little"""


class Stay(Struct, frozen=True):
    """What a listing may find under a key: this thing, at most in this state."""

    state: int
    id: str = ""
    """empty: not known yet"""

    def covers(self, identifier: str, state: int | None) -> bool:
        """Whether a thing that was found is this one, and no more than it may be."""
        return self.id in ("", identifier) and (state is None or state <= self.state)


class Unmanaged(Struct, frozen=True):
    """Something in the account that is not ours and that is billed by the hour: it is told, never touched."""

    kind: str
    id: str
    region: str
    price: str
    """key of the price list"""
    network: str = ""
    """our VPC, if it is in one: then it will hold that VPC's removal up"""


class Proved(Struct, frozen=True, tag=True):
    """The read-only proof of an operation's gate is done; nothing found is what the gate waits for."""

    operation: str
    number: int
    found: tuple[Found, ...] = ()
    failed: str = ""
    """why the listing could not be completed: then it proves nothing"""
    unmanaged: tuple[Unmanaged, ...] = ()
    lasting: bool = False
    """whether it will fail again until a person does something"""


class Surveyed(Struct, frozen=True, tag=True):
    """A late listing is done: what came after everybody had stopped waiting for it."""

    found: tuple[Found, ...] = ()
    failed: str = ""
    unmanaged: tuple[Unmanaged, ...] | None = None
    """None: nobody listed what is not ours"""


Message: TypeAlias = (
    Create
    | Command
    | Onboard
    | Retry
    | Cancel
    | Skip
    | Extend
    | LetIn
    | Shown
    | Tick
    | Recovered
    | Called
    | Unknown
    | Ended
    | Progress
    | Lost
    | Strayed
    | Untied
    | Proved
    | Surveyed
)


class Start(Struct, frozen=True):
    """A step that is due once the decision is durable; `resumed`: it may have been begun by a former life or attempt."""

    key: Key
    step: Step
    generation: int
    run: int
    resumed: bool = False


class Turn(Struct, frozen=True):
    """A waiting step that is given up: its task is cancelled, its outcome is news."""

    key: Key
    run: int


class Look(Struct, frozen=True):
    """A step past its deadline: look afresh and say how it stands."""

    key: Key
    run: int


class Proof(Struct, frozen=True):
    """A gate to be proved: list what should not be there for this sandbox and operation."""

    operation: str
    sandbox: str
    number: int


class Decision(Struct):
    """What is to be made durable, and what is to be done once it is."""

    account_changed: bool = False
    sandboxes: list[str] = field(default_factory=list)
    """ids of the sandboxes whose snapshots changed"""
    operations: list[str] = field(default_factory=list)
    """ids of the operations that changed"""
    events: list[Event] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    survey: bool = False
    """the account is to be listed for late arrivals"""
    wake_at: float | None = None

    @property
    def durable(self) -> bool:
        """Whether anything must be committed before the rest is done."""
        return bool(self.account_changed or self.sandboxes or self.operations or self.events)
