"""What of an account's address plan and ports is free: numbers that no living sandbox has. Pure.

A number is kept over a stop and free again once its sandbox is deleted and its subnet is gone.
"""

from collections.abc import Collection, Iterable

from sandboxd.lifecycle.state import State
from sandboxd.model.errors import LimitReached
from sandboxd.model.keys import SHARED, make_key, parts
from sandboxd.model.records import SandboxRecord

FIRST_PORT, LAST_PORT = 20_000, 20_999
"""at the load balancer of layer 4"""


def free_slot(state: State, shown: Collection[int] = ()) -> int:
    """The lowest number of the address plan that no living sandbox has, and that `shown` does not name."""
    taken = {record.blueprint.slot for record in _living(state)} | set(shown)
    return next(slot for slot in range(len(taken) + 1) if slot not in taken)


def free_ports(state: State, region: str, routes: Iterable[str]) -> dict[str, int]:
    """A port for each of these routes that no other of the account has in this region; raise LimitReached without one."""
    taken = {
        port
        for record in _living(state)
        if record.blueprint.region == region
        for port in record.blueprint.ports.values()
    }
    free = (port for port in range(FIRST_PORT, LAST_PORT + 1) if port not in taken)
    names = list(routes)
    out = dict(zip(names, free, strict=False))
    if len(out) < len(names):
        raise LimitReached(
            "ports_full",
            f"All ports from {FIRST_PORT} to {LAST_PORT} of the load balancer in {region} are taken.",
            "Delete a sandbox with layer-4 routes, then try again.",
        )
    return out


def zones_of(state: State, region: str) -> tuple[str, ...]:
    """The zones that the account uses in a region; an older release wrote down only the one of what it made."""
    if kept := state.account.zones.get(region):
        return kept
    row = state.rows.get(make_key(region, SHARED, "public-a"))
    zone = str(row.node.parameters.get("zone", "")) if row is not None and row.hi else ""
    return (zone,) if zone else ()


def network_of(state: State, region: str) -> tuple[str, str]:
    """Id and range of the VPC that the account has in a region; empty without one."""
    row = state.rows.get(make_key(region, SHARED, "vpc"))
    if row is None or not (row.hi or row.flight or state.planner.is_demanded(row.node.key)):
        return "", ""
    return row.facts.get("id", ""), str(row.node.parameters.get("cidr", ""))


def ranges(state: State, region: str) -> list[str]:
    """The ranges of subnets that may be there in a region: also those of sandboxes that are gone."""
    rows = (row for row in state.rows.values() if row.node.kind == "subnet" and (row.hi or row.flight))
    return [str(row.node.parameters["cidr"]) for row in rows if parts(row.node.key).region == region]


def _living(state: State) -> list[SandboxRecord]:
    return [record for record in state.sandboxes.values() if record.state != "deleted"]
