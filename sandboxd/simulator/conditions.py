"""What of the world itself a fault file may set: types that a zone has not, quotas, and what services do by themselves."""

import difflib
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from sandboxd.simulator.ec2.catalog import TYPES
from sandboxd.simulator.limits import LIMITS
from sandboxd.simulator.world import World


def known(what: str, named: Iterable[str], every: Iterable[str]) -> None:
    """Raise ValueError for a name that nobody knows, with what was probably meant."""
    names = dict.fromkeys(every)
    for one in named:
        if one not in names:
            near = difflib.get_close_matches(one, names, n=1, cutoff=0.5)
            words = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(names)[:12])}"
            raise ValueError(f"there is no {what} {one!r}, {words}")


class ScarcityTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An instance type that is not to be had in some zones."""

    type: str
    zones: tuple[str, ...]
    """their ids"""
    what: Literal["exhausted", "not-offered"] = "exhausted"

    def __post_init__(self) -> None:
        """A type that nobody knows is a mistake."""
        known("type", (self.type,), TYPES)


def check_quotas(named: Iterable[str]) -> None:
    """Raise ValueError for a quota that there is not."""
    known("quota", named, LIMITS)


def put(world: World, scarcity: Iterable[ScarcityTable]) -> None:
    """Make these types scarce."""
    for one in scarcity:
        table = world.scarcity.exhausted if one.what == "exhausted" else world.scarcity.not_offered
        table[one.type] = (*table.get(one.type, ()), *one.zones)
