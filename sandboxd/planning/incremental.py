"""The planner, asked only around what changed: the same answers as the full evaluation after every change.

Demands are counted per key and state and spread along the requirements (the graph is acyclic, so counting is exact);
held and free are laid over them. What must be made anew spreads from its seeds, which are kept, as is what only data holds in its place. A key is asked again
when its row or goal changed, when ground of it changed, or when the one it waited for to go changed.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sandboxd.model.keys import Key
from sandboxd.model.records import Mode
from sandboxd.model.resource import Need, Row, Step
from sandboxd.planning.graph import Root, View, entry, grounds, needs
from sandboxd.planning.planner import Planner, Turned


class _Seen(NamedTuple):
    """What of a row the present answers stand on."""

    lo: int = 0
    hi: int = 0
    generation: int = 0
    leaving: bool = False


class Incremental(Planner):
    """Keeps what `view` answers, and changes it with each row and root."""

    def __init__(self) -> None:
        super().__init__()
        self._count: dict[Key, dict[int, int]] = {}
        self._held: dict[Key, int] = {}
        self._want: dict[Key, int] = {}
        self._still: dict[Key, bool] = {}
        self._adrift: dict[Key, bool] = {}
        self._seeds: dict[Key, bool] = {}
        self._remade: dict[Key, bool] = {}
        self._dirty: dict[Key, bool] = {}
        self._watched: dict[Key, Key] = {}
        self._kept_of: dict[Key, dict[str, bool]] = {}
        self._kept_now: dict[str, list[Need]] = {}
        self._seen: dict[Key, _Seen] = {}
        self._order: dict[Key, int] = {}
        self._next = 0
        self._closures: dict[tuple[Need, ...], dict[Key, int]] = {}

    def view(self) -> View:
        """What is desired of everything, as it is kept."""
        return View(self._want, self._still, self._remade)

    def closure(self, wanted: Iterable[Need]) -> dict[Key, int]:
        """As the graph has it; to be read only, for it is kept as long as the rows and what they must enter are the same."""
        wanted = tuple(wanted)
        if (known := self._closures.get(wanted)) is None:
            known = self._closures[wanted] = super().closure(wanted)
        return known

    def is_demanded(self, key: Key) -> bool:
        """Whether a root desires it now: the count is always right."""
        return bool(self.demand[key])

    def add(self, row: Row) -> None:
        """Take a row in."""
        key = row.node.key
        super().add(row)
        if self.rows[key] is not row:
            return
        self._closures.clear()
        self._next += 1
        self._order[key] = self._next
        self._want[key], self._count[key], self._seen[key] = 0, {}, _Seen(generation=row.generation)

    def load(self, rows: Iterable[Row]) -> None:
        """Take in rows that stand on each other already."""
        rows = list(rows)
        for row in rows:
            self.add(row)
        for row in rows:
            self.touch(row.node.key)

    def drop(self, key: Key) -> None:
        """Forget a row."""
        kept = (
            self._count,
            self._want,
            self._still,
            self._adrift,
            self._seeds,
            self._remade,
            self._dirty,
            self._watched,
        )
        for one in (*kept, self._seen, self._order, self.news, self.goals):
            one.pop(key, None)
        self._closures.clear()
        super().drop(key)

    # ---- roots
    def set_root(self, sandbox: str, mode: Mode | None = None, wanted: Iterable[Need] = ()) -> None:
        """Replace the root of a sandbox."""
        self.rooted += 1
        if (old := self.roots.pop(sandbox, None)) is not None:
            self._lift(sandbox, old)
        if mode is not None:
            self.roots[sandbox] = Root(mode, tuple(wanted))
            self._lay(sandbox, self.roots[sandbox])
        for key in self.of_scope.get(sandbox, ()):
            if self.rows[key].node.free:
                self._rewant(key)

    def _lift(self, sandbox: str, root: Root) -> None:
        match root.mode:
            case "pursued":
                self._count_all(root.needs, -1)
            case "kept":
                self._count_all(self._kept_now.pop(sandbox), -1)
                for key in self.reached(root.needs):
                    self._kept_of[key].pop(sandbox, None)
            case "held":
                self._hold(root, -1)

    def _lay(self, sandbox: str, root: Root) -> None:
        match root.mode:
            case "pursued":
                self._count_all(root.needs, 1)
            case "kept":
                for key in self.reached(root.needs):
                    self._kept_of.setdefault(key, {})[sandbox] = True
                self._kept_now[sandbox] = []
                self._rekeep(sandbox)
            case "held":
                self._hold(root, 1)

    def _hold(self, root: Root, by: int) -> None:
        for key in self.reached(root.needs):
            was = self._held.get(key, 0)
            self._held[key] = was + by
            if not was or not self._held[key]:
                self._rewant(key)

    def _rekeep(self, sandbox: str) -> None:
        old, new = self._kept_now[sandbox], self.kept(self.roots[sandbox].needs)
        self._kept_now[sandbox] = new
        if old != new:
            self._count_all(new, 1)
            self._count_all(old, -1)

    # ---- demands
    def _count_all(self, wanted: Iterable[Need], by: int) -> None:
        todo = [(need, by) for need in wanted]
        while todo:
            need, one = todo.pop()
            todo += self._count_one(need, one)

    def _count_one(self, need: Need, by: int) -> list[tuple[Need, int]]:
        """Count one demand; return the demands that its change makes on the ground."""
        key, state = need
        count = self._count[key]
        count[state] = count.get(state, 0) + by
        if not count[state]:
            del count[state]
        top, was = max(count, default=0), self.demand[key]
        if top == was:
            return []
        self.demand[key] = top
        self._dirty[key] = True
        self._rewant(key)
        row, low, high = self.rows[key], min(was, top), max(was, top)
        under = needs(row.node, low, high) + entry(row.node, max(low, self._seen[key].lo), high)
        return [(ground, 1 if top > was else -1) for ground in under]

    def _rewant(self, key: Key) -> None:
        row, want, still = self.rows[key], self.demand[key], False
        if self._held.get(key):
            still = want <= row.lo < row.hi
            want = max(want, row.lo)
        if row.node.free and want < row.lo and self.stays(key, self._want):
            want = row.lo
        if still != (key in self._still):
            self._set(self._still, key, on=still)
            self._dirty[key] = self.goals[key] = True
            self._reseed(key)
        if want != self._want[key]:
            self._want[key] = want
            self._dirty[key] = self.goals[key] = True
            for x in self.above.get(key, ()):
                if self.rows[x].node.free:
                    self._rewant(x)

    @staticmethod
    def _set(where: dict[Key, bool], key: Key, *, on: bool) -> None:
        if on:
            where[key] = True
        else:
            where.pop(key, None)

    # ---- what must be made anew
    def _reseed(self, key: Key) -> None:
        self._set(self._adrift, key, on=self.is_adrift(key))
        self._sow(key)

    def _reseed_around(self, key: Key, row: Row, was: _Seen) -> None:
        """Also what has lost its ground long ago: this row may hold it in its place, or not any more."""
        self._reseed(key)
        if (row.generation, bool(row.hi)) != (was.generation, bool(was.hi)):
            for x in self.above.get(key, ()):
                self._reseed(x)
        for x in list(self._adrift) if (row.lo, row.hi) != (was.lo, was.hi) else ():
            self._sow(x)
        if self._seeds and row.hi != was.hi:
            self._respread()

    def _sow(self, key: Key) -> None:
        if (is_seed := self.is_seed(key, self._still)) != (key in self._seeds):
            self._set(self._seeds, key, on=is_seed)
            self._respread()

    def _respread(self) -> None:
        old, self._remade = self._remade, self.spread(self._seeds) if self._seeds else {}
        changed = [key for key in old if key not in self._remade] + [key for key in self._remade if key not in old]
        for key in changed:
            if key in self.rows:
                self._dirty[key] = self.goals[key] = True
                self._dirty |= self.above.get(key, {})

    # ---- rows
    def touch(self, key: Key) -> None:
        """A row changed: ask again around it."""
        row, was = self.rows[key], self._seen[key]
        leaving = row.flight is not None and row.flight.way == "lower"
        self._seen[key] = _Seen(row.lo, row.hi, row.generation, leaving)
        self.news[key] = self._dirty[key] = True
        if row.lo != was.lo:
            self._moved(key, row, was.lo)
        if (row.lo, row.hi) != (was.lo, was.hi):
            self._rewant(key)
        self._reseed_around(key, row, was)
        if (row.lo, row.generation) != (was.lo, was.generation) or was.leaving or leaving:
            self._dirty |= self.above.get(key, {})
        for ground in grounds(row.node):
            if self._watched.get(ground) == key:
                self._dirty[ground] = True

    def _moved(self, key: Key, row: Row, was: int) -> None:
        """Entering a state ends what was required only to enter it, and leaving it brings that back."""
        top = self.demand[key]
        if row.node.to_enter:
            self._closures.clear()
        low, high = min(was, row.lo, top), min(max(was, row.lo), top)
        self._count_all(entry(row.node, low, high), -1 if row.lo > was else 1)
        for sandbox in list(self._kept_of.get(key, ())):
            self._rekeep(sandbox)

    def weights(self, key: Key, to: int, *, first: bool = False) -> list[Key]:
        """What stands on a state above `to`; the first one found is watched."""
        found = super().weights(key, to, first=first)
        if first:
            self._watched.pop(key, None)
            if found:
                self._watched[key] = found[0]
        return found

    def due(self) -> list[tuple[Key, Step | Turned]]:
        """Every step that may start now among the keys that have to be asked again, in one order."""
        asked, self._dirty = sorted(self._dirty, key=self._order.__getitem__), {}
        view = self.view()
        verdicts = ((key, self.verdict(key, view, first=True).step) for key in asked)
        return [(key, step) for key, step in verdicts if step is not None]
