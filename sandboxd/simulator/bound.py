"""The shortest time that AWS itself would have allowed for a phase, from the simulator's own log of it.

A call can start when all that its parameters refer to is there; what no reference shows stands in one literal table
below. The bound is the longest chain of such prerequisites with the durations that were drawn, at 0.3 s a call. It
knows nothing of anybody's plan.
"""

from typing import Any

from sandboxd.simulator.calls import Entry
from sandboxd.simulator.durations import CALL
from sandboxd.simulator.organizations import found
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

DEFAULT = (
    "security-group",
    "route-table",
    "network-acl",
    "rule",
    "subnet",
    "interface",
    "association",
    "internet-gateway",
    "vpc",
)

HIDDEN = {
    "RunInstances": ("CreateRoute", "ReplaceRoute"),  # a private machine boots after its default route is active
    "StartInstances": ("CreateRoute", "ReplaceRoute"),
    "CreateNatGateway": ("AttachInternetGateway",),  # a NAT gateway after the internet gateway is attached
}
"""operation -> operations of the same phase and place that it waits for although no parameter refers to them"""

REMOVALS = ("Delete", "Release", "Detach", "Disassociate", "Terminate", "Revoke")
UNMADE = {
    # what a removal waits for: removals of these operations whose thing stood on, or under, what it removes
    "ReleaseAddress": ("DeleteNatGateway",),
    "DetachInternetGateway": ("DeleteNatGateway", "ReleaseAddress"),
    "DeleteInternetGateway": ("DetachInternetGateway",),
    "DeleteSubnet": ("TerminateInstances", "DeleteNatGateway", "DisassociateRouteTable"),
    "DeleteSecurityGroup": ("TerminateInstances", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress"),
    "DeleteRouteTable": ("DisassociateRouteTable",),
    "DeleteVpc": ("DeleteSubnet", "DeleteInternetGateway", "DeleteSecurityGroup", "DeleteRouteTable"),
}


def bound(entries: list[Entry]) -> dict[str, Any]:
    """Seconds and chain of a phase; repeats and refusals do not count."""
    calls = [entry for entry in entries if entry.mutation and not entry.error and entry.service == "ec2"]
    there: dict[str, tuple[float, list[dict[str, Any]]]] = {}
    ended: dict[str, list[tuple[float, list[dict[str, Any]]]]] = {}
    longest: tuple[float, list[dict[str, Any]]] = (0.0, [])
    for entry in calls:
        start = max((_before(entry, there, ended)), key=lambda one: one[0], default=(0.0, []))
        for what, seconds in entry.made or (("", 0.0),):
            link = {"operation": entry.operation, "resource": what, "seconds": round(CALL + seconds, 3)}
            done = (start[0] + CALL + seconds, [*start[1], link])
            there[what] = done
            ended.setdefault(entry.operation, []).append(done)
            longest = max(longest, done, key=lambda one: one[0])
    return {"bound_seconds": round(longest[0], 3), "chain": longest[1]}


def _before(
    entry: Entry,
    there: dict[str, tuple[float, list[dict[str, Any]]]],
    ended: dict[str, list[tuple[float, list[dict[str, Any]]]]],
) -> list[tuple[float, list[dict[str, Any]]]]:
    waits = [] if entry.operation.startswith(REMOVALS) else [there[ref] for ref in entry.refs if ref in there]
    if entry.operation.startswith(REMOVALS):
        own = [there[ref] for ref in entry.refs if ref in there and not _removes(there[ref])]
        waits += own
    for operation in (*HIDDEN.get(entry.operation, ()), *UNMADE.get(entry.operation, ())):
        waits += ended.get(operation, [])
    return waits


def _removes(done: tuple[float, list[dict[str, Any]]]) -> bool:
    return str(done[1][-1]["operation"]).startswith(REMOVALS)


# ---- inventory
def inventory(world: World) -> list[dict[str, Any]]:
    """Everything that is there beyond what every account has by itself; what is gone and only listed does not count."""
    now = world.clock.now()
    management = found(world)["management"]
    rows = [
        row
        for row in world.rows.all()
        if not row.is_gone(now) and row.account != management and not _is_default(world, row)
    ]
    return [
        {
            "kind": row.kind, "id": row.id, "account": row.account, "region": row.region, "state": row.state(now),
            "tags": row.tags,
        }
        for row in rows if row.kind not in ("interface", "volume", "image", "snapshot")
    ]  # fmt: skip


def _is_default(world: World, row: Row) -> bool:
    if row.kind not in DEFAULT:
        return False
    if row.kind == "vpc":
        return bool(row.data["default"])
    if row.data.get("default"):
        return True
    holder = world.rows.find(row.refs.get("group", "") or row.refs.get("subnet", ""))
    if row.kind == "rule" and holder is not None:
        return _is_default(world, holder) or (row.data["egress"] and row.data["protocol"] == "-1" and not row.tags)
    return row.kind in ("interface", "association") and holder is not None and _is_default(world, holder)
