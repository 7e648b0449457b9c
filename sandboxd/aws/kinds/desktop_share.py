"""That one account may run an AppStream image of the image account in a fleet: a set in which each account is or is not.

AppStream's images are its own, with permissions of their own; a fleet that runs goes on without, its next start does not.
"""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, deleted
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Usual

SPEC = KindSpec(name="desktop-share", up={1: Usual(0.5, 1)}, down={1: Usual(0.5, 1)})
PERMISSIONS = {"allowFleet": True, "allowImageBuilder": False}


def _image(ask: Ask) -> str:
    return str(ask.parameter("image", "")).rpartition("/")[2]


def _add(ask: Ask) -> Parameters:
    return {"Name": _image(ask), "SharedAccountId": ask.account, "ImagePermissions": PERMISSIONS}


def _remove(ask: Ask) -> Parameters:
    return {"Name": _image(ask), "SharedAccountId": ask.account}


def _questions(ask: Ask) -> Questions:
    yield "DescribeImagePermissions", {"Name": _image(ask), "SharedAwsAccountIds": [ask.account]}


def _facts(ask: Ask) -> dict[str, str]:
    return {"id": f"{_image(ask)} {ask.account}"}


def judge(item: Item, ask: Ask) -> Seen | None:
    """It is there when the account may run it in a fleet."""
    given = item["DescribeImagePermissions"].get("SharedImagePermissionsList") or ()
    mine = [one for one in given if one["sharedAccountId"] == ask.account and one["imagePermissions"].get("allowFleet")]
    return Seen(state=1, text="shared", facts=_facts(ask)) if mine else None


_MISSING = frozenset({"ResourceNotFoundException"})
KIND = Kind(
    spec=SPEC,
    service="appstream",
    where="images",
    tagged=False,
    by_content=True,
    reading=Reading(
        operation="DescribeImagePermissions",
        member="SharedImagePermissionsList",
        identity="sharedAccountId",
        id_filter="",
    ),
    questions=_questions,
    missing=_MISSING,
    judge=judge,
    moves={
        ("raise", 1): Move(
            operation="UpdateImagePermissions",
            parameters=_add,
            accepted=lambda _, ask: Seen(state=1, text="shared", facts=_facts(ask)),
            returns=True,
        ),
        ("lower", 0): Move(
            operation="DeleteImagePermissions", parameters=_remove, accepted=deleted, gone=_MISSING, returns=True
        ),
    },
)
