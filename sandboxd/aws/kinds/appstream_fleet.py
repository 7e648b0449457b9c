"""AppStream fleets: made stopped, started in about twelve minutes, stopped in five, deleted. Their name is unique in a region.

A fleet that cannot start stays STARTING for ever and says why only in its FleetErrors; they have no time, so those that it
had while it stood are remembered, and do not count against a later start. One that reads STOPPED right after StartFleet
is only seen late.
"""

from typing import Any

from msgspec import structs

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, Unseen
from sandboxd.model.keys import Key
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Node, Usual

STOPPED, RUNNING = 1, 2
TYPE = "stream.standard.medium"


class FleetSpec(KindSpec, frozen=True, kw_only=True):
    """What a fleet costs depends on the type and number of its instances, and only while it runs."""

    def node(self, key: Key, links: dict[str, tuple[Key, ...]], **parameters: Any) -> Node:
        """Return the node of one fleet."""
        asked = parameters.get("type") or ""
        price = f"desktop.{asked if asked.startswith('stream.') else TYPE}*{parameters.get('instances') or 1}"
        return structs.replace(super().node(key, links, **parameters), prices={RUNNING: price})


SPEC = FleetSpec(
    name="appstream-fleet",
    states=("absent", "stopped", "running"),
    roles=(
        Role("subnets", 1, STOPPED),
        Role("groups", 1, STOPPED),
        Role("image", 1, STOPPED),
        Role("role", 2, STOPPED),
        Role("way", 1, RUNNING, entry=True),
    ),
    turns=True,
    up={STOPPED: Usual(1, 3), RUNNING: Usual(720, 840)},
    down={RUNNING: Usual(300, 360), STOPPED: Usual(170, 190)},
)

PASSES = frozenset({"INTERNAL_SERVICE_ERROR", "DOMAIN_JOIN_INTERNAL_SERVICE_ERROR", "FLEET_STOPPED"})
"""codes that go away by themselves: shown, and waited for until the deadline"""
AGAIN = frozenset({"FLEET_INSTANCE_PROVISIONING_FAILURE"})
"""codes of a fleet that is no good, where another one may be; all others come again until a person has done something"""
HINTS = (
    ("SUBNET_HAS_INSUFFICIENT", "Free addresses in the fleet's subnets, or give it fewer instances, then retry."),
    ("NETWORK_INTERFACE_LIMIT", "Raise the quota of network interfaces in the tenant's account, then retry."),
    ("IMAGE_", "Share the AppStream image with the tenant's account (allowFleet), then retry."),
    ("IAM_SERVICE_ROLE", "The role AmazonAppStreamServiceAccess of the account must have its policy; then retry."),
    ("STS_DISABLED", "Switch STS on in this region of the tenant's account, then retry."),
    ("DOMAIN_JOIN", "The directory that the image joins does not let it in; then retry."),
)
"""beginning of a code -> what a person can do"""


def _name(ask: Ask) -> str:
    return ask.id or str(ask.parameter("name"))


def _itself(ask: Ask) -> Parameters:
    return {"Name": _name(ask)}


def _create(ask: Ask) -> Parameters:
    groups = ask.ids_of("groups")
    return {
        "Name": _name(ask),
        "ImageArn": ask.parameter("image"),
        "InstanceType": ask.parameter("type", TYPE),
        "FleetType": ask.parameter("fleet_type", "ON_DEMAND"),
        "ComputeCapacity": {"DesiredInstances": int(ask.parameter("instances", 1))},
        "VpcConfig": {"SubnetIds": ask.ids_of("subnets")} | ({"SecurityGroupIds": groups} if groups else {}),
        "EnableDefaultInternetAccess": False,
        "DisableIMDSV1": True,
        "StreamView": ask.parameter("view", "APP"),
        "Tags": dict(ask.tags),
    }


def _questions(ask: Ask) -> Questions:
    found = yield "DescribeFleets", {"Names": [_name(ask)]}
    if ask.finds:
        yield "ListTagsForResource", {"ResourceArn": found["Fleets"][0]["Arn"]}


def judge(item: Item, ask: Ask) -> Seen | None:
    """State and errors together; of the same name and made at another moment, it is another one."""
    fleet = item["DescribeFleets"]["Fleets"][0]
    made, state = str(fleet.get("CreatedTime", "")), fleet["State"]
    if made != ask.facts.get("unique", made):
        return None
    facts = {"id": fleet["Name"], "arn": fleet["Arn"], "unique": made}
    errors = {one["ErrorCode"]: one.get("ErrorMessage", "") for one in fleet.get("FleetErrors") or ()}
    text = ", ".join([state, *errors])
    match state:
        case "RUNNING":
            return Seen(state=RUNNING, text=state, facts=facts | {"old": ""})
        case "STOPPED":
            return Seen(state=STOPPED, text=text, facts=facts | {"old": " ".join(errors)})
        case "STARTING":
            return _starting(errors, ask, Seen(text=text, facts=facts))
    return Seen(text=text, facts=facts)


def _starting(errors: dict[str, str], ask: Ask, seen: Seen) -> Seen:
    """What keeps it from starting is said at once; what it said before it was started says nothing."""
    old = ask.facts.get("old", "").split()
    code = next((code for code in errors if code not in PASSES and code not in old), "")
    if not code:
        return seen
    hint = next((text for begin, text in HINTS if code.startswith(begin)), "")
    reason = " ".join(filter(None, (f"the fleet cannot start: {errors[code] or code}", hint)))
    return structs.replace(seen, failed=code, reason=reason, lasting=code not in AGAIN)


def _created(answer: Item, _: Ask) -> Seen:
    fleet = answer["Fleet"]
    return Seen(state=STOPPED, text=fleet["State"], facts={"id": fleet["Name"], "arn": fleet["Arn"]})


def _changing(operation: str, text: str) -> Move:
    """Start, stop and delete say nothing but that they were accepted."""
    return Move(
        operation=operation,
        parameters=_itself,
        accepted=lambda _, ask: Seen(text=text, facts={"id": _name(ask)}),
        gone=_MISSING,
        returns=operation != "DeleteFleet",
        again=operation == "DeleteFleet",
    )


_MISSING = frozenset({"ResourceNotFoundException"})
KIND = Kind(
    spec=SPEC,
    service="appstream",
    reading=Reading(operation="DescribeFleets", member="Fleets", identity="Name", id_filter=""),
    questions=_questions,
    missing=_MISSING,
    tags_of=lambda item: item["ListTagsForResource"]["Tags"],
    judge=judge,
    least=60.0,
    moves={
        ("raise", STOPPED): Move(
            operation="CreateFleet",
            parameters=_create,
            accepted=_created,
            resolves="name",
            there=frozenset({"ResourceAlreadyExistsException"}),
            unseen=(Unseen("InvalidRoleException", "is invalid", "role"),),
            returns=True,
        ),
        ("raise", RUNNING): _changing("StartFleet", "starting"),
        ("lower", STOPPED): _changing("StopFleet", "stopping"),
        ("lower", 0): _changing("DeleteFleet", "deleting"),
    },
)
