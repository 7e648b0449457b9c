"""After a commit: what changed goes into the directory, and its events into the feed, with the things as clients see them.

Every event carries the changed thing in the form of `wire.things`, so that a client needs no further question.
"""

from collections.abc import Iterator, Mapping
from functools import partial

import msgspec
from msgspec import Struct, field, structs

from sandboxd.actors import views
from sandboxd.actors.shared import Shared
from sandboxd.lifecycle.messages import Decision
from sandboxd.lifecycle.state import State
from sandboxd.lifecycle.views import StepView, step_of
from sandboxd.model.records import Event
from sandboxd.wire import things
from sandboxd.wire.text import safe_text

_encode = msgspec.json.Encoder().encode


class Changes(Struct):
    """What one commit changes of what people see; made before the commit, published after it."""

    account: things.Account
    tenant: things.Tenant | None
    sandboxes: dict[str, things.Sandbox]
    operations: dict[str, things.Operation]
    known: Mapping[str, float]
    """sandbox -> what it costs an hour, as events said last"""
    events: list[things.Event] = field(default_factory=list)
    told: dict[str, float] = field(default_factory=dict)
    """the same, as these events say"""

    @classmethod
    def of(cls, state: State, decision: Decision, account: str, shared: Shared, next_seq: int) -> "Changes":
        """Collect them from the state as it is to be made durable."""
        now = shared.clock.now()
        sandboxes = {
            name: views.sandbox_view(state, state.sandboxes[name], account, now, full=False)
            for name in dict.fromkeys(decision.sandboxes)
            if name in state.sandboxes
        }
        operations = {
            name: views.operation_view(state, state.operations[name], account, now)
            for name in dict.fromkeys(decision.operations)
        }
        told = shared.directory.told
        changes = cls(_account(state, account, shared), views.tenant_view(state, account), sandboxes, operations, told)
        for seq, event in enumerate(decision.events, next_seq):
            changes.events.append(changes.event(event, seq, now, step_of(state, event.step_id)))
        return changes

    def event(self, event: Event, seq: int, now: float, step: StepView | None) -> things.Event:
        """One event with the thing it changed."""
        return things.Event(
            id="",
            seq=seq,
            at=views.stamp(now),
            type=event.type,
            message=safe_text(event.message),
            account_id=self.account.id,
            sandbox_id=event.sandbox_id or None,
            operation_id=event.operation_id or None,
            step_id=event.step_id or None,
            by=event.by or None,
            data=event.data | self._thing(event, step),
        )

    def _thing(self, event: Event, step: StepView | None) -> dict[str, object]:
        match event.type.partition(".")[0]:
            case "sandbox" if event.sandbox_id in self.sandboxes:
                return self._sandbox(event.sandbox_id)
            case "operation" if event.operation_id in self.operations:
                return {"operation": self.operations[event.operation_id]}
            case "step" if step is not None:
                return {"step": views.step_view(step)} | self._repriced(event.sandbox_id)
            case "tenant" if self.tenant is not None:
                return {"tenant": self.tenant, "account": self.account}
            case "account":
                return {"account": self.account}
        return {}

    def _sandbox(self, name: str) -> dict[str, object]:
        self.told[name] = self.sandboxes[name].cost.per_hour
        return {"sandbox": self.sandboxes[name]}

    def _repriced(self, name: str) -> dict[str, object]:
        """The sandbox, where it costs something else than was said last: people see what a create begins to cost."""
        said = self.told.get(name, self.known.get(name))
        return self._sandbox(name) if name in self.sandboxes and self.sandboxes[name].cost.per_hour != said else {}

    def encoded(self) -> Iterator[tuple[things.Event, bytes]]:
        """Each event with the bytes that the store keeps."""
        return ((event, _encode(event)) for event in self.events)


def publish(changes: Changes, last: int, shared: Shared) -> None:
    """Show what is durable now; `last` is the stream position of its last event."""
    directory = shared.directory
    directory.put_account(changes.account)
    if changes.tenant is not None:
        directory.put_tenant(changes.tenant)
    for sandbox in changes.sandboxes.values():
        directory.put_sandbox(sandbox)
    for operation in changes.operations.values():
        directory.put_operation(operation)
    directory.told.update(changes.told)
    shared.feed.publish(last, [partial(_with_id, event) for event in changes.events])


def _with_id(event: things.Event, identifier: str) -> things.Event:
    return structs.replace(event, id=identifier)


def _account(state: State, account: str, shared: Shared) -> things.Account:
    return views.account_view(state, account, shared.directory.accounts.get(account))
