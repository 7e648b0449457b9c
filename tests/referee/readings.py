"""What sandboxd reads of AWS's answers, kind by kind: the common ground on which two AWSs are compared.

One literal table: how a thing is described, and which of its members decide anything above. Ids become the names that the
comparison has given them; what only differs by nature (addresses, times) is reduced to whether it is there.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

Item = dict[str, Any]
Seen = dict[str, Any]


class Reading(NamedTuple):
    """How a kind is looked at."""

    operation: str
    asked: Callable[[str], Item]
    items: Callable[[Item], list[Item]]
    read: Callable[[Item], Seen]
    service: str = "ec2"


def _by_ids(name: str) -> Callable[[str], Item]:
    return lambda identifier: {name: [identifier]}


def _listed(name: str) -> Callable[[Item], list[Item]]:
    return lambda answer: list(answer[name])


def _members(*names: str) -> Callable[[Item], Seen]:
    return lambda item: {name: item.get(name) for name in names} | {"Tags": _tags(item)}


def _tags(item: Item) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in sorted(item.get("Tags") or (), key=lambda one: one["Key"])}


def _gateway(item: Item) -> Seen:
    return {"Attachments": [(one["State"], one["VpcId"]) for one in item["Attachments"]], "Tags": _tags(item)}


def _table(item: Item) -> Seen:
    routes = [
        (one["DestinationCidrBlock"], one.get("NatGatewayId") or one.get("GatewayId"), one["State"])
        for one in item["Routes"]
    ]
    subnets = [one["SubnetId"] for one in item["Associations"] if not one["Main"]]
    return {"VpcId": item["VpcId"], "Routes": sorted(routes), "Subnets": sorted(subnets), "Tags": _tags(item)}


def _group(item: Item) -> Seen:
    egress = [
        (one["IpProtocol"], [source["CidrIp"] for source in one["IpRanges"]]) for one in item["IpPermissionsEgress"]
    ]
    names = ("GroupName", "Description", "VpcId")
    return {name: item.get(name) for name in names} | {"Egress": egress, "Tags": _tags(item)}


def _rule(item: Item) -> Seen:
    names = ("GroupId", "IsEgress", "IpProtocol", "FromPort", "ToPort", "CidrIpv4")
    peer = (item.get("ReferencedGroupInfo") or {}).get("GroupId")
    return {name: item.get(name) for name in names} | {"Peer": peer, "Tags": _tags(item)}


def _address(item: Item) -> Seen:
    return {"Domain": item["Domain"], "Held": "AssociationId" in item, "Tags": _tags(item)}


def _nat(item: Item) -> Seen:
    address = item["NatGatewayAddresses"][0].get("AllocationId") if item["NatGatewayAddresses"] else None
    names = ("State", "SubnetId", "VpcId", "FailureCode")
    return {name: item.get(name) for name in names} | {"Address": address, "Tags": _tags(item)}


def _machine(item: Item) -> Seen:
    return {
        "State": item["State"]["Name"],
        "SubnetId": item.get("SubnetId"),
        "Groups": sorted(one["GroupId"] for one in item.get("SecurityGroups") or ()),
        "Addressed": bool(item.get("PrivateIpAddress")),
        "Reason": (item.get("StateReason") or {}).get("Code"),
        "InstanceType": item["InstanceType"],
        "Tags": _tags(item),
    }


def _machines(answer: Item) -> list[Item]:
    return [one for reservation in answer["Reservations"] for one in reservation["Instances"]]


READINGS: dict[str, Reading] = {
    "vpc": Reading("DescribeVpcs", _by_ids("VpcIds"), _listed("Vpcs"), _members("State", "CidrBlock", "IsDefault")),
    "subnet": Reading(
        "DescribeSubnets", _by_ids("SubnetIds"), _listed("Subnets"),
        _members("State", "VpcId", "CidrBlock", "AvailabilityZoneId", "AvailableIpAddressCount"),
    ),
    "igw": Reading("DescribeInternetGateways", _by_ids("InternetGatewayIds"), _listed("InternetGateways"), _gateway),
    "table": Reading("DescribeRouteTables", _by_ids("RouteTableIds"), _listed("RouteTables"), _table),
    "group": Reading("DescribeSecurityGroups", _by_ids("GroupIds"), _listed("SecurityGroups"), _group),
    "rule": Reading(
        "DescribeSecurityGroupRules", _by_ids("SecurityGroupRuleIds"), _listed("SecurityGroupRules"), _rule
    ),
    "eip": Reading("DescribeAddresses", _by_ids("AllocationIds"), _listed("Addresses"), _address),
    "nat": Reading("DescribeNatGateways", _by_ids("NatGatewayIds"), _listed("NatGateways"), _nat),
    "machine": Reading("DescribeInstances", _by_ids("InstanceIds"), _machines, _machine),
}  # fmt: skip
