"""The first message of a life: what was in flight is taken up, what was being proved is proved again.

Between two lives the wall clock may have been set, either way. What a former life noted of when is moved into the present
clock first, so that no wait ends early or lasts a day. What people asked for by date keeps its date.
"""

from msgspec import structs

from sandboxd.lifecycle import blocked
from sandboxd.lifecycle.messages import Recovered, Start
from sandboxd.lifecycle.turn import Turn
from sandboxd.model.keys import Key
from sandboxd.model.resource import MADE_AT, Intent, Row


def recovered(turn: Turn, message: Recovered) -> None:
    """Go on where the last life ended."""
    state = turn.state
    if message.shift:
        _move(turn, message.shift)
    if state.account.state == "assigned":
        turn.prepare(state.settings.prepared)
    for key, row in list(state.planner.rows.items()):
        if blocked.take_up(turn, row):
            _take_up(turn, key, row)
    for operation in (state.operations[name] for name in state.running):
        if operation.proving:
            operation.proving = False
            operation.proof += 1
            turn.changed_operation(operation)
    turn.unwatch()


def _take_up(turn: Turn, key: Key, row: Row) -> None:
    """What was not answered may have been sent: it is unknown as of now."""
    assert row.flight is not None
    if row.intent is not None and not row.waiting:
        row.intent = structs.replace(row.intent, unknown_at=turn.now)
        turn.recheck(turn.now + turn.state.settings.watch)
    row.since, row.waiting, row.late = turn.now, False, False
    turn.changed(key)
    turn.decision.starts.append(Start(key=key, step=row.flight, generation=row.generation, run=row.run, resumed=True))


# ---- a clock that was set
def _move(turn: Turn, shift: float) -> None:
    """Move every moment of the account by this many seconds."""
    state = turn.state
    for key, row in state.planner.rows.items():
        _move_row(row, shift)
        turn.changed(key)
    for record in state.sandboxes.values():
        record.cost_at += shift
        turn.changed_scope(record.id)
    for operation in (state.operations[name] for name in state.running):
        if operation.due is not None:
            operation.due += shift
            state.arm(operation.id, operation.due)
            turn.changed_operation(operation)
    moments = (state.account.recheck_at, state.account.recheck_last)
    state.account.recheck_at = state.account.recheck_last = None
    for at in moments:
        if at is not None:
            turn.recheck(at + shift)


def _move_row(row: Row, shift: float) -> None:
    row.since += shift
    row.started_at += shift
    row.intent = row.intent and _moved(row.intent, shift)
    if MADE_AT in row.facts:
        row.facts = {**row.facts, MADE_AT: f"{float(row.facts[MADE_AT]) + shift:.0f}"}
    for mark in row.marks.values():
        mark.until = None if mark.until is None else mark.until + shift


def _moved(intent: Intent, shift: float) -> Intent:
    return structs.replace(
        intent,
        rendered_at=intent.rendered_at + shift,
        unknown_at=None if intent.unknown_at is None else intent.unknown_at + shift,
        opposite_at=None if intent.opposite_at is None else intent.opposite_at + shift,
    )
