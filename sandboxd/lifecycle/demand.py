"""What of a sandbox is still to be raised, and what the other roots of its account are about to raise. Pure.

For quotas: only what AWS cannot show yet is counted here.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sandboxd.lifecycle.state import State
from sandboxd.model.keys import Key
from sandboxd.model.records import Blueprint
from sandboxd.model.resource import Node


class Rise(NamedTuple):
    """A resource, the state that it may be in already, and the one that it is to enter."""

    node: Node
    at: int
    to: int


def of_blueprint(state: State, blueprint: Blueprint) -> list[Rise]:
    """What a sandbox needs that is neither there nor desired by another root."""
    desired = state.planner.view().want
    return [rise for node in blueprint.nodes if (rise := _rise(state, node, desired.get(node.key, 0))) is not None]


def _rise(state: State, node: Node, desired: int) -> Rise | None:
    row, top = state.rows.get(node.key), len(node.states) - 1
    at = max(row.hi, desired) if row is not None else 0
    node = row.node if row is not None and row.hi else node
    return Rise(node, at, top) if at < top else None


def of_others(state: State, since: float) -> Iterator[Rise]:
    """What is desired already, and a look at this moment did not show: begun later, or not begun."""
    desired = state.planner.view().want
    for key, level in desired.items():
        if level and (at := _shown(state, key, since)) < level:
            yield Rise(state.rows[key].node, at, level)


def _shown(state: State, key: Key, since: float) -> int:
    """The highest state that the look may have shown."""
    row = state.rows[key]
    return 0 if row.started_at >= since else row.hi
