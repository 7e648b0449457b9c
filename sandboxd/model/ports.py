"""The three ports that make everything above testable: the clock, the call to AWS, the commit to the store.

Production, tests and the virtual world implement them; nothing above reads a clock, opens a connection or writes a
file in any other way.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct, field

from sandboxd.model.keys import Key
from sandboxd.model.readings import Reading


class Clock(Protocol):
    """The daemon's clock: `now = origin + (real - origin) * pace`, the same formula as the simulator's."""

    pace: float

    def now(self) -> float:
        """Return seconds since the epoch, of AWS's time."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back, at the same pace."""
        ...

    def reading(self) -> Reading:
        """Return what tells a later life whether the clock was set in between."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Sleep for seconds of this clock."""
        ...


class Scope(Struct, frozen=True):
    """In whose name a call is made: an account, a region, and a role.

    Without a role it is the daemon's own right: its own credentials, or the role that settings name for this account.
    """

    account: str
    region: str
    role: str = "OrganizationAccountAccessRole"


class AwsError(Exception):
    """A call that did not succeed. `outcome`: `refused` (definite, nothing happened) or `unknown`.

    `code` is AWS's error code (or our own: `Timeout`, `ConnectionReset`, `Unparsable`, `NoCredentials`,
    `Unreachable`), decided before the HTTP `status` is looked at.
    """

    def __init__(self, outcome: str, code: str, message: str, status: int = 0) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.outcome, self.code, self.message, self.status = outcome, code, message, status


class Call(Protocol):
    """The waist: one attempt of one AWS operation."""

    async def __call__(self, scope: Scope, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        """Return AWS's answer as botocore parses it; raise `AwsError`. Mutations are never repeated below here."""
        ...


class EventRow(Struct, frozen=True):
    """An event with its number in its account; the stream position is given at commit."""

    seq: int
    blob: bytes


class KeyRow(Struct, frozen=True):
    """An idempotency key: who, which key, digest of the request, and the operation that answered it."""

    caller: str
    key: str
    digest: str
    operation: str
    at: float


class Batch(Struct, frozen=True, kw_only=True):
    """One transaction of one actor: snapshots replaced (None: removed), events, operations and keys, all or nothing."""

    actor: str
    """account id"""
    snapshots: dict[str, bytes | None] = field(default_factory=dict)
    """`account` or a sandbox id -> payload; the store adds version and digest"""
    operations: dict[str, bytes] = field(default_factory=dict)
    over: frozenset[str] = frozenset()
    """those of them that nothing can happen to any more; the others are loaded however old they are"""
    events: tuple[EventRow, ...] = ()
    keys: tuple[KeyRow, ...] = ()


class StoredEvent(Struct, frozen=True):
    """An event as the store has it."""

    position: int
    actor: str
    seq: int
    blob: bytes


class Store(Protocol):
    """Where batches become durable; `commit` is synchronous, the writer task calls it off the loop."""

    def commit(self, batches: Sequence[Batch]) -> list[int]:
        """Make all batches durable in one transaction; return the last stream position after each batch."""
        ...


class FactsOf(Protocol):
    """Looks up what is known of another resource of the same account."""

    def __call__(self, key: Key) -> Mapping[str, str]:
        """Return its facts; empty if it is not there."""
        ...
