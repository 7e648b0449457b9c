"""What an operation has still to do, and when it may be over. Reads only."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from sandboxd.lifecycle.judging import goals, unfinished
from sandboxd.lifecycle.state import State
from sandboxd.lifecycle.steps import depends_on
from sandboxd.lifecycle.words import id_of
from sandboxd.model.keys import Key, step_id
from sandboxd.model.records import Operation
from sandboxd.model.resource import Node, Row, Step

FRESH = 5.0
"""seconds for which an answer is good enough: steps come in bursts, and each of them is a commit"""
AT_ONCE = 0.5
"""seconds of a step of which nothing is usual"""


class Coming(NamedTuple):
    """One step on the way from where a resource stands to its goal."""

    id: str
    node: Node
    at: int
    step: Step
    before: str
    """id of the step before it on the same way; empty for the first"""

    @property
    def usual(self) -> float | None:
        """Seconds that it usually takes."""
        usual = self.node.up.get(self.step.to) if self.step.way == "raise" else self.node.down.get(self.at)
        return usual.expected if usual else None


def coming(state: State, operation: Operation) -> Iterator[Coming]:
    """The steps that are still to begin."""
    if operation.state != "running" or operation.cancelling:
        return
    view, wanted = state.planner.view(), goals(state, operation)
    for key in unfinished(state, operation, view, wanted):
        way = _way(state.rows[key], wanted.get(key, view.want[key]))
        yield from (one for one in way if one.id not in operation.steps)


def _way(row: Row, goal: int) -> Iterator[Coming]:
    generation = row.generation + (row.hi == 0)
    if row.flight is not None:
        at, before = row.flight.to, id_of(row, row.flight)
    else:
        at, before = row.lo if goal > row.lo else max(row.hi, row.lo), ""
    while at != goal:
        neighbour = at + 1 if goal > at else at - 1
        to = next((edge.to for edge in row.node.edges if (edge.at, edge.goal) == (at, goal)), neighbour)
        identifier = step_id(row.node.key, max(1, generation), row.node.states[to])
        yield Coming(identifier, row.node, at, Step("raise" if goal > at else "lower", to), before)
        at, before = to, identifier


def operation_eta(state: State, operation: Operation, now: float) -> float | None:
    """When it is over, if everything takes as long as usual: the longest chain of steps still to come."""
    if operation.state != "running":
        state.etas.pop(operation.id, None)
        return None
    asked, eta = state.etas.get(operation.id, (-math.inf, now))
    if not asked <= now < asked + FRESH:
        gate = 2 * state.settings.relist_after if operation.verb in ("stop", "delete") else 0.0
        eta = max(_Ends(state, operation, now).all(), default=now) + gate
        state.etas[operation.id] = now, eta
    return max(eta, now)


class _Ends:
    """When each step may end: after those that it stands on, and those that stand on what it takes away."""

    def __init__(self, state: State, operation: Operation, now: float) -> None:
        self._state, self._now = state, now
        self._ends: dict[str, float] = {}
        self._last: dict[Key, str] = {}
        for name, record in operation.steps.items():
            if record.state in ("calling", "waiting", "backing-off"):
                began = now if record.started_at is None else record.started_at
                self._ends[name] = max(now, began + (record.usual or AT_ONCE))
                self._last[record.key] = name
        self._coming = {one.id: one for one in coming(state, operation)}
        self._last |= {one.node.key: one.id for one in self._coming.values()}

    def all(self) -> list[float]:
        """The end of each."""
        return [self._of(name) for name in (*self._ends, *self._coming)]

    def _of(self, name: str) -> float:
        if (known := self._ends.get(name)) is not None:
            return known
        if (one := self._coming.get(name)) is None:
            return self._now
        began = max((self._of(other) for other in self._others(one)), default=self._now)
        self._ends[name] = end = began + (one.usual or AT_ONCE)
        return end

    def _others(self, one: Coming) -> Iterator[str]:
        if one.before:
            yield one.before
        if one.step.way == "raise":
            yield from depends_on(self._state.rows, one.node, one.at, one.step)
        else:
            above = self._state.planner.above.get(one.node.key, ())
            yield from (self._last[key] for key in above if key in self._last)
