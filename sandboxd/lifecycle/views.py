"""What people see of an account's state: steps of operations, health, and when an operation may be over. Reads only."""

from collections.abc import Iterator

from msgspec import Struct

from sandboxd.lifecycle.cost import hourly_cost, shared_cost
from sandboxd.lifecycle.judging import goals, unfinished
from sandboxd.lifecycle.state import State
from sandboxd.lifecycle.steps import depends_on
from sandboxd.lifecycle.words import action_of
from sandboxd.model.keys import Key, step_id
from sandboxd.model.records import Operation, StepRecord
from sandboxd.model.resource import Row, Step

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
    return [*begun, *_to_come(state, operation)]


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
def _to_come(state: State, operation: Operation) -> Iterator[StepView]:
    if operation.state != "running" or operation.cancelling:
        return
    view, wanted = state.planner.view(), goals(state, operation)
    for key in unfinished(state, operation, view, wanted):
        row = state.rows[key]
        if row.flight is None:
            path = _path(state, row, wanted.get(key, view.want[key]))
            yield from (step for step in path if step.id not in operation.steps)


def _path(state: State, row: Row, goal: int) -> Iterator[StepView]:
    """The steps from where a resource stands to its goal."""
    at, generation = row.lo if goal > row.lo else max(row.hi, row.lo), row.generation + (row.hi == 0)
    while at != goal:
        neighbour = at + 1 if goal > at else at - 1
        to = next((edge.to for edge in row.node.edges if (edge.at, edge.goal) == (at, goal)), neighbour)
        step = Step("raise" if goal > at else "lower", to)
        usual = row.node.up.get(to) if step.way == "raise" else row.node.down.get(at)
        yield StepView(
            id=step_id(row.node.key, max(1, generation), row.node.states[to]),
            key=row.node.key,
            kind=row.node.kind,
            action=action_of(Row(node=row.node, lo=at, hi=at), step),
            state="pending",
            depends_on=tuple(depends_on(state.rows, Row(node=row.node, lo=at, hi=at), step)),
            usual=usual.expected if usual else None,
        )
        at = to


# ---- health and time
def health_of(state: State, sandbox: str) -> str:
    """ok; settling while something of it is repaired; degraded while something of it waits for a person."""
    keys = {**state.reach.get(sandbox, {}), **state.planner.of_scope.get(sandbox, {})}
    rows = [state.rows[key] for key in keys]
    if any(mark.waits and mark.until is None for row in rows for mark in row.marks.values()):
        return "degraded"
    busy = state.sandboxes[sandbox].state in ("started", "stopped")
    return "settling" if busy and any(row.flight or row.lo != row.hi for row in rows) else "ok"


def operation_eta(state: State, operation: Operation, now: float) -> float | None:
    """When it is over, if everything takes as long as usual: the longest chain of steps still to come."""
    if operation.state != "running":
        return None
    ends: dict[str, float] = {}
    begun = [
        _remembered(state, name, record, operation)
        for name, record in operation.steps.items()
        if record.state in ("pending", "calling", "waiting", "backing-off")
    ]
    for step in sorted([*begun, *_to_come(state, operation)], key=lambda one: one.state == "pending"):
        began = max([now, *(ends.get(name, now) for name in step.depends_on)])
        if step.started_at is not None and step.state != "pending":
            began = step.started_at
        ends[step.id] = max(now, began + (step.usual or 0.5))
    gate = 2 * state.settings.relist_after if operation.verb in ("stop", "delete") else 0.0
    return max(ends.values(), default=now) + gate
