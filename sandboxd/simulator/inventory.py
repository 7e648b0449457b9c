"""What there is in the simulated AWS beyond what every account has by itself: the witness of every test of a life.

What is gone and only still listed does not count: terminated machines, deleted NAT gateways.
"""

from typing import TypedDict

from sandboxd.simulator.ec2.interfaces import is_free
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

PARTS = ("target", "interface", "volume", "image", "snapshot", "command")
"""kinds that live and go with others"""


class Item(TypedDict):
    """One resource."""

    kind: str
    id: str
    account: str
    region: str
    state: str
    tags: dict[str, str]


def inventory(world: World) -> list[Item]:
    """All live resources of the accounts of tenants and the pool, in the order in which they were made."""
    now, operators = world.clock.now(), (world.organization.get("management"), world.organization.get("images"))
    world.land(now)
    return [
        Item(
            kind=row.kind,
            id=row.id,
            account=row.account,
            region=row.region,
            state=row.state(now),
            tags=dict(row.tags),
        )
        for row in world.rows.all()
        if row.account not in operators
        and not row.is_gone(now)
        and not _is_part(row, now)
        and not _is_default(world, row)
    ]


def _is_part(row: Row, now: float) -> bool:
    """Whether it lives and goes with something else; a volume that outlived its machine, and a plain interface, do not."""
    alone = (row.kind == "volume" and row.state(now) == "available") or (row.kind == "interface" and is_free(row))
    return row.kind in PARTS and not alone


def _is_default(world: World, row: Row) -> bool:
    """Whether AWS made it by itself: the default network of a region, or what comes with a VPC or a group."""
    if row.data.get("default"):
        return True
    if row.kind == "rule":
        return bool(row.data.get("born")) or _holder_is_default(world, row, "group")
    return row.kind == "association" and _holder_is_default(world, row, "subnet")


def _holder_is_default(world: World, row: Row, role: str) -> bool:
    holder = world.rows.find(row.refs.get(role, ""))
    return holder is not None and _is_default(world, holder)
