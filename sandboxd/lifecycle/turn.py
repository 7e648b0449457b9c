"""One turn of `decide`: the state, the moment, and the decision that is being made.

Everything that changes a row, a sandbox or an operation goes through here, so that what changed is what is committed.
"""

from collections.abc import Iterable
from typing import Any

from sandboxd.lifecycle import account_life, table
from sandboxd.lifecycle.messages import Decision
from sandboxd.lifecycle.state import RECHECK, State, account_needs, arm_row, root_needs
from sandboxd.model.keys import ACCOUNT, SHARED, Key, scope_of
from sandboxd.model.records import Event, Mode, Operation, SandboxRecord
from sandboxd.model.resource import Node, Row


class Turn:
    """What a message changes."""

    def __init__(self, state: State, now: float) -> None:
        self.state, self.now, self.decision = state, now, Decision()
        self.repriced = False
        """something shared that is billed by the hour changed"""

    # ---- what changed
    def changed(self, key: Key) -> Row:
        """A row changed: its scope's snapshot is to be committed, its alarm set anew."""
        scope = scope_of(key)
        if scope in (SHARED, ACCOUNT):
            self.decision.account_changed = True
            self.repriced = self.repriced or bool(self.state.planner.rows[key].node.prices)
        elif scope in self.state.sandboxes:
            self._note(self.decision.sandboxes, scope)
        else:  # a stray of a sandbox that this account knows nothing of
            self.decision.account_changed = True
        arm_row(self.state, key)
        return self.state.planner.rows[key]

    def changed_operation(self, operation: Operation) -> None:
        """An operation changed."""
        self._note(self.decision.operations, operation.id)

    def changed_scope(self, scope: str) -> None:
        """A root or record changed."""
        if scope == ACCOUNT:
            self.decision.account_changed = True
        else:
            self._note(self.decision.sandboxes, scope)

    @staticmethod
    def _note(where: list[str], name: str) -> None:
        if name not in where:
            where.append(name)

    def recheck(self, at: float) -> None:
        """List the account for late arrivals at this moment, and at an earlier or later one that is set already."""
        record = self.state.account
        moments = [one for one in (at, record.recheck_at, record.recheck_last) if one is not None]
        record.recheck_at, last = min(moments), max(moments)
        record.recheck_last = last if last > record.recheck_at else None
        self.state.arm(RECHECK, record.recheck_at)
        self.decision.account_changed = True

    def rechecked(self) -> None:
        """The account was listed: once more where an outcome became unknown too late for this listing."""
        record, since = self.state.account, self.now - self.state.settings.relist_after
        last, record.recheck_at, record.recheck_last = record.recheck_last, None, None
        self.state.arm(RECHECK, None)
        self.decision.account_changed = True
        if last is not None and last > since:
            self.recheck(last)

    def say(self, type_: str, message: str, **more: Any) -> None:
        """An event."""
        self.decision.events.append(Event(type=type_, message=message, **more))

    # ---- sandboxes and the account
    def move(self, operation: Operation, event: str) -> None:
        """Carry the operation's sandbox, or account, on in its table."""
        if operation.verb in ("onboard", "offboard"):
            self._move_account(operation, event)
        else:
            self.move_sandbox(self.state.sandboxes[operation.target], event, operation)

    def move_sandbox(self, record: SandboxRecord, event: str, operation: Operation) -> None:
        """Carry a sandbox on in the table of its states."""
        record.state = table.next_state(record.state, event)
        record.state_since, record.reason = self.now, operation.reason if event == "fail" else ""
        self.changed_scope(record.id)
        why = f": {operation.reason}" if event == "fail" else ""
        self.say(
            f"sandbox.{record.state}", f"Sandbox {record.tenant}/{record.name} is {record.state}{why}",
            sandbox_id=record.id, operation_id=operation.id, by=operation.requested_by,
        )  # fmt: skip

    def _move_account(self, operation: Operation, event: str) -> None:
        account, tenant = self.state.account, self.state.tenant
        account.state, account.since = account_life.next_state(account.state, event), self.now
        account.reason = operation.reason if event == "fail" else ""
        if account.state == "assigned":
            account.ou = "customers"
            self.prepare(self.state.settings.prepared)
        self.changed_scope(ACCOUNT)
        assert tenant is not None
        tenant.state, tenant.since = account_life.TENANT[account.state], self.now
        self.say(
            f"account.{account.state}", f"Account {self.state.account_id} is {account.state}", operation_id=operation.id
        )
        self.say(f"tenant.{tenant.state}", f"Tenant {tenant.name} is {tenant.state}", operation_id=operation.id)

    def set_root(self, scope: str, mode: Mode | None) -> None:
        """Replace the root of a sandbox, or of the account's own claim."""
        if scope == ACCOUNT:
            needs = account_needs(self.state)
        else:
            needs = root_needs(self.state, self.state.sandboxes[scope], mode or "")
        self.state.planner.set_root(scope, mode, needs)
        self.changed_scope(scope)
        self.unwatch()

    def prepare(self, nodes: Iterable[Node]) -> None:
        """Take in what the account keeps for ever; its root pursues that, whatever runs in it."""
        planner, root = self.state.planner, self.state.planner.roots.get(ACCOUNT)
        for node in nodes:
            if node.permanent and node.key not in planner.rows:
                planner.add(Row(node=node))
        needs = account_needs(self.state)
        if root is not None and root.needs != needs:
            self.set_root(ACCOUNT, root.mode)

    # ---- operations
    def over(self, operation: Operation, how: str, reason: str = "") -> None:
        """An operation ends."""
        state = self.state
        operation.state, operation.reason, operation.ended_at = how, reason, self.now  # type: ignore[assignment]
        operation.code = operation.code if how == "failed" else ""
        operation.proving, operation.due = False, None
        state.running.pop(operation.id, None)
        state.watch.pop(operation.id, None)
        state.arm(operation.id, None)
        self._close_steps(operation)
        self.changed_operation(operation)
        said = f": {reason}" if reason else ""
        self.say(
            f"operation.{how}", f"{operation.verb} {how}{said}", operation_id=operation.id, by=operation.requested_by,
            sandbox_id=operation.target if operation.target in state.sandboxes else "",
        )  # fmt: skip

    def _close_steps(self, operation: Operation) -> None:
        for step in operation.steps.values():
            if step.state in ("calling", "waiting"):
                step.state, step.ended_at = "dropped", self.now

    def watch(self, operation: Operation, *names: str) -> None:
        """Judge the operation again when one of these changes."""
        self.state.watch[operation.id] = names
        for name in names:
            self.state.watchers.setdefault(name, {})[operation.id] = True

    def wake(self, name: str) -> None:
        """Something changed that operations may wait for."""
        for identifier in self.state.watchers.pop(name, ()):
            self.state.watch.pop(identifier, None)

    def unwatch(self) -> None:
        """Everything that runs is judged again."""
        self.state.watch.clear()
        self.state.watchers.clear()
