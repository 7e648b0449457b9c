"""What a client knows: a snapshot, and every event folded into it. Pure; used by the dashboard and by `watch`."""

from typing import Any

import msgspec
from msgspec import structs

from sandboxd.wire import things


class View:
    """The state as the daemon last told it."""

    def __init__(self) -> None:
        self.accounts: dict[str, things.Account] = {}
        self.tenants: dict[str, things.Tenant] = {}
        self.sandboxes: dict[str, things.Sandbox] = {}
        self.operations: dict[str, things.Operation] = {}
        self.pool = things.Pool()
        self.epoch, self.position, self.pace, self.now = "", 0, 1.0, ""
        self.degraded: str | None = None

    def load(self, snapshot: things.Snapshot) -> None:
        """Begin anew with a snapshot; steps that are known of operations are kept."""
        known = self.operations
        self.accounts = {one.id: one for one in snapshot.accounts}
        self.tenants = {one.id: one for one in snapshot.tenants}
        self.sandboxes = {one.id: one for one in snapshot.sandboxes}
        self.operations = {
            one.id: structs.replace(one, steps=known[one.id].steps) if one.id in known and not one.steps else one
            for one in snapshot.operations
        }
        self.pool, self.degraded = snapshot.pool, snapshot.degraded
        self.epoch, self.position, self.pace, self.now = snapshot.epoch, snapshot.seq, snapshot.pace, snapshot.now

    @property
    def last_id(self) -> str:
        """Where the stream goes on."""
        return f"{self.epoch}-{self.position}" if self.epoch else ""

    def apply(self, event: things.Event) -> None:
        """Fold one event in; one that is known already changes nothing."""
        position = int(event.id.rpartition("-")[2] or 0)
        if position and position <= self.position:
            return
        self.position, self.now = position or self.position, event.at
        self._take("account", event.data, things.Account, self.accounts)
        self._take("tenant", event.data, things.Tenant, self.tenants)
        self._take("sandbox", event.data, things.Sandbox, self.sandboxes)
        self._operation(event)
        self._step(event)

    def _take(self, name: str, data: dict[str, Any], type_: Any, into: dict[str, Any]) -> None:
        if name in data:
            one = msgspec.convert(data[name], type_)
            into[one.id] = one

    def _operation(self, event: things.Event) -> None:
        if "operation" in event.data:
            one = msgspec.convert(event.data["operation"], things.Operation)
            known = self.operations.get(one.id)
            self.operations[one.id] = structs.replace(one, steps=known.steps) if known and not one.steps else one

    def _step(self, event: things.Event) -> None:
        """A step belongs to its operation, and to every running one of the account that knows it or shares it."""
        if "step" not in event.data:
            return
        step = msgspec.convert(event.data["step"], things.Step)
        for operation in list(self.operations.values()):
            mine = operation.id == event.operation_id
            shared = operation.state == "running" and operation.account_id == event.account_id
            known = any(one.id == step.id for one in operation.steps)
            if mine or (shared and (known or "/shared/" in step.id)):
                self.operations[operation.id] = structs.replace(operation, steps=_with(operation.steps, step))


def _with(steps: list[things.Step], step: things.Step) -> list[things.Step]:
    if any(one.id == step.id for one in steps):
        return [step if one.id == step.id else one for one in steps]
    return [*steps, step]
