"""What operations remember of their steps: every running operation that a step belongs to keeps the same record."""

from msgspec import structs

from sandboxd.lifecycle.turn import Turn
from sandboxd.lifecycle.words import action_of, id_of, name_of
from sandboxd.model.keys import Key, is_shared, step_id
from sandboxd.model.records import Operation, StepRecord
from sandboxd.model.resource import Node, Row, Step
from sandboxd.planning.graph import entry, needs

_SAID = {
    "calling": "started", "waiting": "called", "done": "done", "backing-off": "backing-off", "failed": "failed",
    "dropped": "turned", "skipped": "skipped",
}  # fmt: skip


def depends_on(rows: dict[Key, Row], node: Node, at: int, step: Step) -> list[str]:
    """Ids of the steps that brought what a step from this state stands on."""
    if step.way != "raise":
        return []
    wanted = needs(node, at, step.to) + entry(node, at, step.to)
    out = {}
    for key, state in wanted:
        ground = rows[key]
        out[step_id(key, max(1, ground.generation), ground.node.states[state])] = True
    return list(out)


def begun(turn: Turn, key: Key, step: Step, action: str) -> None:
    """A step begins, or is taken up again."""
    row = turn.state.planner.rows[key]
    identifier = id_of(row, step)
    usual = row.node.up.get(step.to) if step.way == "raise" else row.node.down.get(row.hi)
    for name in turn.state.running:
        operation = turn.state.operations[name]
        if not turn.state.concerns(operation, key):
            continue
        known = operation.steps.get(identifier)
        operation.steps[identifier] = StepRecord(
            key=key, kind=row.node.kind, action=action, state="calling", started_at=turn.now, attempts=known.attempts + 1 if known else 1,
            depends_on=depends_on(turn.state.planner.rows, row.node, row.lo, step), usual=usual.expected if usual else None,
        )  # fmt: skip
        turn.changed_operation(operation)
    _say(turn, row, step, "calling", "", identifier)


def joined(turn: Turn, operation: Operation) -> None:
    """An operation takes part in the steps that are in flight already: it waits for them like the one that began them."""
    state = turn.state
    scope = state.scope_of(operation)
    for key in {**state.reach.get(scope, {}), **state.planner.of_scope.get(scope, {})}:
        row = state.rows[key]
        if row.flight is None:
            continue
        identifier = id_of(row, row.flight)
        for name in state.running:
            if name != operation.id and identifier in (known := state.operations[name].steps):
                operation.steps[identifier] = structs.replace(known[identifier])
                break


def became(turn: Turn, row: Row, step: Step, state: str, reason: str = "", *, identifier: str = "") -> None:
    """A step goes on, or ends; its id is taken before its end changes the row."""
    identifier = identifier or id_of(row, step)
    for name in turn.state.running:
        operation = turn.state.operations[name]
        record = operation.steps.get(identifier)
        if record is None:
            continue
        record.state, record.reason = state, reason
        record.ended_at = None if state in ("calling", "waiting") else turn.now
        turn.changed_operation(operation)
    _say(turn, row, step, state, reason, identifier)


def _say(turn: Turn, row: Row, step: Step, state: str, reason: str, identifier: str) -> None:
    key = row.node.key
    action = action_of(row.node.kind, step, row.lo) if state == "calling" else step.way
    scope = "" if is_shared(key) else key.split("/")[1]
    operation = turn.state.sandboxes[scope].operation if scope in turn.state.sandboxes else ""
    what = f"{name_of(row)}: {action if state == 'calling' else _SAID[state]}"
    turn.say(
        f"step.{_SAID[state]}", f"{what}{f': {reason}' if reason else ''}", step_id=identifier,
        sandbox_id=scope if scope in turn.state.sandboxes else "", operation_id=operation,
    )  # fmt: skip
