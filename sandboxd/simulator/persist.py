"""A world that outlives its process: rows and organization in one file, written whole and moved into place."""

import os
import pickle
from pathlib import Path
from typing import Any

from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

VERSION = 1
NAME = "simulator.pickle"


def save(world: World, folder: Path) -> None:
    """Write the world; a crash in between leaves the former file."""
    rows = world.rows
    state: dict[str, Any] = {
        "version": VERSION,
        "now": world.clock.now(),
        "rows": [_row(row) for row in rows.all()],
        "tokens": rows.tokens,
        "random": rows.rng.getstate(),
        "organization": world.organization,
        "keys": world.keys,
        "sessions": world.sessions,
        "addresses": world.addresses,
    }
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{NAME}.new"
    with temporary.open("wb") as file:
        pickle.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / NAME)


def _row(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def load(folder: Path) -> dict[str, Any] | None:
    """The saved world, if there is one."""
    path = folder / NAME
    if not path.exists():
        return None
    state: dict[str, Any] = pickle.loads(path.read_bytes())
    return state if state.get("version") == VERSION else None


def restore(world: World, state: dict[str, Any]) -> None:
    """Put a saved world into an empty one."""
    for saved in state["rows"]:
        row = Row(saved["kind"], saved["id"], saved["account"], saved["region"], saved["created"])
        for name in ("data", "tags", "refs", "timeline"):
            setattr(row, name, saved[name])
        world.rows.put(row)
    world.rows.tokens = state["tokens"]
    world.rows.rng.setstate(state["random"])
    world.organization, world.keys = state["organization"], state["keys"]
    world.sessions, world.addresses = state["sessions"], state["addresses"]
