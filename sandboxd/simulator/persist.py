"""A world that outlives its process: rows, organization and time in one JSON file, written whole and moved into place.

The file carries its version; one of another version is refused, never guessed at or overwritten.
"""

import os
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from sandboxd.simulator.consistency import Haze
from sandboxd.simulator.pending import Late, Pending
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

VERSION = 3
NAME = "simulator.json"


class SavedWorldError(Exception):
    """A saved world that cannot be gone on with; the text says which file and why."""


class SavedRow(Struct, frozen=True):
    """One row."""

    kind: str
    id: str
    account: str
    region: str
    created: float
    data: dict[str, Any]
    tags: dict[str, str]
    refs: dict[str, str]
    timeline: list[tuple[float, str]]
    haze: Haze | None = None


class Saved(Struct, frozen=True, kw_only=True):
    """The world as it stood at `now` (simulated seconds)."""

    version: int
    now: float
    rows: list[SavedRow]
    tokens: list[tuple[list[str], str, str]]
    random: tuple[int, tuple[int, ...], None]
    organization: dict[str, Any]
    keys: dict[str, str]
    sessions: dict[str, tuple[str, str, float]]
    furnished: dict[str, bool]
    addresses: int
    opt_in: dict[str, float] = field(default_factory=dict)
    pending: list[Late]


class _Version(Struct):
    version: int


def dump(world: World) -> bytes:
    """The world as bytes, at this moment."""
    rows = world.rows
    names = SavedRow.__struct_fields__
    return msgspec.json.encode(
        Saved(
            version=VERSION,
            now=world.clock.now(),
            rows=[SavedRow(*(getattr(row, name) for name in names)) for row in rows.all()],
            tokens=[(list(scope), *answer) for scope, answer in rows.tokens.items()],
            random=rows.rng.getstate(),
            organization=world.organization,
            keys=world.keys,
            sessions=world.sessions,
            furnished=world.furnished,
            addresses=world.addresses,
            opt_in=world.opt_in,
            pending=world.pending.dump(),
        )
    )


def write(folder: Path, content: bytes) -> None:
    """Write the file; a crash in between leaves the former one."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{NAME}.new"
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / NAME)


def load(folder: Path) -> Saved | None:
    """The saved world, if there is one; raise SavedWorldError for one that cannot be read."""
    path = folder / NAME
    try:
        content = path.read_bytes()
        if (version := msgspec.json.decode(content, type=_Version).version) != VERSION:
            raise SavedWorldError(f"{path}: written by version {version} of the simulator, this one reads {VERSION}")
        return msgspec.json.decode(content, type=Saved)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise SavedWorldError(f"{path}: {error}; move it away to begin anew") from error


def restore(world: World, saved: Saved) -> None:
    """Put a saved world into an empty one."""
    for one in saved.rows:
        row = Row(one.kind, one.id, one.account, one.region, one.created)
        row.data, row.tags, row.refs = one.data, one.tags, one.refs
        row.timeline, row.haze = one.timeline, one.haze
        world.rows.put(row)
    world.rows.tokens = {tuple(scope): (identifier, digest) for scope, identifier, digest in saved.tokens}
    world.rows.rng.setstate(saved.random)
    world.organization, world.keys = saved.organization, saved.keys
    world.sessions, world.furnished, world.addresses = saved.sessions, saved.furnished, saved.addresses
    world.opt_in = saved.opt_in
    world.pending = Pending(list(saved.pending))
