"""What became of steps, looks and proofs: facts change, marks are set, nothing is decided about operations here."""

import hashlib

from msgspec import structs

from sandboxd.lifecycle import elsewhere, steps
from sandboxd.lifecycle.messages import Called, Ended, Look, Lost, Strayed, Unknown, Untied
from sandboxd.lifecycle.state import RECHECK, deadline_of
from sandboxd.lifecycle.turn import Turn
from sandboxd.lifecycle.words import id_of, name_of
from sandboxd.model.keys import Key, is_extra, is_shared, scope_of
from sandboxd.model.resource import Mark, Row, Step, Way

UNTIED = "untied"
"""code of the mark on what is not tied any more to what it was made with"""


def _flying(turn: Turn, key: Key, run: int) -> tuple[Row, Step] | None:
    """The row and step in flight, if the message is of this very attempt."""
    row = turn.state.planner.rows.get(key)
    if row is None or row.run != run or row.flight is None:
        return None
    return row, row.flight


def called(turn: Turn, message: Called) -> None:
    """The call is answered: its facts are kept, only reads are left."""
    if (found := _flying(turn, message.key, message.run)) is None:
        return
    row, step = found
    row.waiting = True
    row.facts = row.facts | message.facts
    turn.changed(message.key)
    turn.state.planner.touch(message.key)
    steps.became(turn, row, step, "waiting")


def unknown(turn: Turn, message: Unknown) -> None:
    """Nobody knows what became of the call: kept with the intent until it is resolved."""
    found = _flying(turn, message.key, message.run)
    intent = found[0].intent if found is not None else None
    if found is None or intent is None:
        return
    found[0].intent = structs.replace(intent, unknown_at=message.at)
    turn.changed(message.key)
    turn.recheck(message.at + turn.state.settings.watch)


def ended(turn: Turn, message: Ended) -> None:
    """An attempt is over."""
    if (found := _flying(turn, message.key, message.run)) is None:
        return
    row, step = found
    way: Way = "lower" if step.way == "lower" else "raise"
    planner = turn.state.planner
    if message.left == "done":
        steps.became(turn, row, step, "done")
        row.facts = row.facts | message.facts
        planner.done(message.key)
        row.intent = row.intent if row.intent is not None and row.intent.may_land else None
        if way == "lower" or row.lo:
            row.marks.pop(way, None)
    else:
        _unfinished(turn, row, step, way, message)
    turn.changed(message.key)
    if not row.hi and (is_extra(message.key) or turn.state.is_orphan(message.key)):
        planner.drop(message.key)
        turn.state.arm(message.key, None)
        turn.unwatch()


def _unfinished(turn: Turn, row: Row, step: Step, way: Way, message: Ended) -> None:
    planner, identifier = turn.state.planner, id_of(row, step)
    bore_data = row.lo > 0 and row.node.data
    match message.left:
        case "nothing":
            planner.refused(message.key)
        case "absent":
            planner.absent(message.key)
            _with_it(turn, message.key)
        case "spoiled":
            row.facts = row.facts | message.facts
            planner.between(message.key, spoiled=True)
        case _:
            row.facts = row.facts | message.facts
            planner.between(message.key)
    may_land = row.intent is not None and row.intent.may_land
    if message.left != "between" and not (message.left == "spoiled" and may_land):
        row.intent = None
    if elsewhere.moved(turn, row, step, message):
        planner.touch(message.key)
        steps.became(turn, row, step, "backing-off", message.reason or message.code, identifier=identifier)
        return
    mark = _lost_data(turn, row, message) if bore_data and message.left == "absent" else _mark(turn, row, way, message)
    planner.touch(message.key)
    state = "failed" if mark.until is None and mark.waits else "backing-off"
    steps.became(turn, row, step, state, message.reason or message.code, identifier=identifier)


def _lost_data(turn: Turn, row: Row, message: Ended) -> Mark:
    """It stood, and is gone: what bears data is never made anew by rule, whichever way it was going."""
    turn.recheck(turn.now)
    row.marks["raise"] = Mark(code="lost", reason=message.reason or "lost")
    return row.marks["raise"]


def _mark(turn: Turn, row: Row, way: Way, message: Ended) -> Mark:
    settings = turn.state.settings
    mark = row.marks.setdefault(way, Mark())
    mark.attempts += not message.outage
    mark.code, mark.reason, mark.waits, mark.until = message.code, message.reason or message.code, True, None
    orphan = turn.state.is_orphan(row.node.key)
    if orphan or message.outage or (message.how == "temporary" and mark.attempts < settings.attempts):
        after = max(message.after, 1.0) if orphan else message.after
        longest = min(after * 2 ** max(0, min(mark.attempts - 1, 10)), settings.longest_back_off)
        mark.waits = after > 0
        mark.until = turn.now + longest * _jitter(row) if mark.waits else None
    return mark


