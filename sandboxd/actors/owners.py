"""The invariant that recovery must keep: every operation that runs has somebody at work for it, or an alarm that will ring.

Reads only. What it finds is a fault of ours: an operation that would wait for ever and look as if it were running.
"""

from collections.abc import Iterator
from typing import Protocol

from sandboxd.lifecycle.judging import unfinished, waits_for
from sandboxd.lifecycle.state import State
from sandboxd.model.records import Operation
from sandboxd.model.resource import Row


class AtWork(Protocol):
    """The tasks of an account."""

    def has(self, name: str, number: int) -> bool:
        """Whether a step (by key and run), `look KEY` or `proof OPERATION` is at work."""
        ...


def has_owner(state: State, identifier: str, tasks: AtWork) -> bool:
    """Whether a running operation waits for a task, for an alarm, or for a person; and for no step without a task."""
    operation = state.operations[identifier]
    view = state.planner.view()
    rows = [row for _, row, _ in waits_for(state, view, unfinished(state, operation, view))]
    if any(row.flight is not None and not _is_flying(row, tasks) for row in rows):
        return False
    return any(_owners(state, operation, rows, tasks))


def _owners(state: State, operation: Operation, rows: list[Row], tasks: AtWork) -> Iterator[bool]:
    yield from (row.flight is not None for row in rows)
    alarmed = state.next_alarm() is not None
    yield from (mark.waits and (alarmed or mark.until is None) for row in rows for mark in row.marks.values())
    yield tasks.has(f"proof {operation.id}", operation.proof)
    yield operation.due is not None and alarmed


def _is_flying(row: Row, tasks: AtWork) -> bool:
    return tasks.has(row.node.key, row.run) or tasks.has(f"look {row.node.key}", row.run)
