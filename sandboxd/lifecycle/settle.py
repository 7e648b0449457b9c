"""After each message: the rules start what may start, and operations are judged, until nothing moves.

An operation that is not over names what it waits for and is judged again when that changes. It fails when nothing of
it is in flight and everything that remains waits, through whatever chain, for a permanent mark.
"""

from collections.abc import Iterable
from itertools import chain

from msgspec import structs

from sandboxd.lifecycle import blocked, steps
from sandboxd.lifecycle.commands import hold
from sandboxd.lifecycle.judging import unfinished, waits_for
from sandboxd.lifecycle.messages import Proof, Start
from sandboxd.lifecycle.messages import Turn as TurnRound
from sandboxd.lifecycle.turn import Turn
from sandboxd.lifecycle.words import action_of, name_of
from sandboxd.model.keys import SHARED, Key, is_shared, scope_of
from sandboxd.model.records import Operation
from sandboxd.model.resource import Step
from sandboxd.planning.graph import View
from sandboxd.planning.planner import Turned


def settle(turn: Turn) -> None:
    """Start and judge until nothing moves."""
    moved = True
    while moved:
        moved = _start(turn)
        _wake(turn)
        for name in list(turn.state.running):
            if name not in turn.state.watch:
                moved = _judge(turn, turn.state.operations[name]) or moved
    turn.decision.wake_at = turn.state.next_alarm()


# ---- steps
def _start(turn: Turn) -> bool:
    moved = False
    for key, step in turn.state.planner.due():
        moved = True
        if isinstance(step, Turned):
            _turn_round(turn, key)
        else:
            _begin(turn, key, step)
    return moved


def _turn_round(turn: Turn, key: Key) -> None:
    row = turn.state.planner.rows[key]
    assert row.flight is not None
    turn.decision.turns.append(TurnRound(key=key, run=row.run))
    steps.became(turn, row, row.flight, "dropped", "no longer wanted")
    turn.state.planner.turned(key)
    turn.changed(key)


def _begin(turn: Turn, key: Key, step: Step) -> None:
    planner = turn.state.planner
    row = planner.rows[key]
    if not turn.state.knows(row):
        blocked.block(turn, row, step.way)
        return
    action = action_of(row.node.kind, step, row.lo)
    resumed = row.hi > row.lo
    planner.started(key, step)
    row.since = row.started_at = turn.now
    turn.changed(key)
    steps.begun(turn, key, step, action)
    if row.skip and step.way == "raise":
        steps.became(turn, row, step, "skipped")
        planner.done(key)
        turn.changed(key)
        return
    turn.decision.starts.append(Start(key=key, step=step, generation=row.generation, run=row.run, resumed=resumed))


def _wake(turn: Turn) -> None:
    """Operations that wait for what changed are judged again."""
    state, planner = turn.state, turn.state.planner
    for key in planner.news:
        for name in (key, scope_of(key), SHARED):
            turn.wake(name)
        if key in planner.rows and planner.rows[key].node.to_enter:
            turn.wake(f"entry {scope_of(key)}")
    for key in planner.goals:
        for name in _concerned(turn, key):
            state.watch.pop(name, None)
    planner.news.clear()
    planner.goals.clear()


def _concerned(turn: Turn, key: Key) -> Iterable[str]:
    state = turn.state
    if is_shared(key):
        return list(state.running)
    record = state.sandboxes.get(scope_of(key))
    return [record.operation] if record is not None else []


# ---- operations
def _judge(turn: Turn, operation: Operation) -> bool:
    """Whether this operation is over; True when something changed."""
    if operation.cancelling:
        return _judge_cancelled(turn, operation)
    view = turn.state.planner.view()
    todo = unfinished(turn.state, operation, view)
    if (first := next(todo, None)) is None:
        return _judge_there(turn, operation)
    if operation.proving or operation.due is not None or operation.empty:
        operation.proving, operation.empty, operation.due = False, 0, None
        operation.proof += 1
        turn.state.arm(operation.id, None)
        turn.changed_operation(operation)
    return _judge_waiting(turn, operation, view, chain([first], todo))


def _judge_cancelled(turn: Turn, operation: Operation) -> bool:
    planner, scope = turn.state.planner, turn.state.scope_of(operation)
    for key in {**turn.state.reach.get(scope, {}), **planner.of_scope.get(scope, {})}:
        flight = planner.rows[key].flight
        if flight is None or _is_others(turn, key, flight):
            continue
        turn.watch(operation, key)
        return False
    operation.reason = "cancelled"
    turn.move(operation, "fail")
    turn.over(operation, "cancelled", "cancelled")
    return True


def _is_others(turn: Turn, key: Key, flight: Step) -> bool:
    """Whether another root desires what is in flight."""
    return is_shared(key) and flight.way != "lower" and turn.state.planner.demand[key] >= flight.to


def _judge_there(turn: Turn, operation: Operation) -> bool:
    if operation.verb in ("stop", "delete") and operation.empty < 2:  # noqa: PLR2004 - two empty listings
        turn.watch(operation, operation.target, SHARED)
        if operation.proving or operation.due is not None:
            return False
        operation.proof += 1
        operation.proving = True
        turn.changed_operation(operation)
        turn.decision.proofs.append(Proof(operation=operation.id, sandbox=operation.target, number=operation.proof))
        return True
    turn.move(operation, "there")
    turn.over(operation, "succeeded")
    if operation.verb == "delete":
        _forget(turn, operation.target)
    return True


def _forget(turn: Turn, sandbox: str) -> None:
    """A deleted sandbox keeps its record, not its rows."""
    state = turn.state
    for key in list(state.planner.of_scope.get(sandbox, ())):
        state.planner.drop(key)
        state.arm(key, None)
    record = state.sandboxes[sandbox]
    record.blueprint = structs.replace(record.blueprint, nodes=(), started=(), kept=())
    state.reach.pop(sandbox, None)
    turn.changed_scope(sandbox)


def _judge_waiting(turn: Turn, operation: Operation, view: View, todo: Iterable[Key]) -> bool:
    """Follow what it waits for to something in flight or backing off; else it has failed."""
    scope = turn.state.scope_of(operation)
    marked: list[Key] = []
    seen: list[Key] = []
    for key, row, verdict in waits_for(turn.state, view, todo):
        seen.append(key)
        backing_off = verdict.mark and row.marks[verdict.mark].until is not None
        if row.flight is not None or verdict.step is not None or backing_off:
            turn.watch(operation, key, f"entry {scope}", f"entry {SHARED}")
            return False
        if verdict.mark:
            marked.append(key)
    assert marked, ("an operation waits without a reason", operation.id, seen)
    if blocked.note(turn, operation, marked):
        turn.watch(operation, *marked)
        return False
    _fail(turn, operation, marked)
    return True


def _fail(turn: Turn, operation: Operation, marked: list[Key]) -> None:
    row = turn.state.planner.rows[marked[0]]
    words = "; ".join(mark.reason for mark in row.marks.values() if mark.waits)
    operation.reason = f"{name_of(row)}: {words}"
    operation.code = next((mark.code for mark in row.marks.values() if mark.waits), "")
    turn.move(operation, "fail")
    turn.over(operation, "failed", operation.reason)
    operation.stands_on = tuple(marked)
    hold(turn, operation)
