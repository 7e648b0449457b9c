"""Fleets as they are described, made, changed and deleted. How they start and stop stands in `starting.py`.

A fleet names subnets and groups without holding them: only its instances' interfaces do.
"""

from datetime import UTC, datetime
from typing import Any

from sandboxd.simulator.appstream.images import usable
from sandboxd.simulator.appstream.roles import check_role
from sandboxd.simulator.appstream.shapes import Shape, absent, arn, described, get, make, named, page, takes
from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

STANDS = ("STOPPED",)
GOING = "going"
"""a state of ours: it is being deleted, and still described as stopped"""
COPIED = (
    "InstanceType", "FleetType", "MaxUserDurationInSeconds", "DisconnectTimeoutInSeconds", "IdleDisconnectTimeoutInSeconds",
    "EnableDefaultInternetAccess", "StreamView", "DisableIMDSV1",
)  # fmt: skip
"""said when it is made or changed, and described again"""


def shape(row: Row, now: float) -> Shape:
    """A fleet as it is described: never with its tags."""
    state, data = row.state(now), row.data
    running = data["instances"] if state == "RUNNING" else 0
    return {
        "Arn": row.id, "Name": data["name"], "ImageArn": data["image"], "ImageName": data["image"].rpartition("/")[2],
        "ComputeCapacityStatus": {"Desired": data["instances"], "Running": running, "InUse": 0, "Available": running},
        "State": "STOPPED" if state == GOING else state, "CreatedTime": datetime.fromtimestamp(row.created, UTC),
        "VpcConfig": {"SubnetIds": list(data["subnets"]), "SecurityGroupIds": list(data["groups"])},
        "FleetErrors": [
            {"ErrorCode": code, "ErrorMessage": words} for code, words, since, until in data["errors"] if since <= now < until
        ],
    } | {name: data["more"][name] for name in COPIED if name in data["more"]} | described(row)  # fmt: skip


def create_fleet(world: World, q: Request) -> Shape:
    """It is made stopped, and nobody looks at what it names but the image and the service's role."""
    check_role(world, q)
    _check_type(q.parameters["InstanceType"])
    wanted = _wanted(world, q)
    if not wanted.get("instances") or "image" not in wanted:
        raise ApiError("InvalidParameterCombinationException", "A fleet needs an image and a compute capacity.")
    row = make(world, q, "fleet")
    row.data |= {"subnets": [], "groups": [], "errors": []} | wanted
    row.data["more"] = {"FleetType": "ON_DEMAND"} | wanted.get("more", {})
    row.goes(q.now, (0, "STOPPED"))
    return {"Fleet": shape(row, q.now)}


def _check_type(asked: str) -> None:
    if not asked.startswith("stream."):
        raise ApiError("InvalidParameterCombinationException", f"The instance type {asked} is not supported.")


def _wanted(world: World, q: Request) -> dict[str, Any]:
    """What a call says about a fleet, as far as it does."""
    asked = q.parameters
    out: dict[str, Any] = {}
    more = {name: asked[name] for name in COPIED if name in asked}
    if (network := asked.get("VpcConfig")) is not None:
        out |= {"subnets": list(network.get("SubnetIds", ())), "groups": list(network.get("SecurityGroupIds", ()))}
    if (capacity := asked.get("ComputeCapacity")) is not None:
        out["instances"] = int(capacity.get("DesiredInstances", 0))
    if name := asked.get("ImageArn") or asked.get("ImageName"):
        identifier = str(name) if name.startswith("arn:") else arn(q, "image", name)
        if usable(world, q.account, identifier) is None:
            raise absent("image", name)
        out["image"] = identifier
    return out | ({"more": more} if more else {})


def update_fleet(world: World, q: Request) -> Shape:
    """Only what stands can be changed."""
    row = get(world, q, "fleet", q.parameters.get("Name", ""))
    if row.state(q.now) not in STANDS:
        words = f"Cannot update the attribute for fleet {row.data['name']} when it is ACTIVE. "
        raise ApiError("ResourceInUseException", f"{words}The fleet must be stopped to complete this action.")
    wanted = _wanted(world, q)
    row.data = row.data | wanted | {"more": row.data["more"] | wanted.get("more", {})}
    for name, key in (("Description", "text"), ("DisplayName", "title")):
        row.data[key] = q.parameters.get(name, row.data[key])
    q.made(row.id)
    return {"Fleet": shape(row, q.now)}


def describe_fleets(world: World, q: Request) -> Shape:
    """All, or those of these names."""
    return page(q, [shape(row, q.now) for row in named(world, q, "fleet")], "Fleets")


def delete_fleet(world: World, q: Request) -> Shape:
    """Refused while it runs, or a stack has it; described as stopped until it is gone."""
    row = get(world, q, "fleet", q.parameters["Name"])
    if world.rows.holders(row.id, q.now, "fleet-association"):
        raise ApiError("ResourceInUseException", f"The fleet {row.data['name']} is associated with a stack.")
    if row.state(q.now) not in STANDS:
        raise ApiError("ResourceInUseException", f"The fleet {row.data['name']} must be stopped before it is deleted.")
    gone = takes(world, q, "fleet.delete")
    row.goes(q.now, (0, GOING), (gone, "deleted"))
    # a subnet may go before the fleet that names it, but whoever holds to an order waits for the fleet
    q.unmade(row.id, gone, frees=(*row.data["subnets"], *row.data["groups"], row.data["image"]))
    return {}


OPERATIONS = {
    "CreateFleet": create_fleet, "UpdateFleet": update_fleet, "DescribeFleets": describe_fleets,
    "DeleteFleet": delete_fleet,
}  # fmt: skip
