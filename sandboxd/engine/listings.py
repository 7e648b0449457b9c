"""What an account is searched for: one literal row a kind, each a describe call of the service's own API.

Everything that is billed by the hour and that we could have made is here, and everything that could hold it. The tagging
API is not: it shows what is gone and misses what is young.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from sandboxd.aws.kind import tags as tags_of

Item = Mapping[str, Any]
OUR_PATH = "/sandboxd/"
INTERFACE = "network-interface"
"""read only to name what is in the way"""


class Listing(Struct, frozen=True, kw_only=True):
    """One describe call, and how to read what it shows."""

    kind: str
    operation: str
    member: str
    identity: str
    service: str = "ec2"
    parameters: Mapping[str, Any] = {}
    whole: Callable[[Item], tuple[str, dict[str, Any]]] | None = None
    """a second call about one thing, where the list leaves its tags out"""
    tags: Callable[[Item, Item], Mapping[str, str]] = lambda item, _: tags_of(item)
    """the tags of a thing, and of the answer to that call"""
    everywhere: bool = False
    """one listing is about all regions"""
    within: str = ""
    """member of an outer thing that holds the list"""
    alive: Callable[[Item], bool] = lambda _: True
    """terminated machines, deleted gateways, and volumes that live and go with their machine do not count"""
    given: Callable[[Item], bool] = lambda _: False
    """AWS's own: it came with the account or with its VPC"""
    state: Callable[[Item], int | None] = lambda _: None
    """the highest state it may be in; None: it has but one"""
    network: Callable[[Item], str] = lambda item: item.get("VpcId") or ""
    price: Callable[[Item], str] = lambda _: ""
    """key of the price list, for what is billed by the hour"""
    facts: tuple[tuple[str, str], ...] = ()
    """our fact -> member"""

    def items(self, answer: Item) -> Iterator[Item]:
        """Return the things on a page."""
        for outer in answer.get(self.member) or ():
            yield from outer[self.within] if self.within else (outer,)


def _machine_state(item: Item) -> int:
    return 2 if item["State"]["Name"] in ("pending", "running") else 1


def _machine_price(item: Item) -> str:
    return f"instance.{item['InstanceType']}" if _machine_state(item) == 2 else ""  # noqa: PLR2004 - its state running


def _fleet_state(item: Item) -> int:
    return 1 if item["State"] == "STOPPED" else 2


def _fleet_price(item: Item) -> str:
    count = (item.get("ComputeCapacityStatus") or {}).get("Desired", 1)
    return f"desktop.{item['InstanceType']}*{count}" if _fleet_state(item) == 2 else ""  # noqa: PLR2004 - its state running


def _tags_by_arn(item: Item) -> tuple[str, dict[str, Any]]:
    return "ListTagsForResource", {"ResourceArn": item["Arn"]}


def _tag_map(_: Item, answer: Item) -> Mapping[str, str]:
    return answer["Tags"]  # type: ignore[no-any-return]


def _outlived(item: Item) -> bool:
    """A volume on its own: one that is attached, comes or goes is its machine's."""
    return item["State"] in ("available", "error")


def _attached_to(item: Item) -> str:
    return next((one["VpcId"] for one in item.get("Attachments") or ()), "")


def _is_main(item: Item) -> bool:
    return any(one.get("Main") for one in item.get("Associations") or ())


def _is_default(item: Item) -> bool:
    return bool(item.get("IsDefault") or item.get("DefaultForAz"))


def _goes_with_its_owner(item: Item) -> bool:
    """An interface of a service, or of a machine or gateway that is listed itself."""
    return bool(item.get("RequesterManaged") or (item.get("Attachment") or {}).get("InstanceId"))


def _tags_of_its_own(item: Item) -> tuple[str, dict[str, Any]]:
    arn = item.get("LoadBalancerArn") or item["TargetGroupArn"]
    return "DescribeTags", {"ResourceArns": [arn]}


def _described_tags(_: Item, answer: Item) -> dict[str, str]:
    return {one["Key"]: one["Value"] for each in answer["TagDescriptions"] for one in each["Tags"]}


def _acl_tags(_: Item, answer: Item) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in answer["TagInfoForResource"]["TagList"]}


def _balancer_price(item: Item) -> str:
    """With a public address in each zone, where it faces the internet."""
    addresses = len(item["AvailabilityZones"]) if item["Scheme"] == "internet-facing" else 0
    return f"load-balancer+elastic-ip*{addresses}" if addresses else "load-balancer"


