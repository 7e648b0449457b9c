"""The three rules: which step may start for a resource, what it waits for, and what the end of a step makes of its row."""

from typing import NamedTuple

from sandboxd.model.keys import Key
from sandboxd.model.resource import Row, Step, Way
from sandboxd.planning.graph import Graph, View, entry, needs


class Turned(NamedTuple):
    """A step that only waits is to be given up."""

    to: int


class Verdict(NamedTuple):
    """What may happen to one resource now: a step, or what it waits for, or neither (at rest, or in flight)."""

    step: Step | Turned | None = None
    blockers: tuple[Key, ...] = ()
    """keys that it waits for"""
    mark: str = ""
    """direction whose mark it waits for"""


REST = Verdict()


class Planner(Graph):
    """A graph that is asked what may start, and told what became of it."""

    # ---- what may start
    def verdict(self, key: Key, view: View, *, first: bool = False) -> Verdict:
        """Return what may happen to a resource now; `first`: one blocker of a lowering is enough."""
        row = self.rows[key]
        goal = 0 if key in view.remade else view.want[key]
        if row.flight is not None:
            return self._turning(row, row.flight, goal)
        if key in view.still and key not in view.remade:
            return REST
        if row.lo == row.hi == goal:
            return self._rebinding(key, row, view, goal)
        if goal > row.lo and goal >= row.hi:
            return self._raising(row, view, goal)
        return self._lowering(key, row, goal, first=first)

    def _turning(self, row: Row, flight: Step, goal: int) -> Verdict:
        unwanted = goal < flight.to or row.skip
        if row.node.turns and row.waiting and flight.way == "raise" and unwanted:
            return Verdict(Turned(row.lo))
        return REST

    def _rebinding(self, key: Key, row: Row, view: View, goal: int) -> Verdict:
        if not (goal and self.demand[key] and self.is_dangling(key)):
            return REST
        if _waits(row, "raise"):
            return Verdict(mark="raise")
        under = needs(row.node, 0, row.lo)
        blockers = tuple(ground for ground, state in under if self.rows[ground].lo < state or ground in view.remade)
        return Verdict(blockers=blockers) if blockers else Verdict(Step("rebind", goal))

    def _raising(self, row: Row, view: View, goal: int) -> Verdict:
        if _waits(row, "raise") and not row.skip:
            return Verdict(mark="raise")
        to = _edge(row, row.lo, goal, row.lo + 1)
        wanted = needs(row.node, row.lo, to) + entry(row.node, row.lo, to)
        blockers = tuple(dict.fromkeys(ground for ground, state in wanted if not self._holds(ground, state, view)))
        return Verdict(blockers=blockers) if blockers else Verdict(Step("raise", to))

    def _holds(self, ground: Key, state: int, view: View) -> bool:
        row = self.rows[ground]
        leaving = row.flight is not None and row.flight.way == "lower" and row.flight.to < state
        return row.lo >= state and ground not in view.remade and not leaving

    def _lowering(self, key: Key, row: Row, goal: int, *, first: bool) -> Verdict:
        if _waits(row, "lower"):
            return Verdict(mark="lower")
        to = _edge(row, row.hi, goal, row.lo if row.hi > row.lo else row.lo - 1)
        blockers = self.weights(key, to, first=first)
        return Verdict(blockers=tuple(blockers)) if blockers else Verdict(Step("lower", to))

    def weights(self, key: Key, to: int, *, first: bool = False) -> list[Key]:
        """What stands, or may stand, on a state above `to`."""
        found = (x for x in self.above.get(key, ()) if self.weighs(x, key, to))
        return [x for x in (next(found, None),) if x is not None] if first else list(found)

    def weighs(self, x: Key, key: Key, to: int) -> bool:
        """Whether x stands, or may stand, on a state of key above `to`."""
        row = self.rows[x]
        if not row.hi and row.flight is None:
            return False
        if key not in row.node.loose and any(k == key and state > to for k, state in needs(row.node, 0, row.hi)):
            return True
        if row.flight is None or row.flight.way != "raise":
            return False
        entered = needs(row.node, row.lo, row.flight.to) + entry(row.node, row.lo, row.flight.to)
        return any(k == key and state > to for k, state in entered)

    def due(self) -> list[tuple[Key, Step | Turned]]:
        """Every step that may start now, in one order."""
        view = self.view()
        return [(key, step) for key in self.rows if (step := self.verdict(key, view).step) is not None]

    # ---- what became of a step
    def started(self, key: Key, step: Step) -> None:
        """A step begins: what it will stand on is bonded as it is now."""
        row = self.rows[key]
        row.had = row.hi > row.lo
        match step.way:
            case "raise":
                if row.lo == row.hi == 0:
                    row.generation += 1
                    row.facts = {}
                fresh = {ground: self.rows[ground].generation for ground, _ in needs(row.node, row.lo, step.to)}
                row.onto = fresh | (row.onto if row.had else {}) | row.on
                row.hi = max(row.hi, step.to)
            case "rebind":
                loose = {ground: self.rows[ground].generation for ground in row.on if ground in row.node.loose}
                row.onto = row.on | loose
        row.flight, row.waiting, row.late = step, False, False
        row.run += 1
        self.touch(key)

    def done(self, key: Key) -> None:
        """The step in flight has come true."""
        row = self.rows[key]
        step = self._land(row)
        bonds = row.on | row.onto if row.hi > row.lo else row.on
        if step.way == "lower":
            under = needs(row.node, 0, step.to)
            row.on = {ground: bonds[ground] for ground, _ in under if ground in bonds}
        else:
            row.on = row.onto
        row.onto = {}
        if step.way != "rebind":
            row.lo = row.hi = step.to
        if row.hi == 0:
            row.spoiled = row.skip = False
            row.facts = {}
        self.touch(key)

    def refused(self, key: Key) -> None:
        """Nothing happened; what a former attempt may have begun is still between."""
        row = self.rows[key]
        step = self._land(row)
        if step.way == "raise" and not row.had:
            row.hi, row.onto = row.lo, {}
        self.touch(key)

    def absent(self, key: Key) -> None:
        """AWS was asked, and has nothing of this generation."""
        row = self.rows[key]
        self._land(row)
        self._empty(row)
        self.touch(key)

    def between(self, key: Key, *, spoiled: bool = False) -> None:
        """Possibly begun, and may go on; or there and no good: made anew, unless data stands on it."""
        row = self.rows[key]
        self._land(row)
        row.spoiled = row.spoiled or (spoiled and not self.is_pinned(key))
        self.touch(key)

    def turned(self, key: Key) -> None:
        """A waiting step is given up; what was begun is between."""
        self._land(self.rows[key])
        self.touch(key)

    def vanished(self, key: Key) -> None:
        """Somebody else, or AWS, removed it."""
        row = self.rows[key]
        row.flight, row.waiting, row.late = None, False, False
        self._empty(row)
        self.touch(key)

    def lowered(self, key: Key, state: int) -> None:
        """Somebody else lowered it."""
        row = self.rows[key]
        row.lo = row.hi = state
        under = needs(row.node, 0, state)
        row.on = {ground: row.on[ground] for ground, _ in under if ground in row.on}
        self.touch(key)

    def regained(self, key: Key, state: int) -> None:
        """It was taken for gone, and is there after all: as it stood, on the ground that there is."""
        row = self.rows[key]
        row.lo = row.hi = state
        row.on = {ground: self.rows[ground].generation for ground, _ in needs(row.node, 0, state)}
        self.touch(key)

    def _land(self, row: Row) -> Step:
        step = row.flight
        assert step is not None
        row.flight, row.waiting, row.late = None, False, False
        return step

    def _empty(self, row: Row) -> None:
        row.lo = row.hi = 0
        row.on, row.onto, row.facts = {}, {}, {}
        row.spoiled = row.skip = False
        row.intent = None


def _edge(row: Row, at: int, goal: int, neighbour: int) -> int:
    return next((edge.to for edge in row.node.edges if (edge.at, edge.goal) == (at, goal)), neighbour)


def _waits(row: Row, way: Way) -> bool:
    mark = row.marks.get(way)
    return mark is not None and mark.waits
