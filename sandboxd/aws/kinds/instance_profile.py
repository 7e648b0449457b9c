"""The instance profile that hands a role to machines: made, then the role is put into it. Its name, the role's own, is unique.

IAM accepts one without a role, EC2 does not; and EC2 knows a new one only seconds to minutes later.
"""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, deleted, tag_list
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Edge, Usual

CREATED, READY = 1, 2
PATH = "/sandboxd/"
SPEC = KindSpec(
    name="instance-profile",
    states=("absent", "created", "ready"),
    roles=(Role("role", 2, READY),),
    edges=(Edge(READY, 0, CREATED),),
    up={CREATED: Usual(0.5, 1), READY: Usual(0.5, 1)},
    down={READY: Usual(0.5, 1), CREATED: Usual(0.5, 1)},
)


def _name(ask: Ask) -> str:
    return ask.id or str(ask.parameter("name"))


def _create(ask: Ask) -> Parameters:
    return {"InstanceProfileName": _name(ask), "Path": PATH, "Tags": tag_list(ask.tags)}


def _itself(ask: Ask) -> Parameters:
    return {"InstanceProfileName": _name(ask)}


def _role(ask: Ask) -> Parameters:
    # what was found by a listing knows no role: its own name is the role's, too
    return {"InstanceProfileName": _name(ask), "RoleName": ask.ground_id("role", "RoleName") or _name(ask)}


def _questions(ask: Ask) -> Questions:
    yield "GetInstanceProfile", _itself(ask)


def _facts(profile: Item) -> dict[str, str]:
    return {"id": profile["InstanceProfileName"], "unique": profile["InstanceProfileId"]}


def judge(item: Item, ask: Ask) -> Seen | None:
    """It is ready when a role is in it; of the same name and another id, it is another one."""
    profile = item["GetInstanceProfile"]["InstanceProfile"]
    if profile["InstanceProfileId"] != ask.facts.get("unique", profile["InstanceProfileId"]):
        return None
    if profile["Roles"]:
        return Seen(state=READY, text="ready", facts=_facts(profile))
    return Seen(state=CREATED, text="without its role", facts=_facts(profile))


_MISSING = frozenset({"NoSuchEntity"})
KIND = Kind(
    spec=SPEC,
    service="iam",
    reading=Reading(
        operation="GetInstanceProfile", member="InstanceProfile", identity="InstanceProfileName", id_filter=""
    ),
    questions=_questions,
    missing=_MISSING,
    judge=judge,
    moves={
        ("raise", CREATED): Move(
            operation="CreateInstanceProfile",
            parameters=_create,
            accepted=lambda answer, _: Seen(state=CREATED, facts=_facts(answer["InstanceProfile"])),
            resolves="name",
            there=frozenset({"EntityAlreadyExists"}),
            returns=True,
        ),
        ("raise", READY): Move(
            operation="AddRoleToInstanceProfile",
            parameters=_role,
            accepted=lambda *_: Seen(state=READY),
            there=frozenset({"LimitExceeded", "EntityAlreadyExists"}),
            returns=True,
        ),
        ("lower", CREATED): Move(
            operation="RemoveRoleFromInstanceProfile",
            parameters=_role,
            accepted=lambda *_: Seen(state=CREATED),
            there=_MISSING,
            returns=True,
        ),
        ("lower", 0): Move(operation="DeleteInstanceProfile", parameters=_itself, accepted=deleted, gone=_MISSING),
    },
)
