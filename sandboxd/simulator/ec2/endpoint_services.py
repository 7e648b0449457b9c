"""Endpoint services: what a tenant puts before a network load balancer, which cannot be deleted any more then."""

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.shapes import Shape, listed, page, requested_tags, required, with_tags
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World


def create_endpoint_service(world: World, q: Request) -> Shape:
    arns = required(q, "NetworkLoadBalancerArns")
    balancers = [world.rows.get("load-balancer", arn, q) for arn in arns]
    if any(row.data["type"] != "network" for row in balancers):
        raise ApiError("InvalidParameter", "An endpoint service stands before network load balancers only.")
    row = world.rows.make("endpoint-service", q.account, q.region, q.now)
    row.tags = requested_tags(q, "vpc-endpoint-service")
    row.data = {"accepts": bool(q.parameters.get("AcceptanceRequired", True))}
    row.data["zones"] = sorted({zone for one in balancers for zone, _ in one.data["places"]})
    world.rows.refer(row, **{f"balancer {one.id}": one.id for one in balancers})
    q.made(row.id)
    return {"ServiceConfiguration": _service(row)}


def _service(row: Row) -> Shape:
    return with_tags(row, {
        "ServiceType": [{"ServiceType": "Interface"}], "ServiceId": row.id, "ServiceState": "Available",
        "ServiceName": f"com.amazonaws.vpce.{row.region}.{row.id}", "AvailabilityZones": [*row.data["zones"]],
        "AcceptanceRequired": row.data["accepts"], "ManagesVpcEndpoints": False,
        "NetworkLoadBalancerArns": list(row.refs.values()), "SupportedIpAddressTypes": ["ipv4"],
        "BaseEndpointDnsNames": [f"{row.id}.{row.region}.vpce.amazonaws.com"], "PrivateDnsNameConfiguration": {},
        "SupportedRegions": [{"Region": row.region, "ServiceState": "Available"}], "RemoteAccessEnabled": False,
    })  # fmt: skip


def describe_endpoint_services(world: World, q: Request) -> Shape:
    rows = listed(world, q, "endpoint-service", q.parameters.get("ServiceIds"))
    return page(q, [_service(row) for row in rows], "ServiceConfigurations")


def delete_endpoint_services(world: World, q: Request) -> Shape:
    for identifier in required(q, "ServiceIds"):
        row = world.rows.get("endpoint-service", identifier, q)
        q.unmade(row.id, frees=tuple(row.refs.values()))
        world.rows.drop(row)
    return {"Unsuccessful": []}


OPERATIONS = {
    "CreateVpcEndpointServiceConfiguration": create_endpoint_service,
    "DescribeVpcEndpointServiceConfigurations": describe_endpoint_services,
    "DeleteVpcEndpointServiceConfigurations": delete_endpoint_services,
}
