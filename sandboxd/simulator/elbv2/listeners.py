"""Listeners: one per load balancer and port; each forwards to one target group, which serves one load balancer only."""

import copy

from sandboxd.simulator.calls import Request
from sandboxd.simulator.elbv2.groups import OF_BALANCERS
from sandboxd.simulator.elbv2.health import checked_in
from sandboxd.simulator.elbv2.shapes import Shape, arn, invalid, page, settings, tags
from sandboxd.simulator.elbv2.targets import holder_of_port
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World


def create_listener(world: World, q: Request) -> Shape:
    balancer = world.rows.get("load-balancer", q.parameters["LoadBalancerArn"], q)
    group, protocol, port = _target(world, q), q.parameters.get("Protocol", ""), q.parameters.get("Port")
    _check(balancer, group, protocol, port)
    _certificates(q, protocol)
    for other in listeners_of(world, balancer, q.now):
        if other.data["port"] == port:
            if other.data["settings"] != settings(q):
                words = f"A listener already exists on this port for this load balancer '{balancer.id}'"
                raise ApiError("DuplicateListener", words)
            return {"Listeners": [_listener(other)]}
    _check_association(world, q, balancer, group)
    world.check_quota("listeners", len(listeners_of(world, balancer, q.now)))
    place = balancer.id.partition(":loadbalancer/")[2]
    row = world.rows.make("listener", q.account, q.region, q.now, arn(q, f"listener/{place}/{world.rows.hex(16)}"))
    row.data, row.tags = {"port": port, "protocol": protocol, "settings": settings(q)}, tags(q)
    row.data["certificates"] = copy.deepcopy(q.parameters.get("Certificates") or [])
    world.rows.refer(row, balancer=balancer.id, group=group.id)
    q.made(row.id)
    for target in world.rows.holders(group.id, q.now, "target"):
        q.made(target.id, checked_in(group))
    return {"Listeners": [_listener(row)]}


def _target(world: World, q: Request) -> Row:
    actions = q.parameters["DefaultActions"]
    if len(actions) != 1 or actions[0].get("Type") != "forward" or "TargetGroupArn" not in actions[0]:
        raise invalid("The simulator knows listeners that forward to one target group only.")
    return world.rows.get("target-group", actions[0]["TargetGroupArn"], q)


def _check(balancer: Row, group: Row, protocol: str, port: int | None) -> None:
    kind = balancer.data["type"]
    if OF_BALANCERS.get(protocol) != kind:
        words = f"Listener protocol '{protocol}' is not supported with load balancer type '{kind}'"
        raise ApiError("UnsupportedProtocol" if protocol else "ValidationError", words)
    if port is None:
        raise invalid("A port must be specified")
    if group.data["of"] != kind:
        words = f"Listener protocol '{protocol}' is not supported with a target group with the protocol '{group.data['protocol']}'"
        raise ApiError("IncompatibleProtocols", words)
    if group.data["vpc"] != balancer.data["vpc"]:
        words = f"The load balancer and the target group '{group.id}' must be in the same VPC"
        raise ApiError("InvalidConfigurationRequest", words)


def _certificates(q: Request, protocol: str) -> None:
    needed, given = protocol in ("HTTPS", "TLS"), q.parameters.get("Certificates")
    if needed and not given:
        raise invalid(f"A certificate must be specified for {protocol} listeners")
    if given and not needed:
        raise invalid(f"A certificate cannot be specified for {protocol} listeners")


def _check_association(world: World, q: Request, balancer: Row, group: Row) -> None:
    users = {row.refs["balancer"] for row in world.rows.holders(group.id, q.now, "listener")}
    if users - {balancer.id}:
        words = f"The following target groups cannot be associated with more than one load balancer: {group.id}"
        raise ApiError("TargetGroupAssociationLimit", words)


def listeners_of(world: World, balancer: Row, now: float) -> list[Row]:
    """The listeners of a load balancer."""
    return world.rows.holders(balancer.id, now, "listener")


def _listener(row: Row) -> Shape:
    group = row.refs["group"]
    forward = {
        "TargetGroups": [{"TargetGroupArn": group, "Weight": 1}],
        "TargetGroupStickinessConfig": {"Enabled": False},
    }
    shape: Shape = {
        "ListenerArn": row.id, "LoadBalancerArn": row.refs["balancer"], "Port": row.data["port"],
        "Protocol": row.data["protocol"],
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": group, "ForwardConfig": forward}],
    }  # fmt: skip
    return shape | ({"Certificates": copy.deepcopy(row.data["certificates"])} if row.data["certificates"] else {})


def describe_listeners(world: World, q: Request) -> Shape:
    arns, balancer = q.parameters.get("ListenerArns"), q.parameters.get("LoadBalancerArn")
    if not arns and not balancer:
        raise invalid("You must specify either listener ARNs or a load balancer ARN")
    rows = world.rows.seen(q, "listener", arns)
    if balancer:
        world.rows.seen(q, "load-balancer", [balancer])
        rows = [row for row in rows if row.refs["balancer"] == balancer]
    return page(q, [_listener(row) for row in rows], "Listeners")


def delete_listener(world: World, q: Request) -> Shape:
    row = world.rows.get("listener", q.parameters["ListenerArn"], q)
    balancer = world.rows.find(row.refs["balancer"])
    if balancer is not None and holder_of_port(world, balancer, row.data["port"], q.now):
        words = (
            f"Listener port '{row.data['port']}' is in use by registered target '{balancer.id}' and cannot be removed."
        )
        raise ApiError("ResourceInUse", words)
    drop_listener(world, q, row)
    return {}


def drop_listener(world: World, q: Request, row: Row) -> None:
    """Remove a listener; its load balancer and target group are free of it."""
    q.unmade(row.id, frees=(row.refs["balancer"], row.refs["group"]))
    world.rows.drop(row)


OPERATIONS = {
    "CreateListener": create_listener, "DescribeListeners": describe_listeners, "DeleteListener": delete_listener,
}  # fmt: skip
