"""Steps that the present program does not know: a row of a kind that another version wrote.

Such a step is neither started nor failed. Its operation is *blocked*, visibly, and goes on by itself under a version that
knows the kind; everything else goes on meanwhile, and it can be cancelled, superseded and deleted like any other.
"""

from sandboxd.lifecycle.state import State
from sandboxd.lifecycle.turn import Turn
from sandboxd.lifecycle.words import name_of
from sandboxd.model.keys import Key
from sandboxd.model.records import Operation
from sandboxd.model.resource import Mark, Row, Way

UNKNOWN = "step_unknown"


def block(turn: Turn, row: Row, way: Way) -> None:
    """A step of an unknown kind is due: it waits for another version."""
    words = f"this version of sandboxd does not know the kind {row.node.kind!r}: install one that does, or cancel"
    row.marks["lower" if way == "lower" else "raise"] = Mark(code=UNKNOWN, reason=words)
    turn.changed(row.node.key)
    turn.state.planner.touch(row.node.key)
    turn.say("step.blocked", f"{name_of(row)}: {words}")


def note(turn: Turn, operation: Operation, marked: list[Key]) -> bool:
    """If unknown steps are all that an operation waits for, it is blocked; return whether it is."""
    rows = turn.state.planner.rows
    if not all(mark.code == UNKNOWN for key in marked for mark in rows[key].marks.values() if mark.waits):
        return False
    if operation.code != UNKNOWN:
        first = rows[marked[0]]
        operation.code, operation.reason = UNKNOWN, next(mark.reason for mark in first.marks.values() if mark.waits)
        turn.changed_operation(operation)
        turn.say("operation.blocked", f"{operation.verb} is blocked: {operation.reason}", operation_id=operation.id)
    return True


def take_up(turn: Turn, row: Row) -> bool:
    """A new life: forget that a kind was unknown where it is known now. Return whether its step in flight goes on."""
    if not turn.state.knows(row):
        if row.flight is not None:
            way = row.flight.way
            turn.state.planner.between(row.node.key)
            block(turn, row, way)
        return False
    for direction in [name for name, mark in row.marks.items() if mark.code == UNKNOWN]:
        del row.marks[direction]
        turn.changed(row.node.key)
        turn.state.planner.touch(row.node.key)
    return row.flight is not None


def is_blocked(state: State, operation: Operation) -> bool:
    """Whether something that a running operation concerns is of an unknown kind."""
    return any(not state.knows(row) and state.concerns(operation, key) for key, row in state.rows.items())
