"""How an operation stands: what it must still change, and what that waits for. Reads only."""

from collections.abc import Iterable, Iterator
from itertools import chain

from sandboxd.lifecycle.state import State
from sandboxd.model.keys import SHARED, Key, is_shared
from sandboxd.model.records import Operation
from sandboxd.model.resource import Row
from sandboxd.planning.graph import View
from sandboxd.planning.planner import Verdict

RAISING = ("create", "start", "onboard")


def goals(state: State, operation: Operation) -> dict[Key, int]:
    """Key -> state that an operation which raises wants to be there."""
    return state.planner.closure(state.wanted(operation)) if operation.verb in RAISING else {}


def unfinished(state: State, operation: Operation, view: View, wanted: dict[Key, int] | None = None) -> Iterator[Key]:
    """Keys that this operation must still change, found as they are asked for; `wanted` are its goals where they are known."""
    planner = state.planner
    if operation.verb in RAISING:
        closure = goals(state, operation) if wanted is None else wanted
        return (key for key, level in closure.items() if _is_missing(state, key, level, view))
    scope = operation.target
    keys = chain(planner.of_scope.get(scope, ()), planner.of_scope[SHARED])
    return (key for key in keys if _is_left(state, key, scope, view))


def _is_missing(state: State, key: Key, level: int, view: View) -> bool:
    planner, row = state.planner, state.planner.rows[key]
    between = row.lo != row.hi and key not in view.still
    return row.lo < level or between or row.flight is not None or key in view.remade or planner.is_dangling(key)


def _is_left(state: State, key: Key, scope: str, view: View) -> bool:
    """Own, or shared and reached by no root: still to be lowered, and nobody else's to remove."""
    planner, row, want = state.planner, state.planner.rows[key], view.want[key]
    if row.flight is None and key not in view.remade and (key in view.still or row.lo == row.hi == want):
        return False
    if not is_shared(key):
        return True
    return (row.flight is not None or not want) and not planner.bears_others(key, scope)


def waits_for(state: State, view: View, keys: Iterable[Key]) -> Iterator[tuple[Key, Row, Verdict]]:
    """Each key that these wait for, through whatever chain, with what may happen to it."""
    seen: dict[Key, bool] = {}
    for first in keys:
        todo = [first]
        while todo:
            if (key := todo.pop()) in seen:
                continue
            seen[key] = True
            verdict = state.planner.verdict(key, view)
            yield key, state.planner.rows[key], verdict
            todo += verdict.blockers


def in_the_way(state: State, operation: Operation) -> list[Key]:
    """Keys whose marks the operation waits for."""
    view = state.planner.view()
    found = waits_for(state, view, unfinished(state, operation, view))
    return [key for key, _, verdict in found if verdict.mark]
