"""Targets: machines, or application load balancers, registered with a target group on a port."""

from sandboxd.simulator.calls import Request
from sandboxd.simulator.elbv2.health import checked_in
from sandboxd.simulator.elbv2.shapes import Shape
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

DRAIN = 300.0
"""seconds for which a target that was deregistered is seen draining"""
HELD = 30.0
"""seconds for which a load balancer that was a target is held by its former group (assumed)"""


def identity(group: Row, target: str, port: int) -> str:
    """The id of a target's row: a group has each target once on each port."""
    return f"{group.id} {target}:{port}"


def register_targets(world: World, q: Request) -> Shape:
    group = world.rows.get("target-group", q.parameters["TargetGroupArn"], q)
    asked = [(one["Id"], int(one.get("Port", group.data["port"]))) for one in q.parameters["Targets"]]
    for target, port in asked:
        _check(world, q, group, target, port)
    there = world.rows.holders(group.id, q.now, "target")
    world.check_quota("targets", len(there), len([one for one in asked if _find(world, group, *one) is None]))
    for target, port in asked:
        _register(world, q, group, target, port)
    return {}


def _find(world: World, group: Row, target: str, port: int) -> Row | None:
    return world.rows.find(identity(group, target, port))


def _check(world: World, q: Request, group: Row, target: str, port: int) -> None:
    if group.data["type"] == "alb":
        balancer = world.rows.find(target)
        ports = [one.data["port"] for one in world.rows.holders(target, q.now, "listener")]
        if balancer is None or balancer.kind != "load-balancer" or port not in ports:
            words = f"The load balancer '{target}' has no listener on port {port}, or does not exist"
            raise ApiError("InvalidTarget", words)
        return
    machine = world.rows.find(target)
    if machine is None or (machine.kind, machine.account, machine.region) != ("machine", q.account, q.region):
        raise ApiError("InvalidTarget", f"The following targets are not valid instances: '{target}'")
    if machine.data["vpc"] != group.data["vpc"]:
        words = f"The following targets are not in the target group VPC '{group.data['vpc']}': '{target}'"
        raise ApiError("InvalidTarget", words)
    if machine.state(q.now) != "running":
        words = f"The following targets are not in a running state and cannot be registered: '{target}'"
        raise ApiError("InvalidTarget", words)


def _register(world: World, q: Request, group: Row, target: str, port: int) -> None:
    row = _find(world, group, target, port)
    if row is not None and row.state(q.now) == "registered":
        return
    if row is not None:
        world.rows.drop(row)
    row = world.rows.make("target", q.account, q.region, q.now, identity(group, target, port))
    row.data = {"target": target, "port": port}
    row.goes(q.now, (0, "registered"))
    world.rows.refer(row, group=group.id, target=target)
    q.made(row.id, checked_in(group) if world.rows.holders(group.id, q.now, "listener") else 0.0)


def deregister_targets(world: World, q: Request) -> Shape:
    group = world.rows.get("target-group", q.parameters["TargetGroupArn"], q)
    for one in q.parameters["Targets"]:
        ports = [int(one["Port"])] if "Port" in one else []
        for row in world.rows.holders(group.id, q.now, "target"):
            if row.data["target"] == one["Id"] and (not ports or row.data["port"] in ports):
                _deregister(world, q, group, row)
    return {}


def _deregister(world: World, q: Request, group: Row, row: Row) -> None:
    if row.state(q.now) != "registered":
        return
    drain = DRAIN if group.data["type"] == "instance" else HELD
    in_use = bool(world.rows.holders(group.id, q.now, "listener")) or group.data["type"] == "alb"
    row.goes(q.now, (0, "draining"), (drain if in_use else 0.0, "deleted"))
    q.unmade(row.id, frees=(group.id, row.data["target"]))


# ---- an application load balancer that is a target of a network load balancer
def holder_of(world: World, balancer: Row, now: float) -> str | None:
    """The target group that holds a load balancer: it is a target of it, or was one a moment ago."""
    targets = world.rows.holders(balancer.id, now, "target")
    return next((row.refs["group"] for row in targets), None)


def holder_of_port(world: World, balancer: Row, port: int, now: float) -> str | None:
    """The target group that holds a port of a load balancer."""
    targets = world.rows.holders(balancer.id, now, "target")
    return next((row.refs["group"] for row in targets if row.data["port"] == port), None)


OPERATIONS = {"RegisterTargets": register_targets, "DeregisterTargets": deregister_targets}
