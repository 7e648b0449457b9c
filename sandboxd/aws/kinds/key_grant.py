"""That one account may use the key of the image account's images: a grant, found again by its unique name.

AWS answers a repeated create of the same name and content with the grant that is there, and needs the grant's id to revoke
it. The account's own disks are encrypted with its own key, so what runs or is stopped does not need the grant any more.
"""

import re

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, deleted
from sandboxd.aws.policies import root
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Usual

OPERATIONS = (
    "CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo",
)  # fmt: skip
"""what EC2 asks of a key when it makes a volume of an encrypted snapshot for somebody else"""
SPEC = KindSpec(name="key-grant", up={1: Usual(0.5, 2)}, down={1: Usual(0.5, 1)})


def _key(ask: Ask) -> str:
    return str(ask.parameter("kms_key", ""))


def _name(ask: Ask) -> str:
    install = re.sub(r"[^a-zA-Z0-9_-]", "-", ask.tags.get("sandboxd:install", ""))
    return f"sandboxd/{install}/{ask.account}"


def _create(ask: Ask) -> Parameters:
    return {
        "KeyId": _key(ask),
        "GranteePrincipal": root(ask.account),
        "Operations": list(OPERATIONS),
        "Name": _name(ask),
    }


def _revoke(ask: Ask) -> Parameters:
    return {"KeyId": _key(ask), "GrantId": ask.id}


def _questions(ask: Ask) -> Questions:
    yield "ListGrants", {"KeyId": _key(ask), "GranteePrincipal": root(ask.account)}


def judge(item: Item, ask: Ask) -> Seen | None:
    """It is there when the key has a grant of our name; when we know its id, that one."""
    for grant in item["ListGrants"].get("Grants") or ():
        if grant.get("Name") == _name(ask) and ask.id in ("", grant["GrantId"]):
            return Seen(state=1, text="granted", facts={"id": grant["GrantId"]})
    return None


_GONE = frozenset({"NotFoundException", "InvalidGrantIdException"})
KIND = Kind(
    spec=SPEC,
    service="kms",
    where="images",
    tagged=False,
    by_content=True,
    reading=Reading(operation="ListGrants", member="Grants", identity="GrantId", id_filter=""),
    questions=_questions,
    missing=frozenset({"NotFoundException"}),
    judge=judge,
    moves={
        ("raise", 1): Move(
            operation="CreateGrant",
            parameters=_create,
            accepted=lambda answer, _: Seen(state=1, text="granted", facts={"id": answer["GrantId"]}),
            returns=True,
        ),
        ("lower", 0): Move(operation="RevokeGrant", parameters=_revoke, accepted=deleted, gone=_GONE),
    },
)
