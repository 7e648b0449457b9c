"""Internet gateways and NAT gateways."""

from sandboxd.simulator.calls import Parameters, Request
from sandboxd.simulator.ec2.addresses import bound_to
from sandboxd.simulator.ec2.making import bind, new_interface, room
from sandboxd.simulator.ec2.shapes import (
    Shape,
    listed,
    member,
    moment,
    page,
    requested_tags,
    required,
    select,
    tag_list,
    with_tags,
)
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.needs import attached, mapped
from sandboxd.simulator.rows import LINGER, Row
from sandboxd.simulator.world import World


# ---- internet gateways
def create_internet_gateway(world: World, q: Request) -> Shape:
    world.check_quota("internet_gateways", len(world.rows.of(q.account, q.region, "internet-gateway")))
    gateway = world.rows.make("internet-gateway", q.account, q.region, q.now)
    gateway.tags = requested_tags(q, "internet-gateway")
    q.made(gateway.id)
    return {"InternetGateway": _internet(gateway)}


def _internet(row: Row) -> Shape:
    attached = [{"State": "available", "VpcId": row.refs["vpc"]}] if "vpc" in row.refs else []
    return {"InternetGatewayId": row.id, "Attachments": attached, "OwnerId": row.account, "Tags": tag_list(row)}


def attach_internet_gateway(world: World, q: Request) -> Shape:
    gateway = world.rows.get("internet-gateway", required(q, "InternetGatewayId"), q)
    vpc = world.rows.get("vpc", required(q, "VpcId"), q)
    if held := gateway.refs.get("vpc"):
        raise ApiError("Resource.AlreadyAssociated", f"resource {gateway.id} is already attached to network {held}")
    if world.rows.holders(vpc.id, q.now, "internet-gateway"):
        raise ApiError("InvalidParameterValue", f"Network {vpc.id} already has an internet gateway attached")
    world.rows.refer(gateway, vpc=vpc.id)
    gateway.data["attached_at"] = q.now
    gateway.data.pop("elb_from", None)
    q.made(attached(gateway.id))
    return {}


def detach_internet_gateway(world: World, q: Request) -> Shape:
    gateway = world.rows.get("internet-gateway", required(q, "InternetGatewayId"), q)
    vpc = world.rows.get("vpc", required(q, "VpcId"), q)
    if gateway.refs.get("vpc") != vpc.id:
        raise ApiError("Gateway.NotAttached", f"resource {gateway.id} is not attached to network {vpc.id}")
    if any(row.data.get("public") for row in _interfaces(world, vpc, q.now)):
        words = (
            "has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
        )
        raise ApiError("DependencyViolation", f"Network {vpc.id} {words}")
    world.rows.unrefer(gateway, "vpc")
    q.made(attached(gateway.id), frees=(gateway.id, vpc.id))
    return {}


def _interfaces(world: World, vpc: Row, now: float) -> list[Row]:
    subnets = world.rows.holders(vpc.id, now, "subnet")
    return [row for subnet in subnets for row in world.rows.holders(subnet.id, now, "interface")]


def delete_internet_gateway(world: World, q: Request) -> Shape:
    gateway = world.rows.get("internet-gateway", required(q, "InternetGatewayId"), q)
    if "vpc" in gateway.refs:
        words = f"The internetGateway '{gateway.id}' has dependencies and cannot be deleted."
        raise ApiError("DependencyViolation", words)
    world.rows.drop(gateway)
    q.unmade(gateway.id)
    return {}


def describe_internet_gateways(world: World, q: Request) -> Shape:
    rows = listed(world, q, "internet-gateway", q.parameters.get("InternetGatewayIds"))
    filters = {
        "internet-gateway-id": member("InternetGatewayId"),
        "owner-id": member("OwnerId"),
        "attachment.vpc-id": lambda _, s: [a["VpcId"] for a in s["Attachments"]],
        "attachment.state": lambda _, s: [a["State"] for a in s["Attachments"]],
    }
    return page(q, select(q, rows, _internet, filters), "InternetGateways")


