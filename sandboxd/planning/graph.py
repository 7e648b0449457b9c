"""The graph: rows by key, who stands on whom, and what follows from the roots.

A root is no row: per sandbox a mode and what it requires. *Pursued* roots desire their closure, *kept* ones what is
there of theirs, at most in the state they name, *held* ones that everything stays as it is. What is free of charge
stays while what it stands on is desired. What bears data stays where it is, and what it stands on with it, whatever became
of the ground: only what is desired of it moves it. Only dicts in insertion order are iterated: one seed, one history.
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import NamedTuple

from sandboxd.model.keys import SHARED, Key, is_shared, scope_of
from sandboxd.model.records import Mode
from sandboxd.model.resource import Need, Node, Row


class Root(NamedTuple):
    """What one sandbox should be."""

    mode: Mode
    needs: tuple[Need, ...]


class View(NamedTuple):
    """What is desired of everything, as `step` reads it."""

    want: Mapping[Key, int]
    """the state that each resource should have"""
    still: Mapping[Key, bool]
    """only held roots reach it and it is between two states: nothing starts for it"""
    remade: Mapping[Key, bool]
    """to be lowered to absence first"""


def needs(node: Node, above: int, upto: int) -> tuple[Need, ...]:
    """What the states above one and up to another require for as long as they are held."""
    return _between(node.requires, above, upto)


def entry(node: Node, above: int, upto: int) -> tuple[Need, ...]:
    """What must be there, besides, to enter these states."""
    return _between(node.to_enter, above, upto)


def _between(asked: Mapping[int, tuple[Need, ...]], above: int, upto: int) -> tuple[Need, ...]:
    if upto <= above or not asked:
        return ()
    if upto == above + 1:
        return asked.get(upto, ())
    found = [asked[state] for state in range(above + 1, upto + 1) if state in asked]
    return found[0] if len(found) == 1 else tuple(chain.from_iterable(found))


def grounds(node: Node) -> dict[Key, bool]:
    """Every resource that it stands on in some state, or needs to enter one."""
    lists = (*node.requires.values(), *node.to_enter.values())
    return {need.key: True for one in lists for need in one}


class Graph:
    """Rows and roots of one account, and what is desired, evaluated over everything."""

    def __init__(self) -> None:
        self.rows: dict[Key, Row] = {}
        self.roots: dict[str, Root] = {}
        self.rooted = 0
        """how often roots were set: what is counted over them is right as long as this is the same"""
        self.above: dict[Key, dict[Key, bool]] = {}
        self.of_scope: dict[str, dict[Key, bool]] = {SHARED: {}}
        self.news: dict[Key, bool] = {}
        """keys whose rows changed since somebody asked"""
        self.goals: dict[Key, bool] = {}
        """keys whose goals changed since somebody asked"""
        self.demand: dict[Key, int] = {}
        """the state that pursued and kept roots desire, before held and free are laid over it"""

    # ---- what there is
    def add(self, row: Row) -> None:
        """Take a row in; one that is there already keeps its own node, unless it is absent and nobody desires it.

        A call of its last life that may still land is remembered: the next life may have the same name.
        """
        key = row.node.key
        if key in self.rows:
            known = self.rows[key]
            if known.hi or known.flight or self.is_demanded(key):
                return
            row.generation, row.run, row.intent = known.generation, known.run, known.intent
            self.drop(key)
        self.rows[key] = row
        self.demand[key] = 0
        self.of_scope.setdefault(scope_of(key), {})[key] = True
        for ground in grounds(row.node):
            self.above.setdefault(ground, {})[key] = True

    def is_demanded(self, key: Key) -> bool:
        """Whether a root desires it now."""
        self.desired()
        return bool(self.demand[key])

    def load(self, rows: Iterable[Row]) -> None:
        """Take in rows that stand on each other already."""
        for row in rows:
            self.add(row)

    def drop(self, key: Key) -> None:
        """Forget a row."""
        for ground in grounds(self.rows.pop(key).node):
            self.above[ground].pop(key, None)
        self.of_scope[scope_of(key)].pop(key, None)
        self.demand.pop(key, None)

    def set_root(self, sandbox: str, mode: Mode | None = None, wanted: Iterable[Need] = ()) -> None:
        """Replace the root of a sandbox; without a mode it has none."""
        self.rooted += 1
        self.roots.pop(sandbox, None)
        if mode is not None:
            self.roots[sandbox] = Root(mode, tuple(wanted))

    def touch(self, key: Key) -> None:
        """A row changed."""
        self.news[key] = True

    # ---- what is reached
    def closure(self, wanted: Iterable[Need]) -> dict[Key, int]:
        """Key -> state that these needs reach, entering requirements included where a state is still to be entered."""
        return self._close(wanted, {})

    def _close(self, wanted: Iterable[Need], levels: dict[Key, int]) -> dict[Key, int]:
        todo = list(wanted)
        while todo:
            key, state = todo.pop()
            had = levels.get(key, 0)
            if had >= state:
                continue
            levels[key] = state
            row = self.rows[key]
            if row.node.requires:
                todo += needs(row.node, had, state)
            if row.node.to_enter and row.lo < state:
                todo += entry(row.node, max(had, row.lo), state)
        return levels

    def reached(self, wanted: Iterable[Need]) -> dict[Key, bool]:
        """Every key that these needs reach in any state."""
        seen: dict[Key, bool] = {}
        todo = [need.key for need in wanted]
        while todo:
            if (key := todo.pop()) not in seen:
                seen[key] = True
                todo += grounds(self.rows[key].node)
        return seen

    def kept(self, wanted: Iterable[Need]) -> list[Need]:
        """What a kept root desires: what is there, at most in the state it names, where its ground is there or it bears data."""
        found = [Need(key, min(state, self.rows[key].lo)) for key, state in wanted]
        return [need for need in found if need.state and (self.rows[need.key].node.data or self.is_grounded(need))]

    def is_grounded(self, need: Need) -> bool:
        """Whether a state is there with everything under it."""
        row = self.rows[need.key]
        return row.lo >= need.state and all(self.is_grounded(one) for one in needs(row.node, 0, need.state))

    # ---- what is desired
    def desired(self) -> tuple[dict[Key, int], dict[Key, bool]]:
        """(want, still) of everything."""
        by: dict[Key, int] = {}
        held: dict[Key, bool] = {}
        for mode, wanted in self.roots.values():
            match mode:
                case "pursued":
                    self._close(wanted, by)
                case "kept":
                    self._close(self.kept(wanted), by)
                case "held":
                    held |= self.reached(wanted)
        want = {key: by.get(key, 0) for key in self.rows}
        self.demand = dict(want)
        still = self._lay_held(want, held)
        self._lay_free(want)
        return want, still

    def _lay_held(self, want: dict[Key, int], held: Mapping[Key, bool]) -> dict[Key, bool]:
        still = {}
        for key in held:
            row = self.rows[key]
            if want[key] <= row.lo < row.hi:
                still[key] = True
            want[key] = max(want[key], row.lo)
        return still

    def _lay_free(self, want: dict[Key, int]) -> None:
        changed = True
        while changed:
            changed = False
            for key, row in self.rows.items():
                if row.node.free and want[key] < row.lo and self.stays(key, want):
                    want[key], changed = row.lo, True

    def stays(self, key: Key, want: Mapping[Key, int]) -> bool:
        """Whether something free of charge stays: it is at rest and all that it stands on is desired."""
        row = self.rows[key]
        mine = is_shared(key) or scope_of(key) in self.roots
        under = needs(row.node, 0, row.lo)
        return mine and row.lo == row.hi and bool(under) and all(want[ground] >= state for ground, state in under)

    # ---- what must be made anew
    def is_seed(self, key: Key, still: Mapping[Key, bool]) -> bool:
        """Whether it is to be made anew: it is spoiled, or its ground is lost and no data holds it in its place."""
        if self.rows[key].spoiled and key not in still:
            return True
        return self.is_adrift(key) and not self.is_pinned(key)

    def is_pinned(self, key: Key) -> bool:
        """Whether it bears data and is there, or that which does stands firmly on it."""
        row = self.rows[key]
        if row.node.data and row.lo:
            return True
        return any(self._stands_firmly(x, key) and self.is_pinned(x) for x in self.above.get(key, ()))

    def is_adrift(self, key: Key) -> bool:
        """Whether it stands on ground of another generation: firmly, or with what was begun and is not there."""
        row = self.rows[key]
        if not row.hi:
            return False
        bonds = self.bonds(key)
        lost = [ground for ground, generation in bonds.items() if self.is_lost(ground, generation)]
        if not lost:
            return False
        loose = row.on if row.hi > row.lo else bonds  # what was begun on something gone never comes true
        return any(ground not in row.node.loose or ground not in loose for ground in lost)

    def spread(self, seeds: Iterable[Key]) -> dict[Key, bool]:
        """These and everything that stands firmly on them."""
        out: dict[Key, bool] = {}
        todo = list(seeds)
        while todo:
            if (key := todo.pop()) in out:
                continue
            out[key] = True
            todo += [x for x in self.above.get(key, ()) if self._stands_firmly(x, key)]
        return out

    def _stands_firmly(self, x: Key, key: Key) -> bool:
        row = self.rows[x]
        return key not in row.node.loose and any(need.key == key for need in needs(row.node, 0, row.hi))

    def bonds(self, key: Key) -> dict[Key, int]:
        """What it stands on, or began to stand on, and their generations."""
        row = self.rows[key]
        return row.on | row.onto if row.hi > row.lo else row.on

    def is_lost(self, ground: Key, generation: int) -> bool:
        """Whether the ground is no longer the one that it was."""
        row = self.rows[ground]
        return row.generation != generation or row.hi == 0

    def is_dangling(self, key: Key) -> bool:
        """Whether it stands loosely on ground of another generation."""
        row = self.rows[key]
        if not row.lo or not row.node.loose:
            return False
        loose = ((ground, g) for ground, g in row.on.items() if ground in row.node.loose)
        return any(self.rows[ground].generation != g for ground, g in loose)

    def view(self) -> View:
        """What is desired of everything."""
        want, still = self.desired()
        return View(want, still, self.spread([key for key in self.rows if self.is_seed(key, still)]))

    def bears_others(self, key: Key, sandbox: str) -> bool:
        """Whether something of another sandbox stands on it: then it is that sandbox's to remove."""
        todo, seen = [key], {}
        while todo:
            ground = todo.pop()
            for x in self.above.get(ground, ()):
                row = self.rows[x]
                if x in seen or not any(need.key == ground for need in needs(row.node, 0, row.hi)):
                    continue
                if scope_of(x) not in (SHARED, sandbox):
                    return True
                seen[x] = True
                todo.append(x)
        return False
