"""Why something waits: a chain from what was asked about to what everything waits for. Reads only."""

from msgspec import Struct

from sandboxd.lifecycle.blocked import UNKNOWN
from sandboxd.lifecycle.judging import unfinished
from sandboxd.lifecycle.state import State
from sandboxd.lifecycle.words import name_of
from sandboxd.model.keys import Key
from sandboxd.model.records import Operation
from sandboxd.model.resource import Row


class Link(Struct, frozen=True, kw_only=True):
    """One reason; `key` is the resource, where it is about one."""

    subject: str
    text: str
    key: Key = ""
    since: float | None = None
    usual: float | None = None
    next_attempt_at: float | None = None


OVERDUE = 2
"""times its usual time after which something in flight is overdue"""


def is_overdue(since: float | None, usual: float | None, now: float) -> bool:
    """Whether something takes far longer than such things do."""
    return bool(since and usual) and now > (since or 0.0) + OVERDUE * (usual or 0.0)


def overdue(state: State, now: float) -> int:
    """How many steps in flight take far longer than usual: what waits behind them waits with them."""
    links = (_link(state, key, ()) for key, row in state.rows.items() if row.flight is not None)
    return sum(is_overdue(link.since, link.usual, now) for link in links)


def why(state: State, identifier: str) -> list[Link]:
    """The chain of reasons for a sandbox, an operation or a tenant; one link where nothing waits."""
    operation = _operation(state, identifier)
    if operation is None:
        return [Link(subject=identifier, text="nothing was asked of it")]
    if operation.state != "running":
        troubles = _troubles(state, operation) if operation.state == "succeeded" else []
        said = f": {operation.reason}" if operation.reason else ""
        rest = "" if troubles else "; nothing waits"
        return [Link(subject=f"operation {operation.verb}", text=f"{operation.state}{said}{rest}"), *troubles]
    return [
        Link(subject=f"operation {operation.verb}", text="is running", since=operation.started_at),
        *_chain(state, operation),
    ]


def _troubles(state: State, operation: Operation) -> list[Link]:
    """What of a sandbox that is there waits for a person all the same."""
    keys = {**state.reach.get(operation.target, {}), **state.planner.of_scope.get(operation.target, {})}
    waiting = [key for key in keys if any(m.waits and m.until is None for m in state.rows[key].marks.values())]
    return [Link(subject=name_of(state.rows[key]), text=_said(state.rows[key])) for key in waiting]


def _said(row: Row) -> str:
    return "; ".join(f"{mark.reason}; waits for a person" for mark in row.marks.values() if mark.waits)


def _operation(state: State, identifier: str) -> Operation | None:
    if identifier in state.sandboxes:
        return state.operations.get(state.sandboxes[identifier].operation)
    if identifier in state.operations:
        return state.operations[identifier]
    return next((one for one in reversed(state.operations.values()) if one.target == identifier), None)


def _chain(state: State, operation: Operation) -> list[Link]:
    view = state.planner.view()
    todo = list(unfinished(state, operation, view))
    if not todo:
        return [_gate(operation)]
    starts = [key for key in todo if state.rows[key].flight is not None]
    key: Key | None = _latest(state, starts) if starts else todo[-1]
    out: list[Link] = []
    seen: dict[Key, bool] = {}
    while key is not None and key not in seen:
        seen[key] = True
        verdict = state.planner.verdict(key, view)
        out.append(_link(state, key, verdict.blockers))
        flying = [one for one in verdict.blockers if state.rows[one].flight is not None]
        key = next(iter([*flying, *verdict.blockers]), None)
    return out


def _latest(state: State, keys: list[Key]) -> Key:
    """Of what is in flight, what usually takes longest from now."""

    def left(key: Key) -> float:
        row = state.rows[key]
        usual = (
            row.node.up.get(row.flight.to) if row.flight and row.flight.way == "raise" else row.node.down.get(row.hi)
        )
        return row.since + (usual.expected if usual else 0.0)

    return max(keys, key=left)


def _gate(operation: Operation) -> Link:
    if operation.proving:
        return Link(subject="proof", text="AWS is listed, to prove that nothing is left")
    words = (
        "a second listing must find nothing either" if operation.empty else "a listing will prove that nothing is left"
    )
    return Link(subject="proof", text=words, next_attempt_at=operation.due)


def _link(state: State, key: Key, blockers: tuple[Key, ...]) -> Link:
    row = state.rows[key]
    subject = name_of(row)
    if row.flight is not None:
        usual = row.node.up.get(row.flight.to) if row.flight.way == "raise" else row.node.down.get(row.hi)
        words = "waits for AWS" if row.waiting else "is being asked of AWS"
        goal = row.node.states[row.flight.to]
        return Link(
            subject=subject, text=f"{words} to be {goal}", key=key, since=row.started_at, usual=usual.expected if usual else None
        )  # fmt: skip
    for mark in row.marks.values():
        if mark.waits:
            times = f"failed {mark.attempts} time{'s' * (mark.attempts != 1)}: " if mark.attempts else ""
            words = f"{times}{mark.reason}"
            rest = (
                "is tried again"
                if mark.until
                else f"is blocked ({UNKNOWN})"
                if mark.code == UNKNOWN
                else "waits for a retry"
            )
            return Link(subject=subject, text=f"{words}; {rest}", key=key, next_attempt_at=mark.until)
    names = ", ".join(name_of(state.rows[one]) for one in blockers[:3])
    return Link(subject=subject, text=f"waits for {names}" if names else "is due", key=key)