LISTINGS = (
    Listing(
        kind="machine", operation="DescribeInstances", member="Reservations", within="Instances", identity="InstanceId",
        alive=lambda item: item["State"]["Name"] != "terminated", state=_machine_state, price=_machine_price,
        facts=(("address", "PrivateIpAddress"),),
    ),
    Listing(
        kind="nat-gateway", operation="DescribeNatGateways", member="NatGateways", identity="NatGatewayId",
        alive=lambda item: item["State"] != "deleted", price=lambda _: "nat-gateway",
    ),
    Listing(
        kind="elastic-ip", operation="DescribeAddresses", member="Addresses", identity="AllocationId",
        price=lambda _: "elastic-ip", facts=(("address", "PublicIp"),),
    ),
    Listing(
        kind="volume", operation="DescribeVolumes", member="Volumes", identity="VolumeId", alive=_outlived,
        price=lambda item: f"disk.{item['VolumeType']}*{item['Size']}",
    ),
    Listing(
        kind="load-balancer", service="elbv2", operation="DescribeLoadBalancers", member="LoadBalancers",
        identity="LoadBalancerArn", whole=_tags_of_its_own, tags=_described_tags, price=_balancer_price,
        facts=(("dns", "DNSName"),),
    ),
    Listing(
        kind="target-group", service="elbv2", operation="DescribeTargetGroups", member="TargetGroups",
        identity="TargetGroupArn", whole=_tags_of_its_own, tags=_described_tags,
    ),
    Listing(
        kind="web-acl", service="wafv2", operation="ListWebACLs", member="WebACLs", identity="ARN",
        parameters={"Scope": "REGIONAL"}, whole=lambda item: ("ListTagsForResource", {"ResourceARN": item["ARN"]}),
        tags=_acl_tags, price=lambda _: "web-acl", facts=(("lock", "LockToken"),),
    ),
    Listing(kind="vpc", operation="DescribeVpcs", member="Vpcs", identity="VpcId", given=_is_default),
    Listing(
        kind="subnet", operation="DescribeSubnets", member="Subnets", identity="SubnetId", given=_is_default,
        facts=(("zone", "AvailabilityZoneId"),),
    ),
    Listing(
        kind="internet-gateway", operation="DescribeInternetGateways", member="InternetGateways",
        identity="InternetGatewayId", network=_attached_to,
    ),
    Listing(
        kind="route-table", operation="DescribeRouteTables", member="RouteTables", identity="RouteTableId", given=_is_main
    ),
    Listing(
        kind="security-group", operation="DescribeSecurityGroups", member="SecurityGroups", identity="GroupId",
        given=lambda item: item.get("GroupName") == "default",
    ),
    Listing(
        kind="appstream-fleet", service="appstream", operation="DescribeFleets", member="Fleets", identity="Name",
        whole=_tags_by_arn, tags=_tag_map, state=_fleet_state, price=_fleet_price,
        facts=(("unique", "CreatedTime"), ("arn", "Arn")),
    ),
    Listing(
        kind="appstream-stack", service="appstream", operation="DescribeStacks", member="Stacks", identity="Name",
        whole=_tags_by_arn, tags=_tag_map, facts=(("unique", "CreatedTime"), ("arn", "Arn")),
    ),
    Listing(
        kind="instance-profile", service="iam", operation="ListInstanceProfiles", member="InstanceProfiles",
        identity="InstanceProfileName", parameters={"PathPrefix": OUR_PATH}, everywhere=True,
        whole=lambda item: ("GetInstanceProfile", {"InstanceProfileName": item["InstanceProfileName"]}),
        tags=lambda _, answer: tags_of(answer["InstanceProfile"]), facts=(("unique", "InstanceProfileId"),),
    ),
    Listing(
        kind="instance-role", service="iam", operation="ListRoles", member="Roles", identity="RoleName",
        parameters={"PathPrefix": OUR_PATH}, everywhere=True, whole=lambda item: ("GetRole", {"RoleName": item["RoleName"]}), tags=lambda _, answer: tags_of(answer["Role"]),
        facts=(("unique", "RoleId"),),
    ),
    Listing(
        kind="secret", service="ssm", operation="DescribeParameters", member="Parameters", identity="Name",
        parameters={"ParameterFilters": [{"Key": "Path", "Option": "Recursive", "Values": [OUR_PATH.rstrip("/")]}]},
        whole=lambda item: ("ListTagsForResource", {"ResourceType": "Parameter", "ResourceId": item["Name"]}),
        tags=lambda _, answer: tags_of({"Tags": answer["TagList"]}),
    ),
)  # fmt: skip
"""Routes, associations and rules have no life of their own: they go with their table, group or fleet. Roles that services ask
for stay for ever, and are free."""

ENDPOINT_SERVICES = Listing(
    kind="endpoint-service", operation="DescribeVpcEndpointServiceConfigurations", member="ServiceConfigurations",
    identity="ServiceId",
)  # fmt: skip
"""what a tenant may put before a network load balancer, which cannot be deleted any more then"""

VPC_LINKS = Listing(
    kind="vpc-link", service="apigateway", operation="GetVpcLinks", member="items", identity="id",
    tags=lambda item, _: item.get("tags") or {}, alive=lambda item: item.get("status") != "DELETING",
)  # fmt: skip
"""what a REST API of a tenant leads to it by; those of HTTP APIs hold interfaces. One that goes is only waited for"""

INTERFACES = Listing(
    kind=INTERFACE, operation="DescribeNetworkInterfaces", member="NetworkInterfaces", identity="NetworkInterfaceId",
    given=_goes_with_its_owner,
)  # fmt: skip
