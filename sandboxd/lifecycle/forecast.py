"""What a command would do: the same rules, run from a copy of the present state with usual durations. Touches nothing.

Steps in flight go on with what remains of their usual time; back-offs and proofs take the moments that they would. The
usual time of everything gives what is expected, the slow tenth of everything what is nearly always enough.
"""

import heapq
from typing import TypeAlias

from msgspec import Struct

from sandboxd.lifecycle.cost import account_cost, bill
from sandboxd.lifecycle.decide import decide
from sandboxd.lifecycle.messages import Command, Create, Decision, Ended, Proved, Start, Tick
from sandboxd.lifecycle.state import State
from sandboxd.lifecycle.views import steps_of

CALL = 0.5
LISTING = 1.0
FOREVER = 100_000
"""messages after which a play is given up: more than any command can take"""
Arrival: TypeAlias = Ended | Proved | Tick


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
    usual, slow = _Play(state, now, slow=False), _Play(state, now, slow=True)
    expected, p90 = usual.run(message), slow.run(message)
    running, stopped = bill(usual.state, message.sandbox)
    return Forecast(
        steps=_steps(usual.state, message.operation, now),
        expected=expected,
        p90=max(expected, p90),
        marginal_per_hour=account_cost(usual.state) - account_cost(state),
        per_hour_running=running,
        per_hour_stopped=stopped,
    )


class _Play:
    """A copy of the state, and what will arrive in its mailbox."""

    def __init__(self, state: State, now: float, *, slow: bool) -> None:
        self.state, self._now, self._slow = _copy(state), now, slow
        self._heap: list[tuple[float, int, Arrival]] = []
        self._arrived = 0
        for key, row in self.state.rows.items():
            if row.flight is not None:
                start = Start(key=key, step=row.flight, generation=row.generation, run=row.run)
                self._arrive(max(now, row.since + self._seconds(start)), Ended(key, row.run))

    def run(self, message: Create | Command) -> float:
        """Seconds until the command's operation is over; what remains arrives, everything else is as the rules say."""
        at = self._now
        self._carry(decide(self.state, message, at), at)
        while self._heap and message.operation in self.state.running and self._arrived < FOREVER:
            at, _, due = heapq.heappop(self._heap)
            self._carry(decide(self.state, due, at), at)
        return at - self._now

    def _arrive(self, at: float, message: Arrival) -> None:
        self._arrived += 1  # what comes at the same moment comes in the order in which it was sent
        heapq.heappush(self._heap, (at, self._arrived, message))

    def _carry(self, out: Decision, now: float) -> None:
        for start in out.starts:
            self._arrive(now + self._seconds(start), Ended(start.key, start.run))
        for proof in out.proofs:
            self._arrive(now + LISTING, Proved(proof.operation, proof.number))
        if out.wake_at is not None and self._is_timed():
            self._arrive(max(now, out.wake_at), Tick())

    def _is_timed(self) -> bool:
        """Whether a proof or a back-off is waited for; deadlines never come in a play."""
        backing_off = any(mark.waits and mark.until for row in self.state.rows.values() for mark in row.marks.values())
        return backing_off or any(self.state.operations[name].due for name in self.state.running)

    def _seconds(self, start: Start) -> float:
        row, (way, to) = self.state.rows[start.key], start.step
        usual = row.node.up.get(to) if way == "raise" else row.node.down.get(max(row.hi, row.lo))
        if usual is None or way == "rebind":
            return CALL
        return usual.p90 if self._slow else usual.expected


def _copy(state: State) -> State:
    """The state as it would be loaded, without the operations that are over and nobody's last."""
    names = ["account", *state.sandboxes]
    last = [record.operation for record in state.sandboxes.values() if record.operation in state.operations]
    operations = {name: state.operation(name) for name in dict.fromkeys([*state.running, *last])}
    snapshots = {name: state.snapshot(name) for name in names}
    return State.load(state.account_id, snapshots, operations, settings=state.settings)


def _steps(state: State, operation: str, now: float) -> list[PlannedStep]:
    steps = [step for step in steps_of(state, state.operations[operation]) if step.started_at is not None]
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
