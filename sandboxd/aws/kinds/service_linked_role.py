"""Roles that AWS links to one of its services: the account asks for it by the service's name, and it stays for ever.

A new account has none, and a service that would make its own needs rights that callers lack. It is free, cannot be used
by anybody else, and is never deleted: lowering it only forgets it. Its parameters: `service`, and the `name` that AWS gives it.
"""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Usual

# a service sees its new role after about 20 s (assumed; that it takes seconds is reported): nobody asks it before
SPEC = KindSpec(name="service-linked-role", free=True, permanent=True, up={1: Usual(22, 23)})


def _create(ask: Ask) -> Parameters:
    return {"AWSServiceName": ask.parameter("service")}


def _questions(ask: Ask) -> Questions:
    yield "GetRole", {"RoleName": ask.parameter("name")}


def judge(item: Item, _: Ask) -> Seen:
    """It is there when it can be read."""
    return Seen(state=1, text="there", facts={"id": item["GetRole"]["Role"]["RoleName"]})


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
        ("raise", 1): Move(
            operation="CreateServiceLinkedRole",
            parameters=_create,
            # the answer is believed only when the role can be read: services see it late
            accepted=lambda answer, _: Seen(text="made", facts={"id": answer["Role"]["RoleName"]}),
            resolves="name",
            # "has been taken in this account": it is there
            there=frozenset({"InvalidInput"}),
        ),
        ("lower", 0): Move(),
    },
)
