"""Health of targets, as a function of time: a machine that runs and listens is healthy after so many checks in a row.

A machine's row says which ports it serves (`listens`) and since when (`listens_at`); without that it serves all, from its boot on.
"""

from sandboxd.simulator.calls import Request
from sandboxd.simulator.elbv2.shapes import Shape
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World


def checked_in(group: Row) -> float:
    """Seconds until a target that serves counts as healthy."""
    check = group.data["check"]
    return float(check["HealthCheckIntervalSeconds"] * check["HealthyThresholdCount"])


def failed_in(group: Row) -> float:
    """Seconds until a target that does not serve counts as unhealthy."""
    check = group.data["check"]
    return float(check["HealthCheckIntervalSeconds"] * check["UnhealthyThresholdCount"])


def describe_target_health(world: World, q: Request) -> Shape:
    group = world.rows.seen(q, "target-group", [q.parameters["TargetGroupArn"]])[0]
    every = [row for row in world.rows.seen(q, "target") if row.refs["group"] == group.id]
    rows = [row for row in every if _exists(world, row, q.now)]
    if asked := q.parameters.get("Targets"):
        return {"TargetHealthDescriptions": [_asked(world, q, group, rows, one) for one in asked]}
    return {"TargetHealthDescriptions": [_description(world, q, group, row) for row in rows]}


def _exists(world: World, row: Row, now: float) -> bool:
    """Whether there is still what was registered: a machine that is terminated is a target no more."""
    target = world.rows.find(row.data["target"])
    return target is not None and not target.is_gone(now)


def _asked(world: World, q: Request, group: Row, rows: list[Row], target: Shape) -> Shape:
    port = int(target.get("Port", group.data["port"]))
    for row in rows:
        if (row.data["target"], row.data["port"]) == (target["Id"], port):
            return _description(world, q, group, row)
    health = _health("unused", "Target.NotRegistered", "Target is not registered to the target group")
    return {"Target": {"Id": target["Id"], "Port": port}, "TargetHealth": health}


def _description(world: World, q: Request, group: Row, row: Row) -> Shape:
    port, checked = row.data["port"], group.data["check"]["HealthCheckPort"]
    shape: Shape = {"Target": {"Id": row.data["target"], "Port": port}}
    shape["HealthCheckPort"] = str(port) if checked == "traffic-port" else str(checked)
    shape["TargetHealth"] = health_of(world, group, row, q.now)
    if shape["TargetHealth"]["State"] == "draining":
        return {name: shape[name] for name in ("Target", "TargetHealth")}
    none = "No override is currently active on target"
    about = {"State": "no_override", "Reason": "AdministrativeOverride.NoOverride", "Description": none}
    return shape | {"AdministrativeOverride": about}


def _health(state: str, reason: str = "", text: str = "") -> Shape:
    return {"State": state} | ({"Reason": reason, "Description": text} if reason else {})


def health_of(world: World, group: Row, row: Row, now: float) -> Shape:
    """State, and why, of one target."""
    if row.state(now) == "draining":
        return _health("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
    used = _used_since(world, group, now)
    if used is None:
        words = "Target group is not configured to receive traffic from the load balancer"
        return _health("unused", "Target.NotInUse", words)
    target = world.rows.find(row.data["target"])
    state = target.state(now) if target is not None else "terminated"
    if target is not None and target.kind == "load-balancer":
        return _health("healthy") if state == "active" else _health("initial", *_BEGUN)
    if target is None or state != "running":
        return _health("unused", "Target.InvalidState", f"Target is in the {state} state")
    return _checked(group, target, row.data["port"], max(used, row.created, target.since(now)), now)


_BEGUN = ("Elb.RegistrationInProgress", "Target registration is in progress")


def _used_since(world: World, group: Row, now: float) -> float | None:
    """Since when an active load balancer sends traffic to a group; in the future while it comes up; None: never."""
    moments = []
    for listener in world.rows.holders(group.id, now, "listener"):
        balancer = world.rows.find(listener.refs["balancer"])
        if balancer is not None:
            moments.append(max(listener.created, balancer.timeline[-1][0]))
    return min(moments, default=None)


def _checked(group: Row, machine: Row, port: int, since: float, now: float) -> Shape:
    ports = machine.data.get("listens")
    checked = group.data["check"]["HealthCheckPort"]
    serves = ports is None or (port if checked == "traffic-port" else int(checked)) in ports
    if serves:
        since = max(since, machine.data.get("listens_at", 0.0))
        return _health("healthy") if now >= since + checked_in(group) else _health("initial", *_BEGUN)
    if now < since + failed_in(group):
        return _health("initial", *_BEGUN)
    return _health("unhealthy", "Target.FailedHealthChecks", "Health checks failed")


OPERATIONS = {"DescribeTargetHealth": describe_target_health}
