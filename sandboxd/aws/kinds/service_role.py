"""Roles by which a service of AWS acts in an account, of a name that the service prescribes: made once, and there for ever.

One that the account has already is as good, whoever made it; it costs nothing, others may use it, and it is
never deleted: lowering it only forgets it.
"""

import json

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, tag_list
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Edge, Usual

CREATED, READY = 1, 2
PATH = "/service-role/"
SPEC = KindSpec(
    name="service-role",
    states=("absent", "created", "ready"),
    edges=(Edge(READY, 0, 0), Edge(CREATED, 0, 0)),
    free=True,
    permanent=True,
    # AppStream knows a new role after a minute or two of refusals, as is reported: nobody asks it before
    up={CREATED: Usual(0.5, 1), READY: Usual(62, 63)},
)


def _name(ask: Ask) -> str:
    return str(ask.parameter("name", ask.id))


def _policy_of(ask: Ask) -> str:
    return f"arn:aws:iam::aws:policy/service-role/{ask.parameter('policy', _name(ask))}"


def _create(ask: Ask) -> Parameters:
    principal = {"Service": ask.parameter("service")}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return {"RoleName": _name(ask), "Path": PATH, "AssumeRolePolicyDocument": trust, "Tags": tag_list(ask.tags)}


def _policy(ask: Ask) -> Parameters:
    return {"RoleName": _name(ask), "PolicyArn": _policy_of(ask)}


def _questions(ask: Ask) -> Questions:
    yield "GetRole", {"RoleName": _name(ask)}
    yield "ListAttachedRolePolicies", {"RoleName": _name(ask)}


def judge(item: Item, ask: Ask) -> Seen | None:
    """It is ready when the policy is attached."""
    facts = {"id": item["GetRole"]["Role"]["RoleName"]}
    attached = [one["PolicyArn"] for one in item["ListAttachedRolePolicies"]["AttachedPolicies"]]
    if _policy_of(ask) in attached:
        return Seen(state=READY, text="ready", facts=facts)
    return Seen(state=CREATED, text="without its policy", facts=facts)


KIND = Kind(
    spec=SPEC,
    service="iam",
    reading=Reading(operation="GetRole", member="Role", identity="RoleName", id_filter=""),
    questions=_questions,
    missing=frozenset({"NoSuchEntity"}),
    tagged=False,
    by_content=True,
    judge=judge,
    moves={
        ("raise", CREATED): Move(
            operation="CreateRole",
            parameters=_create,
            accepted=lambda answer, _: Seen(state=CREATED, facts={"id": answer["Role"]["RoleName"]}),
            resolves="name",
            there=frozenset({"EntityAlreadyExists"}),
        ),
        ("raise", READY): Move(
            operation="AttachRolePolicy",
            parameters=_policy,
            accepted=lambda *_: Seen(text="not known to its service yet"),
        ),
        ("lower", 0): Move(),
    },
)
