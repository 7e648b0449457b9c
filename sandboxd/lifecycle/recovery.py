"""The first message of a life: what was in flight is taken up, what was being proved is proved again.

Between two lives the wall clock may have been set, either way, and nobody knows by how much. So no moment that a former
life noted is relied on: what was unknown is unknown as of now, and what lies further ahead than it can is brought near.
"""

from msgspec import structs

from sandboxd.lifecycle import blocked
from sandboxd.lifecycle.messages import Start
from sandboxd.lifecycle.state import State
from sandboxd.lifecycle.turn import Turn
from sandboxd.model.keys import Key
from sandboxd.model.records import Operation
from sandboxd.model.resource import Intent, Row


def recovered(turn: Turn) -> None:
    """Go on where the last life ended."""
    state = turn.state
    if state.account.recheck_at is not None:
        _recheck(turn, state)
    for key, row in list(state.planner.rows.items()):
        goes_on = blocked.take_up(turn, row)
        if _brought_here(turn, row, sent=goes_on and not row.waiting):
            turn.changed(key)
        if goes_on:
            _take_up(turn, key, row)
    for name in state.running:
        _go_on(turn, state.operations[name])
    turn.unwatch()


def _take_up(turn: Turn, key: Key, row: Row) -> None:
    assert row.flight is not None
    row.since, row.waiting, row.late = turn.now, False, False
    turn.changed(key)
    turn.decision.starts.append(Start(key=key, step=row.flight, generation=row.generation, run=row.run, resumed=True))


def _brought_here(turn: Turn, row: Row, *, sent: bool) -> bool:
    """Bring the moments of a row into this life; return whether any changed. `sent`: its call may have left, unanswered."""
    before, latest = row.intent, turn.now + turn.state.settings.longest_back_off
    if before is not None:
        row.intent = as_of_now(before, turn.now, sent=sent)
        if sent:
            turn.recheck(turn.now + turn.state.settings.watch)
    late = [mark for mark in row.marks.values() if mark.until is not None and mark.until > latest]
    for mark in late:
        mark.until = latest
    return bool(late) or row.intent != before


def as_of_now(intent: Intent, now: float, *, sent: bool) -> Intent:
    """What may still land may do so for as long as if its outcome had become unknown now."""
    return structs.replace(
        intent,
        rendered_at=min(intent.rendered_at, now),
        unknown_at=now if sent or intent.unknown_at is not None else None,
        opposite_at=now if intent.opposite_at is not None else None,
    )


def _go_on(turn: Turn, operation: Operation) -> None:
    latest = turn.now + turn.state.settings.relist_after
    if not operation.proving and (operation.due is None or operation.due <= latest):
        return
    if operation.proving:
        operation.proving = False
        operation.proof += 1
    else:
        operation.due = latest
        turn.state.arm(operation.id, latest)
    turn.changed_operation(operation)


def _recheck(turn: Turn, state: State) -> None:
    """The late listing comes no sooner than after what the last life sent has landed, and no later than it ever does."""
    at = state.account.recheck_at or 0.0
    state.account.recheck_at = None
    turn.recheck(min(max(at, turn.now + state.settings.landed), turn.now + state.settings.watch))