# ---- NAT gateways
def create_nat_gateway(world: World, q: Request) -> Shape:
    subnet = world.rows.get("subnet", required(q, "SubnetId"), q)
    if (known := world.token(q, "nat-gateway")) is not None:
        nat = world.rows.answered("nat-gateway", known)
        return {"NatGateway": _nat(nat, q.now, fresh=True), "ClientToken": q.parameters["ClientToken"]}
    address = _address(world, q)
    _check_nat_quota(world, q, subnet)
    nat = world.rows.make("nat-gateway", q.account, q.region, q.now)
    nat.tags = requested_tags(q, "natgateway")
    world.rows.refer(nat, subnet=subnet.id, vpc=subnet.refs["vpc"], address=address.id)
    nat.data |= {"token": q.parameters.get("ClientToken"), "allocation": address.id, "public_ip": address.data["ip"]}
    nat.data |= {"zone": subnet.data["zone"], "interface": ""}
    _begin(world, q, nat, subnet, address)
    world.remember(q, nat, "nat-gateway")
    out: Shape = {"NatGateway": _nat(nat, q.now, fresh=True)}
    return out | ({"ClientToken": nat.data["token"]} if nat.data["token"] else {})


def _address(world: World, q: Request) -> Row:
    """The address of a new gateway; it has words of its own for one that it does not know, or not yet."""
    identifier = required(q, "AllocationId")
    try:
        return world.rows.get("elastic-ip", identifier, q)
    except ApiError:
        raise ApiError("InvalidElasticIpID.NotFound", f"The elastic IP '{identifier}' does not exist") from None


def _check_nat_quota(world: World, q: Request, subnet: Row) -> None:
    zone = subnet.data["zone"]
    same = [
        row for row in world.rows.of(q.account, q.region, "nat-gateway")
        if row.state(q.now) in ("pending", "available", "deleting") and row.data["zone"] == zone
    ]  # fmt: skip
    world.check_quota("nat_gateways", len(same))


def _begin(world: World, q: Request, nat: Row, subnet: Row, address: Row) -> None:
    """Come up, or fail after a while: what is wrong is found out on the way, as at AWS."""
    failure = _failure(world, q, subnet, address)
    interface = None
    if room(world, subnet, q.now):
        interface = new_interface(world, subnet, q.now, f"Interface for NAT Gateway {nat.id}", "nat_gateway")
        world.rows.refer(nat, interface=interface.id)
        nat.data |= {"interface": interface.id, "private_ip": interface.data["ip"]}
        if bound_to(world, address, q.now) is None:
            bind(world, address, interface, q.now)
    if failure is not None or interface is None:
        _fail(world, q, nat, interface, failure or _FULL)
        return
    interface.data |= {"public": address.data["ip"]}
    nat.data["association"] = address.data["association"]
    nat.goes(q.now, (0, "pending"), (ready := world.draw("nat-gateway.create"), "available"))
    q.made(nat.id, ready)


_FULL = ("InsufficientFreeAddressesInSubnet", "Subnet has insufficient free addresses to create this NAT gateway")


def _fail(world: World, q: Request, nat: Row, interface: Row | None, failure: tuple[str, str]) -> None:
    """It holds interface and address until it is deleted, or goes by itself after an hour."""
    after = world.draw("nat-gateway.fail")
    nat.data["failure"] = [q.now + after, *failure]
    nat.goes(q.now, (0, "pending"), (after, "failed"), (after + LINGER, "failed-gone"))
    if interface is not None:
        interface.goes(q.now, (0, "available"), (after + LINGER, "deleted"))
    address = world.rows.find(nat.data["allocation"])
    if address is not None and interface is not None and address.refs.get("interface") == interface.id:
        address.data["free_at"] = q.now + after + LINGER
    q.made(nat.id, after)


def _failure(world: World, q: Request, subnet: Row, address: Row) -> tuple[str, str] | None:
    """Code and words of what keeps a NAT gateway from coming up."""
    if bound_to(world, address, q.now) is not None:
        return "Resource.AlreadyAssociated", f"Elastic IP address [{address.id}] is already associated"
    if not world.rows.holders(subnet.refs["vpc"], q.now, "internet-gateway"):
        return "Gateway.NotAttached", f"Network {subnet.refs['vpc']} has no Internet gateway attached"
    return world.weather.choose(*_deaths(address)) if world.weather.dies(q.now) else None


