"""What a command would do: the same rules, run from a copy of the present state with usual durations. Touches nothing."""

import heapq
import itertools
from collections.abc import Mapping

from msgspec import Struct

from sandboxd.lifecycle.decide import decide
from sandboxd.lifecycle.messages import Command, Create, Decision, Ended, Proved, Start, Tick
from sandboxd.lifecycle.state import State
from sandboxd.lifecycle.views import steps_of
from sandboxd.model.resource import Row

CALL = 0.5
FOREVER = 10_000
_ORDER = itertools.count()
"""breaks ties of the same moment: first come, first served"""


class PlannedStep(Struct, frozen=True, kw_only=True):
    """A step with its seconds from the beginning."""

    id: str
    kind: str
    action: str
    depends_on: tuple[str, ...]
    starts: float
    ends: float
    usual: float


class Forecast(Struct, frozen=True, kw_only=True):
    """Steps in order, seconds expected and nearly always enough, and what changes of the bill per hour."""

    steps: list[PlannedStep]
    expected: float
    p90: float
    marginal_per_hour: float
    per_hour_running: float
    per_hour_stopped: float


def forecast(state: State, message: Create | Command, now: float) -> Forecast:
    """Return what would happen; raise Conflict where the command would be refused."""
    expected, steps, after = _play(state, message, now, slow=False)
    p90, _, _ = _play(state, message, now, slow=True)
    running, stopped = _bill(after, message.sandbox)
    return Forecast(
        steps=steps,
        expected=expected,
        p90=p90,
        marginal_per_hour=_cost(after) - _cost(state),
        per_hour_running=running,
        per_hour_stopped=stopped,
    )


def _copy(state: State) -> State:
    names = ["account", *state.sandboxes]
    snapshots = {name: state.snapshot(name) for name in names}
    operations = {name: state.operation(name) for name in state.running}
    operations |= {
        one.operation: state.operation(one.operation)
        for one in state.sandboxes.values()
        if one.operation in state.operations
    }
    return State.load(state.account_id, snapshots, operations, settings=state.settings)


def _play(state: State, message: Create | Command, now: float, *, slow: bool) -> tuple[float, list[PlannedStep], State]:
    """Run the rules until the command's operation is over."""
    copy = _copy(state)
    heap: list[tuple[float, int, Ended | Proved | Tick]] = []
    for key, row in copy.rows.items():
        if row.flight is not None:
            start = Start(key=key, step=row.flight, generation=row.generation, run=row.run)
            _arrive(heap, _end(row, start, now, slow=slow, remaining=True), Ended(key, row.run))
    at = now
    _carry(copy, heap, decide(copy, message, at), at, slow=slow)
    while heap and message.operation in copy.running and len(heap) < FOREVER:
        at, _, due = heapq.heappop(heap)
        _carry(copy, heap, decide(copy, due, at), at, slow=slow)
    return at - now, _steps(copy, message.operation, now), copy


def _arrive(heap: list[tuple[float, int, Ended | Proved | Tick]], at: float, message: Ended | Proved | Tick) -> None:
    heapq.heappush(heap, (at, next(_ORDER), message))


def _carry(
    state: State, heap: list[tuple[float, int, Ended | Proved | Tick]], out: Decision, now: float, *, slow: bool
) -> None:
    for start in out.starts:
        _arrive(heap, _end(state.rows[start.key], start, now, slow=slow), Ended(start.key, start.run))
    for proof in out.proofs:
        _arrive(heap, now + 2 * CALL, Proved(proof.operation, proof.number))
    if out.wake_at is not None and any(state.operations[name].due for name in state.running):
        _arrive(heap, max(now, out.wake_at), Tick())


def _end(row: Row, start: Start, now: float, *, slow: bool, remaining: bool = False) -> float:
    usual = row.node.up.get(start.step.to) if start.step.way == "raise" else row.node.down.get(max(row.hi, row.lo))
    seconds = CALL if usual is None or start.step.way == "rebind" else usual.p90 if slow else usual.expected
    return max(now, row.since + seconds) if remaining else now + seconds


def _steps(state: State, operation: str, now: float) -> list[PlannedStep]:
    steps = [step for step in steps_of(state, operation) if step.started_at is not None]
    return [
        PlannedStep(
            id=step.id,
            kind=step.kind,
            action=step.action,
            depends_on=step.depends_on,
            starts=round((step.started_at or now) - now, 1),
            ends=round((step.ended_at or step.started_at or now) - now, 1),
            usual=step.usual or CALL,
        )
        for step in steps
    ]


# ---- the bill
def _cost(state: State) -> float:
    return sum(_price(state.settings.prices, row, row.hi) for row in state.rows.values())


def _price(prices: Mapping[str, float], row: Row, at: int) -> float:
    return sum(prices.get(key, 0.0) for state, key in row.node.prices.items() if state <= at)


def _bill(state: State, sandbox: str) -> tuple[float, float]:
    """Per hour running and stopped, were it alone in its account."""
    record = state.sandboxes.get(sandbox)
    if record is None or not record.blueprint.started:
        return 0.0, 0.0
    prices = state.settings.prices
    closure = state.planner.closure(record.blueprint.started)
    running = sum(_price(prices, state.rows[key], level) for key, level in closure.items())
    stopped = sum(_price(prices, state.rows[key], level) for key, level in record.blueprint.kept)
    return running, stopped