def _jitter(row: Row) -> float:
    """A share of the back-off, full but for a tenth: from the key and run, so that a history is reproducible."""
    digest = hashlib.blake2b(f"{row.node.key} {row.run}".encode(), digest_size=4).digest()
    return 0.1 + 0.9 * int.from_bytes(digest, "big") / 2**32


# ---- drift
def lost(turn: Turn, message: Lost) -> None:
    """A look found less than is held; what bears data is never made anew by rule."""
    row = turn.state.planner.rows.get(message.key)
    if row is None or row.generation != message.generation or row.flight is not None or not row.hi:
        return
    if message.state >= row.lo or message.run not in (None, row.run):
        return
    planner, gone = turn.state.planner, message.state == 0
    heals = _heals(turn, row, gone=gone)
    planner.vanished(message.key) if gone else planner.lowered(message.key, message.state)
    if gone:
        _with_it(turn, message.key)
    word = "lost" if gone else "drifted"
    if gone and row.node.data:
        # reads may be stale: another one, of everything, before a person is troubled for nothing
        turn.recheck(turn.now)
    if not heals:
        row.marks["raise"] = Mark(code=word, reason=message.reason or word)
        planner.touch(message.key)
    turn.changed(message.key)
    scope = scope_of(message.key)
    what = f"{name_of(row)} {'is gone' if gone else 'was changed by somebody else'}: {message.reason}"
    turn.say(f"step.{word}", what, sandbox_id=scope if scope in turn.state.sandboxes else "")
    turn.unwatch()


def _with_it(turn: Turn, key: Key) -> None:
    """What was missed before it was known that its ground is gone went with it, and waits for nobody."""
    planner = turn.state.planner
    for x in planner.above.get(key, ()):
        row, mark = planner.rows[x], planner.rows[x].marks.get("raise")
        if mark is not None and mark.code == "lost" and not row.hi and not row.node.data:
            del row.marks["raise"]
            planner.touch(x)
            turn.changed(x)


def strayed(turn: Turn, message: Strayed) -> None:
    """What a machine runs was changed by somebody else."""
    turn.say("step.drifted", message.reason)


def untied(turn: Turn, message: Untied) -> None:
    """What bears data is not made anew to be tied again: a person is told how, and once it is done that is seen."""
    row = turn.state.planner.rows.get(message.key)
    if row is None or row.generation != message.generation or row.flight is not None or not row.lo:
        return
    mark = row.marks.get("raise")
    if (mark is not None and mark.code != UNTIED) or message.reason == (mark.reason if mark is not None else ""):
        return
    if message.reason:
        row.marks["raise"] = Mark(code=UNTIED, reason=message.reason)
    else:
        del row.marks["raise"]
    turn.state.planner.touch(message.key)
    turn.changed(message.key)
    scope = scope_of(message.key)
    words = message.reason or "is as it was made"
    turn.say("step.drifted", f"{name_of(row)}: {words}", sandbox_id=scope if scope in turn.state.sandboxes else "")


def _heals(turn: Turn, row: Row, *, gone: bool) -> bool:
    record = turn.state.sandboxes.get(scope_of(row.node.key))
    heal = record.blueprint.heal if record is not None else {}
    if gone and not row.node.data and any(turn.state.planner.is_lost(*bond) for bond in row.on.items()):
        return True  # it went with what it stood on
    if gone:
        return not row.node.data and (heal.get("shared", True) if is_shared(row.node.key) else heal.get("remake", True))
    return heal.get("start", True)


# ---- time
def tick(turn: Turn) -> None:
    """Moments that have come: back-offs are over, deadlines passed, proofs due."""
    state = turn.state
    for name in list(state.rung(turn.now)):
        if name == RECHECK:
            state.account.recheck_at = None
            turn.recheck(turn.now + state.settings.relist_after)  # again, should this one never be answered
            turn.decision.survey = True
        elif name in state.operations:
            operation = state.operations[name]
            operation.due = None
            state.watch.pop(name, None)
            turn.changed_operation(operation)
        elif name in state.planner.rows:
            _row_due(turn, name)


def _row_due(turn: Turn, key: Key) -> None:
    row = turn.state.planner.rows[key]
    if row.flight is not None and not row.late and deadline_of(turn.state, row) <= turn.now:
        row.late = True
        turn.decision.looks.append(Look(key=key, run=row.run))
    for mark in row.marks.values():
        if mark.waits and mark.until is not None and mark.until <= turn.now:
            mark.waits = False
    turn.changed(key)
    turn.state.planner.touch(key)
