"""What listings found: proofs of a gate and late surveys. What is ours and should not be there becomes a fact.

Then the rules run again. What comes back however often it is removed does not converge: the operation stops, and a
person is told what it is. What is not ours is remembered for people, and touched by nobody.
"""

from sandboxd.lifecycle.commands import hold
from sandboxd.lifecycle.messages import Found, Proved, Surveyed, Unmanaged
from sandboxd.lifecycle.turn import Turn
from sandboxd.lifecycle.words import name_of
from sandboxd.model.keys import Key, extra_key
from sandboxd.model.records import Operation
from sandboxd.model.resource import Mark, Node, Row
from sandboxd.planning.graph import needs

MOST_ROUNDS = 5
"""times that one thing is removed for one operation before a person is asked"""


def proved(turn: Turn, message: Proved) -> None:
    """A proof is done: what it found becomes a fact, an empty one counts."""
    state = turn.state
    operation = state.operations.get(message.operation)
    if operation is None or operation.proof != message.number or not operation.proving:
        return
    operation.proving = False
    turn.changed_operation(operation)
    state.watch.pop(operation.id, None)
    if message.failed:
        operation.empty, operation.due = 0, turn.now + state.settings.relist_after
        operation.reason = message.failed
        if message.lasting:
            _cannot_prove(turn, operation)
            return
    elif taken := [(one, key) for one in message.found if (key := _take_in(turn, one))]:
        operation.empty, operation.due = 0, None
        for one, key in taken:
            _count(turn, operation, one, key)
    else:
        operation.empty += 1
        operation.due = turn.now + state.settings.relist_after if operation.empty == 1 else None
        operation.reason = ""
    if not message.failed:
        _remember(turn, message.unmanaged)
    state.arm(operation.id, operation.due)


def _cannot_prove(turn: Turn, operation: Operation) -> None:
    """What may not be listed is not gone: the operation fails, and its retry lists again."""
    operation.due, operation.code = None, "listing_denied"
    turn.move(operation, "fail")
    turn.over(operation, "failed", operation.reason)
    hold(turn, operation)


def surveyed(turn: Turn, message: Surveyed) -> None:
    """A late listing, or a look at what is at rest, is done; a failed one is repeated by its alarm."""
    for one in message.found:
        _take_in(turn, one)
    if message.unmanaged is None or message.failed:
        return
    _remember(turn, message.unmanaged)
    if turn.state.account.recheck_at is not None:
        turn.rechecked()


def _remember(turn: Turn, unmanaged: tuple[Unmanaged, ...]) -> None:
    account = turn.state.account
    if account.unmanaged != unmanaged:
        account.unmanaged = unmanaged
        turn.decision.account_changed = True


def _count(turn: Turn, operation: Operation, found: Found, key: Key) -> None:
    """The first time it is simply removed; then with pauses, because listings lag; at last a person is asked."""
    rounds = operation.found[found.id] = operation.found.get(found.id, 0) + 1
    if rounds == 1:
        return
    mark = turn.state.planner.rows[key].marks.setdefault("lower", Mark())
    mark.code, mark.waits = "still_there", True
    mark.until = turn.now + turn.state.settings.relist_after if rounds <= MOST_ROUNDS else None
    what = f"{found.kind} {found.id} was removed or stopped {rounds - 1} times, and AWS still lists it"
    mark.reason = what if mark.until else f"{what}: find out what holds or starts it, then retry"
    turn.changed(key)
    turn.state.planner.touch(key)


# ---- one thing
def _take_in(turn: Turn, found: Found) -> Key | None:
    """Make a fact of something that should not be there; return the key of its row, or None where nothing changes."""
    rows = turn.state.planner.rows
    row = rows.get(found.key)
    if row is None:
        return _begin(turn, found, found.key)
    if row.flight is not None and not row.facts.get("id"):
        return None  # its own step is about to say which one it is
    if row.hi and row.facts.get("id", found.id) == found.id:
        return _higher(turn, found, row)
    if _is_regained(turn, row, found):
        return _regain(turn, found, row)
    if row.hi or row.flight is not None or turn.state.planner.view().want[found.key]:
        return _begin(turn, found, extra_key(found.key, found.id))
    return _put(turn, found, row)


def _begin(turn: Turn, found: Found, key: Key) -> Key | None:
    rows = turn.state.planner.rows
    if key not in rows:
        turn.state.planner.add(Row(node=_node_of(turn, found, key)))
    elif rows[key].hi or rows[key].flight is not None:
        return None  # it is being removed
    return _put(turn, found, rows[key])


def _put(turn: Turn, found: Found, row: Row) -> Key:
    """It may be there, in any state: desired by nobody, so it is removed."""
    row.hi, row.generation = _top(found, row.node), max(row.generation, found.generation)
    row.facts = {"id": found.id} | found.facts
    about = f" ({found.about})" if found.about else ""
    return _told(turn, row, f"{found.kind} {found.id}{about} was found and is removed")


def _higher(turn: Turn, found: Found, row: Row) -> Key | None:
    """It is there, and may be more than we hold: a start that landed after the stop."""
    top = _top(found, row.node)
    if row.flight is not None or found.state is None or top <= row.hi:
        return None
    row.hi, row.facts = top, row.facts | found.facts
    words = f"{row.node.states[top]}, not {row.node.states[row.lo]}"
    return _told(turn, row, f"{found.kind} {found.id} was found {words}")


def _is_regained(turn: Turn, row: Row, found: Found) -> bool:
    """What bears data and was taken for lost is not removed behind anybody's back."""
    mark, rows = row.marks.get("raise"), turn.state.planner.rows
    if mark is None or mark.code != "lost" or row.hi or not row.node.data or row.generation != found.generation:
        return False
    return all(rows[ground].lo >= state for ground, state in needs(row.node, 0, _top(found, row.node)))


def _regain(turn: Turn, found: Found, row: Row) -> Key:
    row.facts = {"id": found.id} | found.facts
    row.marks.clear()
    turn.state.planner.regained(row.node.key, _top(found, row.node))
    return _told(turn, row, f"{name_of(row)} is there after all: {found.id}")


def _told(turn: Turn, row: Row, words: str) -> Key:
    turn.state.planner.touch(row.node.key)
    turn.changed(row.node.key)
    turn.unwatch()
    turn.say("step.found", words)
    return row.node.key


def _top(found: Found, node: Node) -> int:
    return len(node.states) - 1 if found.state is None else min(found.state, len(node.states) - 1)


def _node_of(turn: Turn, found: Found, key: Key) -> Node:
    """What is found stands on nothing that we know; its states, edges and price are its kind's."""
    spec = turn.state.settings.kinds.get(found.kind)
    if spec is None:
        return Node(key=key, kind=found.kind)
    return Node(key=key, kind=found.kind, states=spec.states, edges=spec.edges, down=spec.down, prices=spec.prices)
