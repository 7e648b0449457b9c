"""Target groups: a name, a protocol, a port, and how health is checked. They cost nothing and hold no network."""

import copy
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.elbv2.shapes import Shape, arn, check_name, invalid, named, page, select, settings, tags
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

OF_BALANCERS = {"HTTP": "application", "HTTPS": "application", "TCP": "network", "TLS": "network"}
"""protocol of a target group or a listener -> type of load balancer; others are not known here"""
CHECKS: dict[str, dict[str, Any]] = {
    "application": {"HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2, "HealthCheckTimeoutSeconds": 5},
    "network": {"HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2, "HealthCheckTimeoutSeconds": 10},
}
"""what AWS checks unless it is told otherwise"""
INTERVAL = 30
_ASKED = (
    "HealthCheckPort", "HealthCheckPath", "HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount", "UnhealthyThresholdCount",
)  # fmt: skip


def create_target_group(world: World, q: Request) -> Shape:
    name = q.parameters["Name"]
    check_name("Target group", name)
    data = _data(world, q)
    if (known := named(world, q, "target-group", name)) is not None:
        if known.data["settings"] != settings(q):
            words = f"A target group with the same name '{name}' exists, but with different settings"
            raise ApiError("DuplicateTargetGroupName", words)
        return {"TargetGroups": [_group(known)]}
    world.check_quota("target_groups", len(world.rows.of(q.account, q.region, "target-group")))
    identifier = arn(q, f"targetgroup/{name}/{world.rows.hex(16)}")
    row = world.rows.make("target-group", q.account, q.region, q.now, identifier)
    row.data, row.tags = data | {"name": name, "settings": settings(q)}, tags(q)
    q.made(row.id)
    return {"TargetGroups": [_group(row)]}


def _data(world: World, q: Request) -> Shape:
    protocol, port = q.parameters.get("Protocol"), q.parameters.get("Port")
    kind, what = OF_BALANCERS.get(protocol or ""), q.parameters.get("TargetType", "instance")
    if kind is None or port is None:
        raise invalid("A protocol and a port must be specified; the simulator knows HTTP, HTTPS, TCP and TLS.")
    if what not in ("instance", "alb"):
        raise invalid(f"The simulator knows targets of type instance and alb only, not {what}.")
    vpc = q.parameters.get("VpcId", "")
    row = world.rows.find(vpc)
    if row is None or (row.kind, row.account, row.region) != ("vpc", q.account, q.region):
        raise invalid(f"The VPC ID '{vpc}' is not found")
    return {
        "protocol": protocol,
        "port": port,
        "vpc": vpc,
        "type": what,
        "of": kind,
        "check": _check(q, protocol, kind),
    }


def _check(q: Request, protocol: str, kind: str) -> Shape:
    """How health is checked: as asked, and AWS's defaults for the rest."""
    given = q.parameters.get("HealthCheckProtocol", protocol if kind == "application" else "TCP")
    check: Shape = {"HealthCheckProtocol": given, "HealthCheckPort": "traffic-port", "HealthCheckEnabled": True}
    check |= {"HealthCheckIntervalSeconds": INTERVAL, **CHECKS[kind]}
    path = q.parameters.get("HealthCheckPath", "/")
    if not path.startswith("/"):
        raise invalid(f"Health check path '{path}' must begin with a '/' character")
    if given in ("HTTP", "HTTPS"):
        codes = dict(q.parameters.get("Matcher") or {}) or {"HttpCode": "200" if kind == "application" else "200-399"}
        check |= {"HealthCheckPath": "/", "Matcher": codes}
    return check | {name: q.parameters[name] for name in _ASKED if name in q.parameters}


def _group(row: Row) -> Shape:
    data = row.data
    shape: Shape = {
        "TargetGroupArn": row.id, "TargetGroupName": data["name"], "Protocol": data["protocol"], "Port": data["port"],
        "VpcId": data["vpc"], "TargetType": data["type"], "IpAddressType": "ipv4", **copy.deepcopy(data["check"]),
    }  # fmt: skip
    return shape | ({"ProtocolVersion": "HTTP1"} if data["of"] == "application" else {})


def describe_target_groups(world: World, q: Request) -> Shape:
    rows = select(world, q, "target-group", "TargetGroupArns")
    if wanted := q.parameters.get("LoadBalancerArn"):
        world.rows.get("load-balancer", wanted, q)
        rows = [row for row in rows if wanted in _balancers(world, row, q.now)]
    shapes = [_group(row) | {"LoadBalancerArns": _balancers(world, row, q.now)} for row in rows]
    return page(q, shapes, "TargetGroups")


def _balancers(world: World, row: Row, now: float) -> list[str]:
    listeners = world.rows.holders(row.id, now, "listener")
    return list(dict.fromkeys(one.refs["balancer"] for one in listeners))


def delete_target_group(world: World, q: Request) -> Shape:
    row = world.rows.find(q.parameters["TargetGroupArn"])
    if row is None or (row.kind, row.account, row.region) != ("target-group", q.account, q.region):
        return {}  # the model knows no refusal of one that does not exist
    if world.rows.holders(row.id, q.now, "listener"):
        raise ApiError("ResourceInUse", f"Target group '{row.id}' is currently in use by a listener or a rule")
    for target in world.rows.holders(row.id, q.now, "target"):
        world.rows.drop(target)
        q.unmade(target.id)
    world.rows.drop(row)
    q.unmade(row.id)
    return {}


OPERATIONS = {
    "CreateTargetGroup": create_target_group, "DescribeTargetGroups": describe_target_groups,
    "DeleteTargetGroup": delete_target_group,
}  # fmt: skip
