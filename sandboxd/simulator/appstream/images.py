"""AppStream's own images, which have nothing to do with AMIs, and with which accounts their owner shares them."""

from collections.abc import Callable
from datetime import UTC, datetime

from sandboxd.simulator.appstream.shapes import Shape, absent, get, page
from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.needs import shared_with
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

KIND = "desktop-image"
MOST_SHARED = 100
"""accounts that an image may be shared with (assumed)"""


def furnish_image(world: World, region: str, owner: str, name: str, text: str, at: float) -> Row:
    """An image that its owner has made long ago."""
    row = world.rows.make(KIND, owner, region, at, f"arn:aws:appstream:{region}:{owner}:image/{name}")
    row.data = {"name": name, "text": text, "shared_with": {}, "platform": "WINDOWS_SERVER_2022"}
    return row


def usable(world: World, account: str, identifier: str) -> Row | None:
    """The image of this ARN, if this account may run it in a fleet."""
    row = world.rows.find(identifier)
    if row is None or row.kind != KIND:
        return None
    allowed = row.account == account or row.data["shared_with"].get(account, {}).get("allowFleet")
    return row if allowed else None


def _shape(row: Row, account: str) -> Shape:
    own = row.account == account
    shape = {
        "Name": row.data["name"], "Arn": row.id, "DisplayName": row.data["name"], "State": "AVAILABLE",
        "Visibility": "PRIVATE" if own else "SHARED", "ImageBuilderSupported": False, "Platform": row.data["platform"],
        "Description": row.data["text"], "CreatedTime": datetime.fromtimestamp(row.created, UTC), "Applications": [],
        "AppstreamAgentVersion": "LATEST",
    }  # fmt: skip
    return shape if own else shape | {"ImagePermissions": dict(row.data["shared_with"][account])}


def describe_images(world: World, q: Request) -> Shape:
    """By ARN also what others share; by name only one's own."""
    q.parameters.get("MaxResults")  # one page holds more than there are
    everyone = [row.as_seen(q.now) for row in world.rows.everywhere(q.region, KIND)]
    rows = [row for row in everyone if row.account == q.account or q.account in row.data["shared_with"]]
    if (names := q.parameters.get("Names")) and q.parameters.get("Arns"):
        raise ApiError("InvalidParameterCombinationException", "Names and Arns cannot both be given.")
    rows = _asked(rows, q.parameters.get("Arns"), lambda row: row.id)
    rows = _asked(
        [row for row in rows if not names or row.account == q.account], names, lambda row: str(row.data["name"])
    )
    shapes = [_shape(row, q.account) for row in rows]
    wanted = q.parameters.get("Type")
    return page(q, [one for one in shapes if wanted in (None, one["Visibility"])], "Images")


def _asked(rows: list[Row], wanted: list[str] | None, by: Callable[[Row], str]) -> list[Row]:
    if not wanted:
        return rows
    known = {by(row): row for row in rows}
    if missing := [one for one in wanted if one not in known]:
        raise absent("image", missing[0])
    return [known[one] for one in wanted]


# ---- sharing
def _own(world: World, q: Request) -> Row:
    return get(world, q, "image", q.parameters["Name"])


def update_permissions(world: World, q: Request) -> Shape:
    """What stood there for this account is overwritten."""
    row, account = _own(world, q), q.parameters["SharedAccountId"]
    if account not in row.data["shared_with"] and len(row.data["shared_with"]) >= MOST_SHARED:
        raise ApiError("LimitExceededException", f"An image can be shared with {MOST_SHARED} accounts.")
    permissions = dict(q.parameters["ImagePermissions"])
    row.data["shared_with"] = row.data["shared_with"] | {account: permissions}
    q.made(shared_with(row.id, account))
    return {}


def delete_permissions(world: World, q: Request) -> Shape:
    """Fleets that run go on; the next start does not find the image."""
    row, account = _own(world, q), q.parameters["SharedAccountId"]
    if account not in row.data["shared_with"]:
        raise absent("image permission", account)
    row.data["shared_with"] = {key: one for key, one in row.data["shared_with"].items() if key != account}
    q.unmade(shared_with(row.id, account), frees=(row.id,))
    return {}


def describe_permissions(world: World, q: Request) -> Shape:
    """With whom an image is shared."""
    row, only = _own(world, q).as_seen(q.now), q.parameters.get("SharedAwsAccountIds")
    q.parameters.get("MaxResults")
    shared = [
        {"sharedAccountId": account, "imagePermissions": dict(given)}
        for account, given in row.data["shared_with"].items()
        if not only or account in only
    ]
    return {"Name": row.data["name"]} | page(q, shared, "SharedImagePermissionsList", MOST_SHARED)


OPERATIONS = {
    "DescribeImages": describe_images, "UpdateImagePermissions": update_permissions,
    "DescribeImagePermissions": describe_permissions, "DeleteImagePermissions": delete_permissions,
}  # fmt: skip
