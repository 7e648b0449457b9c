"""Looks through everything that a start will believe, before anything is written: one damaged row is found here, not later.

Events and keys are not among it: nothing is decided by them, and each is checked when it is read.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw

from sandboxd.model.errors import StoreLost
from sandboxd.store.envelope import unseal
from sandboxd.store.places import meta_place, operation_place, snapshot_place

_PARTS: tuple[tuple[str, Callable[..., str]], ...] = (
    ("SELECT name, blob FROM meta", meta_place),
    ("SELECT actor, name, blob FROM snapshots", snapshot_place),
    ("SELECT actor, id, over, blob FROM operations", operation_place),
)


def check_content(connection: apsw.Connection, path: Path) -> None:
    """Raise StoreLost naming the first damaged value, StoreError (78) for one of a newer version."""
    for query, place in _PARTS:
        for *names, blob in _rows(connection, query, path):
            unseal(blob, place(*names), path)


def _rows(connection: apsw.Connection, query: str, path: Path) -> Iterator[tuple[Any, ...]]:
    try:
        yield from connection.execute(query)
    except UnicodeDecodeError as error:
        raise StoreLost(f"{path}: the store is damaged; restore it from a backup", "damaged") from error
