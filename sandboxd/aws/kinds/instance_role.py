"""The role that machines play: trusted by EC2, with the policy that lets Systems Manager reach them. Its name is unique in the account.

Not free in the sense of staying on: it costs nothing, but stands on nothing, so it goes with the last machine.
"""

import json

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, deleted, tag_list
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Edge, Usual

CREATED, READY = 1, 2
PATH = "/sandboxd/"
POLICY = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
})  # fmt: skip
SPEC = KindSpec(
    name="instance-role",
    states=("absent", "created", "ready"),
    edges=(Edge(READY, 0, CREATED),),
    up={CREATED: Usual(0.5, 1), READY: Usual(0.5, 1)},
    down={READY: Usual(0.5, 1), CREATED: Usual(0.5, 1)},
)


def _name(ask: Ask) -> str:
    return ask.id or str(ask.parameter("name"))


def _create(ask: Ask) -> Parameters:
    return {"RoleName": _name(ask), "Path": PATH, "AssumeRolePolicyDocument": TRUST, "Tags": tag_list(ask.tags)}


def _itself(ask: Ask) -> Parameters:
    return {"RoleName": _name(ask)}


def _policy(ask: Ask) -> Parameters:
    return {"RoleName": _name(ask), "PolicyArn": POLICY}


def _questions(ask: Ask) -> Questions:
    yield "GetRole", _itself(ask)
    yield "ListAttachedRolePolicies", _itself(ask)


def _facts(role: Item) -> dict[str, str]:
    return {"id": role["RoleName"], "unique": role["RoleId"]}


def judge(item: Item, ask: Ask) -> Seen | None:
    """It is ready when the policy is attached; of the same name and another id, it is another one."""
    role = item["GetRole"]["Role"]
    if role["RoleId"] != ask.facts.get("unique", role["RoleId"]):
        return None
    attached = [one["PolicyArn"] for one in item["ListAttachedRolePolicies"]["AttachedPolicies"]]
    if POLICY in attached:
        return Seen(state=READY, text="ready", facts=_facts(role))
    return Seen(state=CREATED, text="without its policy", facts=_facts(role))


_MISSING = frozenset({"NoSuchEntity"})
KIND = Kind(
    spec=SPEC,
    service="iam",
    reading=Reading(operation="GetRole", member="Role", identity="RoleName", id_filter=""),
    questions=_questions,
    missing=_MISSING,
    judge=judge,
    moves={
        ("raise", CREATED): Move(
            operation="CreateRole",
            parameters=_create,
            accepted=lambda answer, _: Seen(state=CREATED, facts=_facts(answer["Role"])),
            resolves="name",
            there=frozenset({"EntityAlreadyExists"}),
            returns=True,
        ),
        ("raise", READY): Move(
            operation="AttachRolePolicy", parameters=_policy, accepted=lambda *_: Seen(state=READY), returns=True
        ),
        ("lower", CREATED): Move(
            operation="DetachRolePolicy",
            parameters=_policy,
            accepted=lambda *_: Seen(state=CREATED),
            there=_MISSING,
            returns=True,
        ),
        ("lower", 0): Move(operation="DeleteRole", parameters=_itself, accepted=deleted, gone=_MISSING),
    },
)
