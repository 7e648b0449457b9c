"""What the API needs from below: reads, writes and the feed of events, as protocols.

A `ref` is an id or a name (a sandbox: an id or `tenant/name`); what is not there raises `NotFound` with a suggestion.
Every refusal is a `Refusal`, and has changed nothing.
"""

from collections.abc import Sequence
from typing import Protocol

import trio

from sandboxd.identity.peers import Caller
from sandboxd.model.records import Verb
from sandboxd.wire import things
from sandboxd.wire.requests import NewSandbox, NewTenant, PlanRequest


class Feed(Protocol):
    """The stream of committed events; ids are `<epoch>-<position>`."""

    @property
    def epoch(self) -> str:
        """The store's epoch: outlives a restart of the daemon."""
        ...

    @property
    def position(self) -> int:
        """Position of the last event."""
        ...

    @property
    def closing(self) -> trio.Event:
        """Set when the daemon stops: streams end at once."""
        ...

    def since(self, last_id: str, /) -> Sequence[things.Event] | None:
        """Return the events after this id; None if it is unknown: the client must fetch a snapshot."""
        ...

    async def wait_changed(self, position: int, /) -> None:
        """Return when there is an event after this position, or the feed closes."""
        ...


class Commands(Protocol):
    """The writes: each is accepted durably, or refused. `key` is the Idempotency-Key, `digest` of the request.

    `if_match` is compared in the turn that takes the command.
    """

    async def onboard(self, request: NewTenant, by: Caller, key: str | None, digest: str, /) -> things.Operation:
        """Onboard a tenant."""
        ...

    async def create(self, request: NewSandbox, by: Caller, key: str | None, digest: str, /) -> things.Operation:
        """Create a sandbox."""
        ...

    async def command(
        self, verb: Verb, ref: str, by: Caller, key: str | None, digest: str, if_match: str | None, /
    ) -> things.Operation:
        """Start, stop or delete a sandbox."""
        ...

    async def extend(
        self, ref: str, seconds: float, by: Caller, key: str | None, digest: str, if_match: str | None, /
    ) -> things.Sandbox:
        """Move the moment at which a sandbox expires."""
        ...

    async def desktop(self, ref: str, by: Caller, /) -> things.Desktop:
        """Return a way into a sandbox's desktop, once it is durable that somebody was let in."""
        ...

    async def credential(self, ref: str, name: str, by: Caller, /) -> things.Credential:
        """Return a secret of a sandbox, read at this moment, once it is durable that it was shown."""
        ...

    async def retry(self, ref: str, step: str | None, by: Caller, key: str | None, digest: str, /) -> things.Operation:
        """Reopen a failed or cancelled operation."""
        ...

    async def cancel(self, ref: str, by: Caller, key: str | None, digest: str, /) -> things.Operation:
        """End a running operation."""
        ...

    async def skip(
        self, ref: str, step: str, reason: str, by: Caller, key: str | None, digest: str, /
    ) -> things.Operation:
        """Skip a skippable step."""
        ...


class Desk(Protocol):
    """Everything the API asks."""

    @property
    def commands(self) -> Commands:
        """The writes."""
        ...

    @property
    def feed(self) -> Feed:
        """The events."""
        ...

    def snapshot(self) -> things.Snapshot:
        """Return the whole state at one instant."""
        ...

    def tenants(self) -> list[things.Tenant]:
        """Return all tenants."""
        ...

    def accounts(self) -> list[things.Account]:
        """Return all accounts of the stage."""
        ...

    def sandboxes(self) -> list[things.Sandbox]:
        """Return all sandboxes, deleted ones included until their retention ends."""
        ...

    def operations(self) -> list[things.Operation]:
        """Return the operations that run or ran lately."""
        ...

    def pool(self) -> things.Pool:
        """Return the accounts that wait for tenants."""
        ...

    def profiles(self) -> list[things.Profile]:
        """Return the profiles that a create may name."""
        ...

    def tenant(self, ref: str, /) -> things.Tenant:
        """Return a tenant."""
        ...

    def account(self, ref: str, /) -> things.Account:
        """Return an account with what its sandboxes share."""
        ...

    async def ingress(self, ref: str, /) -> things.Ingress:
        """Return what the ingress machines of an account should run, and what their Envoys say they run."""
        ...

    def sandbox(self, ref: str, /) -> things.Sandbox:
        """Return a sandbox with its resources."""
        ...

    def operation(self, ref: str, /) -> things.Operation:
        """Return an operation with its steps."""
        ...

    def why(self, ref: str, /) -> things.Why:
        """Return why something waits."""
        ...

    def health(self) -> things.Health:
        """Return how the daemon is."""
        ...

    def without_owner(self) -> int:
        """Return how many running operations nobody works for."""
        ...

    def overdue(self) -> int:
        """Return how many steps in flight take more than twice as long as usual."""
        ...

    def in_trouble(self) -> int:
        """Return how many accounts' actors broke and are being tried again."""
        ...

    async def plan(self, request: PlanRequest, /) -> things.Plan:
        """Return what a command would do; touches nothing."""
        ...

    async def wait(self, ref: str, timeout: float, /) -> things.Operation:
        """Return the operation when it is over, or as it stands after `timeout` real seconds."""
        ...

    async def history(self, after: int, limit: int, /) -> list[things.Event]:
        """Return up to `limit` events after a stream position, out of the store, oldest first."""
        ...
