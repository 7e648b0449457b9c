"""A machine in a target group: registered by one call, healthy when the load balancer says so, which only reads tell.

It stands loosely on its machine: a stopped machine stays registered, one that is made anew is registered in its place. AWS
takes a terminated one out by itself. `serves` is what must be there before anybody can be healthy: the listener, and what
makes the machine listen. What leaves is out at once for us: draining serves only what is open.
"""

from typing import Any

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

REGISTERED, HEALTHY, RUNNING = 1, 2, 2
SPEC = KindSpec(
    name="target-registration",
    states=("absent", "registered", "healthy"),
    roles=(
        Role("group", 1, REGISTERED),
        Role("machine", RUNNING, REGISTERED, loose=True),
        Role("serves", 1, HEALTHY, entry=True),
    ),
    free=True,
    up={REGISTERED: Usual(0.5, 1), HEALTHY: Usual(20.5, 23)},
    down={HEALTHY: Usual(0.5, 1), REGISTERED: Usual(0.5, 1)},
)


def _sent(ask: Ask) -> dict[str, Any]:
    return next(iter(ask.sent.get("Targets", ())), {})


def _group(ask: Ask) -> str:
    return ask.facts.get("group") or ask.ground_id("group", "TargetGroupArn")


def _port(ask: Ask) -> int:
    return int(ask.parameter("port"))


def _targets(group: str, machine: str, port: int) -> Parameters:
    return {"TargetGroupArn": group, "Targets": [{"Id": machine, "Port": port}]}


def _register(ask: Ask) -> Parameters:
    """Whoever plays the machine now; on the way down, who was registered."""
    machine = ask.id_of("machine") or _sent(ask).get("Id") or ask.facts.get("machine", "")
    return _targets(ask.id_of("group") or _group(ask), machine, _port(ask))


def _itself(ask: Ask) -> Parameters:
    machine = ask.facts.get("machine") or ask.id_of("machine") or _sent(ask).get("Id", "")
    return _targets(_group(ask), machine, _port(ask))


def _questions(ask: Ask) -> Questions | None:
    """What is registered is looked at with all others of its group."""
    return _one(ask) if ask.finds or "group" not in ask.facts else None


def _one(ask: Ask) -> Questions:
    yield "DescribeTargetHealth", _itself(ask)


def _facts(group: str, machine: str, port: int) -> dict[str, str]:
    return {"id": f"{group} {machine}:{port}", "group": group, "machine": machine}


def _registered(_: Item, ask: Ask) -> Seen:
    sent = _register(ask)
    return Seen(state=REGISTERED, facts=_facts(sent["TargetGroupArn"], sent["Targets"][0]["Id"], _port(ask)))


def judge(item: Item, ask: Ask) -> Seen | None:
    """Healthy is what AWS calls so; a target that is draining has left."""
    one = item["DescribeTargetHealth"]["TargetHealthDescriptions"][0] if "DescribeTargetHealth" in item else item
    health, asked = one["TargetHealth"], _itself(ask)
    if one["Target"] | asked["Targets"][0] != one["Target"]:
        return None
    facts = _facts(asked["TargetGroupArn"], one["Target"]["Id"], int(one["Target"]["Port"]))
    state, reason = health["State"], health.get("Reason", "")
    match state:
        case "healthy":
            return Seen(state=HEALTHY, text=state, facts=facts)
        case "draining":
            return Seen(state=0, text=state)
        case "unused" if reason == "Target.NotRegistered":
            return None
    text = f"{state}: {health.get('Description') or reason}".removesuffix(": ")
    # what is checked for the first time is on its way; what is unhealthy or unused stays so until somebody does something
    return Seen(state=None if state == "initial" else REGISTERED, text=text, facts=facts)


_MISSING = frozenset({"TargetGroupNotFound", "InvalidTarget"})
KIND = Kind(
    spec=SPEC,
    service="elbv2",
    reading=Reading(
        operation="DescribeTargetHealth",
        member="TargetHealthDescriptions",
        identity="Target",
        id_filter="",
        single="TargetGroupArn",
        by="group",
    ),
    questions=_questions,
    missing=_MISSING,
    tagged=False,
    by_content=True,
    judge=judge,
    moves={
        ("raise", REGISTERED): Move(
            operation="RegisterTargets",
            parameters=_register,
            accepted=_registered,
            busy=frozenset({"InvalidTarget"}),
            returns=True,
        ),
        ("raise", HEALTHY): Move(operation=""),
        ("rebind", REGISTERED): Move(
            operation="RegisterTargets",
            parameters=_register,
            accepted=_registered,
            busy=frozenset({"InvalidTarget"}),
            returns=True,
        ),
        ("rebind", HEALTHY): Move(
            operation="RegisterTargets",
            parameters=_register,
            accepted=_registered,
            busy=frozenset({"InvalidTarget"}),
            returns=True,
        ),
        ("lower", REGISTERED): Move(operation=""),
        ("lower", 0): Move(
            operation="DeregisterTargets",
            parameters=_itself,
            accepted=lambda *_: Seen(state=0),
            gone=_MISSING,
            returns=True,
        ),
    },
)
