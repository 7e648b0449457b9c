"""What people see of an account's state: steps of operations, and health. Reads only."""

from msgspec import Struct

from sandboxd.lifecycle.coming import Coming, coming, operation_eta
from sandboxd.lifecycle.cost import hourly_cost, shared_cost
from sandboxd.lifecycle.state import State
from sandboxd.lifecycle.steps import depends_on
from sandboxd.lifecycle.words import action_of
from sandboxd.model.keys import Key
from sandboxd.model.records import Operation, StepRecord

__all__ = ["StepView", "health_of", "hourly_cost", "operation_eta", "shared_cost", "step_of", "steps_of"]


class StepView(Struct, frozen=True, kw_only=True):
    """One step of an operation."""

    id: str
    key: Key
    kind: str
    action: str
    state: str
    depends_on: tuple[str, ...] = ()
    attempts: int = 0
    started_at: float | None = None
    ended_at: float | None = None
    usual: float | None = None
    next_attempt_at: float | None = None
    reason: str = ""


def steps_of(state: State, operation: Operation) -> list[StepView]:
    """The steps of an operation in the order in which they began, then those that are still to come."""
    begun = [_remembered(state, name, record, operation) for name, record in operation.steps.items()]
    return [*begun, *(_pending(state, one) for one in coming(state, operation))]


def step_of(state: State, identifier: str) -> StepView | None:
    """A step as the running operations remember it."""
    for name in state.running:
        operation = state.operations[name]
        if identifier in operation.steps:
            return _remembered(state, identifier, operation.steps[identifier], operation)
    return None


def _remembered(state: State, identifier: str, record: StepRecord, operation: Operation) -> StepView:
    row = state.rows.get(record.key)
    marks = row.marks.values() if row is not None and operation.state == "running" else ()
    until = next((mark.until for mark in marks if mark.waits and mark.until is not None), None)
    return StepView(
        id=identifier,
        key=record.key,
        kind=record.kind,
        action=record.action,
        state=record.state,
        depends_on=tuple(record.depends_on),
        attempts=record.attempts,
        started_at=record.started_at,
        ended_at=record.ended_at,
        usual=record.usual,
        next_attempt_at=until if record.state == "backing-off" else None,
        reason=record.reason,
    )


# ---- what is still to come
def _pending(state: State, one: Coming) -> StepView:
    return StepView(
        id=one.id,
        key=one.node.key,
        kind=one.node.kind,
        action=action_of(one.node.kind, one.step, one.at),
        state="pending",
        depends_on=tuple(depends_on(state.rows, one.node, one.at, one.step)),
        usual=one.usual,
    )


# ---- health and time
def health_of(state: State, sandbox: str) -> str:
    """ok; settling while something of it is repaired; degraded while something of it waits for a person."""
    keys = {**state.reach.get(sandbox, {}), **state.planner.of_scope.get(sandbox, {})}
    rows = [state.rows[key] for key in keys]
    if any(mark.waits and mark.until is None for row in rows for mark in row.marks.values()):
        return "degraded"
    busy = state.sandboxes[sandbox].state in ("started", "stopped")
    return "settling" if busy and any(row.flight or row.lo != row.hi for row in rows) else "ok"
