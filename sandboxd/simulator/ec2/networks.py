"""VPCs, subnets and their default ACLs."""

import ipaddress

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.making import new_subnet, new_vpc
from sandboxd.simulator.ec2.shapes import (
    Shape,
    arn,
    boolean,
    listed,
    member,
    page,
    requested_tags,
    required,
    select,
    tag_list,
    with_tags,
)
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

_VPC_DEFAULTS = ("security-group", "route-table", "network-acl")


# ---- VPCs
def create_vpc(world: World, q: Request) -> Shape:
    if "CidrBlock" not in q.parameters:
        raise ApiError("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
    cidr = _network(q.parameters["CidrBlock"], "InvalidVpc.Range")
    mine = [row for row in world.rows.of(q.account, q.region, "vpc") if not row.is_gone(q.now)]
    world.check_quota("vpcs", len(mine))
    vpc = new_vpc(world, q.account, q.region, q.now, str(cidr), default=False)
    vpc.tags = requested_tags(q, "vpc")
    vpc.goes(q.now, (0, "pending"), (ready := world.draw("vpc.create"), "available"))
    q.made(vpc.id, ready)
    return {"Vpc": _vpc(vpc, q.now) | {"Ipv6CidrBlockAssociationSet": []}}


def _vpc(row: Row, now: float) -> Shape:
    block = {
        "AssociationId": row.data["association"],
        "CidrBlock": row.data["cidr"],
        "CidrBlockState": {"State": "associated"},
    }
    return with_tags(row, {
        "VpcId": row.id, "State": row.state(now), "CidrBlock": row.data["cidr"], "IsDefault": row.data["default"],
        "DhcpOptionsId": row.data["dhcp"], "InstanceTenancy": "default", "OwnerId": row.account,
        "CidrBlockAssociationSet": [block],
    })  # fmt: skip


def describe_vpcs(world: World, q: Request) -> Shape:
    rows = listed(world, q, "vpc", q.parameters.get("VpcIds"))
    filters = {
        "vpc-id": member("VpcId"),
        "cidr": member("CidrBlock"),
        "cidr-block-association.cidr-block": member("CidrBlock"),
        "state": member("State"),
        "owner-id": member("OwnerId"),
        "is-default": boolean("IsDefault"),
        "isDefault": boolean("IsDefault"),
        "dhcp-options-id": member("DhcpOptionsId"),
    }
    return page(q, select(q, rows, lambda row: _vpc(row, q.now), filters), "Vpcs")


def delete_vpc(world: World, q: Request) -> Shape:
    vpc = world.rows.get("vpc", required(q, "VpcId"), q)
    holders = world.rows.holders(vpc.id, q.now)
    if any(not (row.kind in _VPC_DEFAULTS and row.data.get("default")) for row in holders):
        raise ApiError("DependencyViolation", f"The vpc '{vpc.id}' has dependencies and cannot be deleted.")
    rules = [rule for row in holders for rule in world.rows.holders(row.id, q.now, "rule")]
    for row in (*rules, *holders, vpc):
        world.rows.drop(row)
    q.unmade(vpc.id)
    return {}


# ---- subnets
def create_subnet(world: World, q: Request) -> Shape:
    vpc = world.rows.get("vpc", required(q, "VpcId"), q)
    cidr = _network(required(q, "CidrBlock"), "InvalidSubnet.Range")
    if not cidr.subnet_of(ipaddress.IPv4Network(vpc.data["cidr"])):
        raise ApiError("InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid.")
    for other in world.rows.holders(vpc.id, q.now, "subnet"):
        if cidr.overlaps(ipaddress.ip_network(other.data["cidr"])):
            raise ApiError("InvalidSubnet.Conflict", f"The CIDR '{cidr}' conflicts with another subnet")
    world.check_quota("subnets", len(world.rows.holders(vpc.id, q.now, "subnet")))
    subnet = new_subnet(world, vpc, q.now, str(cidr), world.zone(q.region, q.parameters), default=False)
    subnet.tags = requested_tags(q, "subnet")
    q.made(subnet.id)
    return {"Subnet": {k: v for k, v in _subnet(world, subnet, q.now).items() if k not in _ONLY_DESCRIBED}}


_ONLY_DESCRIBED = ("MapCustomerOwnedIpOnLaunch", "BlockPublicAccessStates")


def _subnet(world: World, row: Row, now: float) -> Shape:
    free = ipaddress.ip_network(row.data["cidr"]).num_addresses - 5 - len(world.rows.holders(row.id, now, "interface"))
    return with_tags(row, {
        "AvailabilityZone": row.data["zone"], "AvailabilityZoneId": row.data["zone_id"], "AvailableIpAddressCount": free,
        "CidrBlock": row.data["cidr"], "DefaultForAz": row.data["default"], "MapPublicIpOnLaunch": row.data["default"],
        "MapCustomerOwnedIpOnLaunch": False, "State": row.state(now), "SubnetId": row.id, "VpcId": row.refs["vpc"],
        "OwnerId": row.account, "AssignIpv6AddressOnCreation": False, "Ipv6CidrBlockAssociationSet": [],
        "SubnetArn": arn(row, "subnet"), "EnableDns64": False, "Ipv6Native": False,
        "PrivateDnsNameOptionsOnLaunch": {
            "HostnameType": "ip-name", "EnableResourceNameDnsARecord": False, "EnableResourceNameDnsAAAARecord": False,
        },
        "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
    })  # fmt: skip


def describe_subnets(world: World, q: Request) -> Shape:
    rows = listed(world, q, "subnet", q.parameters.get("SubnetIds"))
    filters = {
        "subnet-id": member("SubnetId"),
        "vpc-id": member("VpcId"),
        "cidr-block": member("CidrBlock"),
        "cidr": member("CidrBlock"),
        "state": member("State"),
        "availability-zone": member("AvailabilityZone"),
        "availability-zone-id": member("AvailabilityZoneId"),
        "default-for-az": boolean("DefaultForAz"),
        "owner-id": member("OwnerId"),
        "subnet-arn": member("SubnetArn"),
    }
    return page(q, select(q, rows, lambda row: _subnet(world, row, q.now), filters), "Subnets")


def delete_subnet(world: World, q: Request) -> Shape:
    subnet = world.rows.get("subnet", required(q, "SubnetId"), q)
    if world.rows.holders(subnet.id, q.now, "interface", "machine", "nat-gateway"):
        raise ApiError("DependencyViolation", f"The subnet '{subnet.id}' has dependencies and cannot be deleted.")
    associations = world.rows.holders(subnet.id, q.now, "association")
    q.unmade(subnet.id, frees=(subnet.refs["vpc"], *(row.refs["table"] for row in associations)))
    for row in (*associations, subnet):
        world.rows.drop(row)
    return {}


def _network(text: str, code: str) -> ipaddress.IPv4Network:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        raise ApiError("InvalidParameterValue", f"Value ({text}) for parameter cidrBlock is invalid.") from None
    if not 16 <= network.prefixlen <= 28:  # noqa: PLR2004 - AWS's own bounds
        raise ApiError(code, f"The CIDR '{text}' is invalid.")
    return network


# ---- ACLs
def describe_network_acls(world: World, q: Request) -> Shape:
    rows = listed(world, q, "network-acl", q.parameters.get("NetworkAclIds"))
    filters = {"vpc-id": member("VpcId"), "default": boolean("IsDefault"), "network-acl-id": member("NetworkAclId")}
    return page(q, select(q, rows, lambda row: _acl(world, row, q.now), filters), "NetworkAcls")


def _acl(world: World, row: Row, now: float) -> Shape:
    subnets = world.rows.holders(row.refs["vpc"], now, "subnet")
    entry: Shape = {"CidrBlock": "0.0.0.0/0", "Protocol": "-1"}
    entries = [
        entry | {"Egress": egress, "RuleAction": action, "RuleNumber": number}
        for egress in (True, False)
        for action, number in (("allow", 100), ("deny", 32767))
    ]
    associations = [
        {"NetworkAclAssociationId": one.data["acl_association"], "NetworkAclId": row.id, "SubnetId": one.id}
        for one in subnets
    ]
    return {
        "Associations": associations,
        "Entries": entries,
        "IsDefault": row.data["default"],
        "NetworkAclId": row.id,
        "Tags": tag_list(row),
        "VpcId": row.refs["vpc"],
        "OwnerId": row.account,
    }


OPERATIONS = {
    "CreateVpc": create_vpc, "DescribeVpcs": describe_vpcs, "DeleteVpc": delete_vpc,
    "CreateSubnet": create_subnet, "DescribeSubnets": describe_subnets, "DeleteSubnet": delete_subnet,
    "DescribeNetworkAcls": describe_network_acls,
}  # fmt: skip
