"""Elastic IPs, with the traps of their release."""

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.making import public_ip
from sandboxd.simulator.ec2.shapes import (
    Shape,
    listed,
    member,
    requested_tags,
    select,
    with_tags,
)
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World


def allocate_address(world: World, q: Request) -> Shape:
    if (domain := q.parameters.get("Domain", "vpc")) != "vpc":
        raise ApiError("InvalidParameterValue", f"Value ({domain}) for parameter domain is invalid.")
    world.check_quota("elastic_ips", len(world.rows.of(q.account, q.region, "elastic-ip")))
    address = world.rows.make("elastic-ip", q.account, q.region, q.now)
    address.data = {"ip": public_ip(world)}
    address.tags = requested_tags(q, "elastic-ip")
    q.made(address.id)
    return {
        "PublicIp": address.data["ip"],
        "AllocationId": address.id,
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": q.region,
        "Domain": "vpc",
    }


def _address(world: World, row: Row, now: float) -> Shape:
    shape: Shape = {
        "PublicIp": row.data["ip"],
        "AllocationId": row.id,
        "Domain": "vpc",
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": row.region,
    }
    if (interface := bound_to(world, row, now)) is not None:
        shape |= {
            "AssociationId": row.data["association"],
            "NetworkInterfaceId": interface.id,
            "NetworkInterfaceOwnerId": row.account,
            "PrivateIpAddress": interface.data["ip"],
        }
    return with_tags(row, shape)


def bound_to(world: World, address: Row, now: float) -> Row | None:
    """The interface that holds an address; it lets go some seconds after its gateway is gone."""
    if (held := address.refs.get("interface")) is None:
        return None
    if (free_at := address.data.get("free_at")) is not None and free_at <= now:
        world.rows.unrefer(address, "interface")
        return None
    return world.rows.find(held)


def describe_addresses(world: World, q: Request) -> Shape:
    rows = listed(world, q, "elastic-ip", q.parameters.get("AllocationIds"))
    if addresses := q.parameters.get("PublicIps"):
        rows = [row for row in rows if row.data["ip"] in addresses]
    filters = {
        "allocation-id": member("AllocationId"),
        "association-id": member("AssociationId"),
        "public-ip": member("PublicIp"),
        "domain": member("Domain"),
        "network-interface-id": member("NetworkInterfaceId"),
    }
    return {"Addresses": select(q, rows, lambda row: _address(world, row, q.now), filters)}


def release_address(world: World, q: Request) -> Shape:
    if "AllocationId" not in q.parameters:
        words = "You must specify an allocation id when releasing a VPC elastic IP address"
        raise ApiError("InvalidParameterValue", words)
    address = world.rows.get("elastic-ip", q.parameters["AllocationId"], q)
    if (interface := bound_to(world, address, q.now)) is not None:
        if interface.is_gone(q.now):
            words = f"The networkInterface ID '{interface.id}' does not exist"
            raise ApiError("InvalidNetworkInterfaceID.NotFound", words)
        raise ApiError("AuthFailure", "You do not have permission to access the specified resource.")
    world.rows.drop(address)
    q.unmade(address.id)
    return {}


OPERATIONS = {
    "AllocateAddress": allocate_address,
    "DescribeAddresses": describe_addresses,
    "ReleaseAddress": release_address,
}