def _deaths(address: Row) -> tuple[tuple[str, str], ...]:
    """What kills a NAT gateway on its way through no fault of the caller's."""
    return (
        ("InternalError", "Network interface, created and used internally by this NAT gateway is in an invalid state."),
        (
            "InvalidAllocationID.NotFound",
            f"Elastic IP address {address.id} could not be associated with this NAT gateway",
        ),
    )


def _nat(row: Row, now: float, *, fresh: bool = False) -> Shape:
    state = row.state(now)
    address: Shape = {"AllocationId": row.data["allocation"], "IsPrimary": True, "Status": "associating"}
    if not fresh and row.data["interface"]:
        address |= {"NetworkInterfaceId": row.data["interface"], "PrivateIp": row.data["private_ip"]}
    if state != "pending" and "association" in row.data:
        address |= {"PublicIp": row.data["public_ip"], "AssociationId": row.data["association"], "Status": "succeeded"}
    shape: Shape = {
        "CreateTime": moment(row.created),
        "NatGatewayAddresses": [address],
        "NatGatewayId": row.id,
        "State": state,
        "SubnetId": row.refs["subnet"],
        "VpcId": row.refs["vpc"],
        "ConnectivityType": "public",
    }
    if (failure := row.data.get("failure")) and now >= failure[0]:
        shape |= {"FailureCode": failure[1], "FailureMessage": failure[2], "DeleteTime": moment(failure[0])}
    if deleted := row.data.get("deleted_at"):
        shape |= {"DeleteTime": moment(deleted)}
    return with_tags(row, shape)


def describe_nat_gateways(world: World, q: Request) -> Shape:
    rows = listed(world, q, "nat-gateway", q.parameters.get("NatGatewayIds"))
    wanted = Parameters({"Filters": q.parameters.get("Filter", ())})
    filters = {
        "nat-gateway-id": member("NatGatewayId"),
        "state": member("State"),
        "subnet-id": member("SubnetId"),
        "vpc-id": member("VpcId"),
    }
    asked = Request(q.caller, q.region, q.service, q.operation, wanted, q.now)
    return page(q, select(asked, rows, lambda row: _nat(row, q.now), filters), "NatGateways")


def delete_nat_gateway(world: World, q: Request) -> Shape:
    nat = world.rows.get("nat-gateway", required(q, "NatGatewayId"), q)
    if nat.state(q.now) in ("deleting", "deleted", "failed-gone"):
        return {"NatGatewayId": nat.id}
    gone = world.draw("nat-gateway.delete")
    nat.data["deleted_at"] = q.now
    nat.goes(q.now, (0, "deleting"), (gone, "deleted"))
    q.unmade(nat.id, gone)
    lingers = _let_interface_go(world, q, nat, gone)
    address = world.rows.find(nat.data["allocation"])
    if address is not None and nat.data["interface"] and address.refs.get("interface") == nat.data["interface"]:
        free = lingers + world.draw("address.unbind")
        address.data["free_at"] = q.now + free
        q.made(f"{address.id} unbound", free, frees=(address.id,))
    return {"NatGatewayId": nat.id}


def _let_interface_go(world: World, q: Request, nat: Row, gone: float) -> float:
    """The interface outlives its gateway by some seconds, and holds subnet, VPC and the mapped address for so long."""
    lingers = gone + world.draw("interface.linger") + world.weather.late(q.now)
    if (interface := world.rows.find(nat.data["interface"])) is not None:
        interface.goes(q.now, (lingers, "deleted"))
    held = (nat.refs["subnet"], nat.refs["vpc"], mapped(nat.refs["vpc"]))
    q.made(f"{nat.data['interface'] or nat.id} gone", lingers, frees=held)
    return lingers


OPERATIONS = {
    "CreateInternetGateway": create_internet_gateway, "AttachInternetGateway": attach_internet_gateway,
    "DetachInternetGateway": detach_internet_gateway, "DeleteInternetGateway": delete_internet_gateway,
    "DescribeInternetGateways": describe_internet_gateways, "CreateNatGateway": create_nat_gateway,
    "DescribeNatGateways": describe_nat_gateways, "DeleteNatGateway": delete_nat_gateway,
}  # fmt: skip
