"""That one account may launch an image of the image account: its launch permission, a set in which each account is or is not.

The image's snapshots are not shared: AWS lets the launch at them, and a permission on a snapshot would let it be copied.
"""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, deleted
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Usual

ATTRIBUTE = "launchPermission"
SPEC = KindSpec(name="image-share", up={1: Usual(0.5, 1)}, down={1: Usual(0.5, 1)})


def _image(ask: Ask) -> str:
    return str(ask.parameter("image", "")).partition(" ")[0]


def _change(way: str, ask: Ask) -> Parameters:
    return {"ImageId": _image(ask), "Attribute": ATTRIBUTE, "LaunchPermission": {way: [{"UserId": ask.account}]}}


def _facts(ask: Ask) -> dict[str, str]:
    return {"id": f"{_image(ask)} {ask.account}", "image": _image(ask)}


def _questions(ask: Ask) -> Questions:
    yield "DescribeImageAttribute", {"ImageId": _image(ask), "Attribute": ATTRIBUTE}


def judge(item: Item, ask: Ask) -> Seen | None:
    """It is there when the account is among those that may launch."""
    permissions = item["DescribeImageAttribute"].get("LaunchPermissions") or ()
    if not any(one.get("UserId") == ask.account for one in permissions):
        return None
    return Seen(state=1, text="shared", facts=_facts(ask))


_MISSING = frozenset({"InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"})
KIND = Kind(
    spec=SPEC,
    where="images",
    tagged=False,
    by_content=True,
    reading=Reading(operation="DescribeImageAttribute", member="LaunchPermissions", identity="UserId", id_filter=""),
    questions=_questions,
    missing=_MISSING,
    judge=judge,
    moves={
        ("raise", 1): Move(
            operation="ModifyImageAttribute",
            parameters=lambda ask: _change("Add", ask),
            accepted=lambda _, ask: Seen(state=1, text="shared", facts=_facts(ask)),
            returns=True,
        ),
        ("lower", 0): Move(
            operation="ModifyImageAttribute",
            parameters=lambda ask: _change("Remove", ask),
            accepted=deleted,
            gone=_MISSING,
            returns=True,
        ),
    },
)
