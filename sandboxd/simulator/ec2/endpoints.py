"""VPC endpoints, and those that GuardDuty puts by itself into every VPC with machines where an organization has it on.

The endpoint and its group bear no tags of the tenant, outlive the machines and hold subnets and VPC; deleted once, they
come back once. Reported of runtime monitoring in public; the seconds are those of the reports.
"""

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.making import group_name, new_group, new_interface
from sandboxd.simulator.ec2.shapes import Shape, listed, member, moment, page, required, select, tag_list
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

GOES = 240.0
"""seconds that a deletion takes"""


def settle(world: World, now: float) -> None:
    """Put in what GuardDuty is about to."""
    for vpc, at in world.guard_duty.due(now):
        if (row := world.rows.find(vpc)) is not None:
            _put(world, row, at)


def _put(world: World, vpc: Row, at: float) -> None:
    name = f"GuardDutyManagedSecurityGroup-{vpc.id}"
    groups = [one for one in world.rows.holders(vpc.id, at, "security-group") if one.data["name"] == name]
    group = groups[0] if groups else new_group(world, vpc, at, name, f"Associated with VPC-{vpc.id}", default=False)
    group.tags = {"GuardDutyManaged": "true"}
    endpoint = world.rows.make("endpoint", vpc.account, vpc.region, at)
    endpoint.tags = {"GuardDutyManaged": "true"}
    world.rows.refer(endpoint, vpc=vpc.id, group=group.id)
    subnets = world.rows.holders(vpc.id, at, "subnet")
    text = f"VPC Endpoint Interface {endpoint.id}"
    parts = [new_interface(world, one, at, text, "vpc_endpoint", [group.id]) for one in subnets]
    endpoint.data = {
        "service": f"com.amazonaws.{vpc.region}.guardduty-data", "subnets": [one.id for one in subnets],
        "interfaces": [one.id for one in parts], "group": group.id,
    }  # fmt: skip


def _endpoint(world: World, row: Row, now: float) -> Shape:
    group = row.data["group"]
    return {
        "VpcEndpointId": row.id, "VpcEndpointType": "Interface", "VpcId": row.refs["vpc"], "ServiceName": row.data["service"],
        "State": row.state(now), "RouteTableIds": [], "SubnetIds": row.data["subnets"],
        "Groups": [{"GroupId": group, "GroupName": group_name(world, group)}], "IpAddressType": "ipv4", "PrivateDnsEnabled": True,
        "RequesterManaged": False, "NetworkInterfaceIds": row.data["interfaces"], "DnsEntries": [],
        "CreationTimestamp": moment(row.created), "Tags": tag_list(row), "OwnerId": row.account,
    }  # fmt: skip


def describe_vpc_endpoints(world: World, q: Request) -> Shape:
    rows = listed(world, q, "endpoint", q.parameters.get("VpcEndpointIds"))
    filters = {
        "vpc-id": member("VpcId"),
        "service-name": member("ServiceName"),
        "vpc-endpoint-id": member("VpcEndpointId"),
        "vpc-endpoint-state": member("State"),
    }
    return page(q, select(q, rows, lambda row: _endpoint(world, row, q.now), filters), "VpcEndpoints")


def delete_vpc_endpoints(world: World, q: Request) -> Shape:
    """Some may be deleted and others not: the answer says which."""
    failed = []
    for identifier in required(q, "VpcEndpointIds"):
        try:
            _delete(world, q, world.rows.get("endpoint", identifier, q))
        except ApiError as error:
            failed.append({"ResourceId": identifier, "Error": {"Code": error.code, "Message": error.message}})
    return {"Unsuccessful": failed}


def _delete(world: World, q: Request, endpoint: Row) -> None:
    if endpoint.state(q.now) == "deleting":
        return
    endpoint.goes(q.now, (0, "deleting"), (GOES, "deleted"))
    for identifier in endpoint.data["interfaces"]:
        if (interface := world.rows.find(identifier)) is not None:
            interface.goes(q.now, (GOES, "deleted"))
    q.unmade(endpoint.id, GOES, frees=(endpoint.refs["vpc"], *endpoint.data["subnets"]))
    world.guard_duty.deleted(endpoint.refs["vpc"], q.now + GOES)


OPERATIONS = {"DescribeVpcEndpoints": describe_vpc_endpoints, "DeleteVpcEndpoints": delete_vpc_endpoints}
