"""Images and their snapshots: who owns them, and with whom they are shared."""

import re
from datetime import UTC, datetime
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.shapes import Shape, boolean, member, page, required, select, with_tags
from sandboxd.simulator.errors import ApiError, not_found
from sandboxd.simulator.needs import launchable
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

REACH = 90.0
"""seconds after which bad weather shows another account that an image is shared with it, at most"""


def visible(row: Row, account: str, now: float) -> bool:
    """Whether an account may use an image or a snapshot, and knows it already."""
    shared = account in row.data["shared_with"] and now >= row.data.get("reaches", {}).get(account, 0.0)
    return bool(row.account == account or row.data["public"] or shared)


def usable(world: World, q: Request, identifier: str) -> Row:
    """An image that may be launched here."""
    row = world.rows.find(identifier)
    if row is None or row.kind != "image" or row.region != q.region:
        raise not_found("image", identifier)
    if not visible(row, q.account, q.now):
        raise ApiError("AuthFailure", f"Not authorized for images: [{identifier}]")
    return row


def _images(world: World, region: str) -> list[Row]:
    return world.rows.everywhere(region, "image")


def _image(row: Row) -> Shape:
    data = row.data
    created = datetime.fromtimestamp(row.created, UTC)
    shape: Shape = {
        "ImageId": row.id,
        "Name": data["name"],
        "Description": data["text"],
        "State": "available",
        "Architecture": "x86_64",
        "CreationDate": f"{created:%Y-%m-%dT%H:%M:%S}.000Z",
        "OwnerId": row.account,
        "Public": data["public"],
        "ImageLocation": f"{row.account}/{data['name']}",
        "ImageType": "machine",
        "RootDeviceType": "ebs",
        "RootDeviceName": data["root"],
        "VirtualizationType": "hvm",
        "Hypervisor": "xen",
        "EnaSupport": True,
        "SriovNetSupport": "simple",
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "BlockDeviceMappings": _disks(data),
    }
    if alias := data.get("alias"):
        shape["ImageOwnerAlias"] = alias
    return with_tags(row, shape)


def _disks(data: Shape) -> list[Shape]:
    root = {"device": data["root"], "snapshot": data["snapshot"], "size": data["size"]}
    return [
        {
            "DeviceName": one["device"],
            "Ebs": {
                "DeleteOnTermination": one.get("deletes", True), "Encrypted": data["encrypted"],
                "SnapshotId": one["snapshot"], "VolumeSize": one["size"], "VolumeType": "gp3", "Iops": 3000,
                "Throughput": 125,
            },
        }
        for one in (root, *data.get("disks", ()))
    ]  # fmt: skip


def describe_images(world: World, q: Request) -> Shape:
    rows = [row for row in _images(world, q.region) if visible(row, q.account, q.now)]
    if ids := q.parameters.get("ImageIds"):
        known = {row.id: row for row in rows}
        if missing := [one for one in ids if one not in known]:
            raise not_found("image", missing[0])
        rows = [known[one] for one in ids]
    if owners := q.parameters.get("Owners"):
        names = {q.account if owner == "self" else owner for owner in owners}
        rows = [row for row in rows if row.account in names or row.data.get("alias") in names]
    if users := q.parameters.get("ExecutableUsers"):
        names = {q.account if user == "self" else user for user in users}
        rows = [row for row in rows if names & {*row.data["shared_with"], *(["all"] if row.data["public"] else [])}]
    q.parameters.get("IncludeDeprecated")  # nothing is deprecated or disabled here
    q.parameters.get("IncludeDisabled")
    filters = {
        "name": member("Name"),
        "image-id": member("ImageId"),
        "state": member("State"),
        "owner-id": member("OwnerId"),
        "owner-alias": member("ImageOwnerAlias"),
        "architecture": member("Architecture"),
        "is-public": boolean("Public"),
        "root-device-type": member("RootDeviceType"),
        "virtualization-type": member("VirtualizationType"),
    }
    return page(q, select(q, rows, _image, filters), "Images")


def _owned(world: World, q: Request) -> Row:
    row = world.rows.find(required(q, "ImageId"))
    if row is None or row.kind != "image" or row.region != q.region or not visible(row, q.account, q.now):
        raise not_found("image", q.parameters["ImageId"])
    if row.account != q.account:
        raise ApiError("AuthFailure", f"Not authorized for image:{row.id}")
    return row


def describe_image_attribute(world: World, q: Request) -> Shape:
    row = _owned(world, q)
    attribute = required(q, "Attribute")
    if attribute != "launchPermission":
        raise ApiError("InvalidParameterValue", f"Value ({attribute}) for parameter attribute is invalid.")
    everyone: list[Shape] = [{"Group": "all"}] if row.data["public"] else []
    return {"ImageId": row.id, "LaunchPermissions": everyone + [{"UserId": a} for a in row.data["shared_with"]]}


def modify_image_attribute(world: World, q: Request) -> Shape:
    row = _owned(world, q)
    q.parameters.get("Attribute")  # names what LaunchPermission says anyway
    change: dict[str, Any] = q.parameters.get("LaunchPermission", {})
    for one in (*change.get("Add", ()), *change.get("Remove", ())):
        if not set(one) <= {"UserId", "Group"}:
            raise ApiError("UnsupportedOperation", "The simulator shares images with accounts and with everybody only.")
    for name, public in (("Add", True), ("Remove", False)):
        if any(one.get("Group") == "all" for one in change.get(name, ())):
            row.data["public"] = public
    added = [one["UserId"] for one in change.get("Add", ()) if "UserId" in one]
    give(world, q, row, added, [one["UserId"] for one in change.get("Remove", ()) if "UserId" in one])
    return {}


def give(world: World, q: Request, row: Row, added: list[str], removed: list[str]) -> None:
    """Change whom an image or a snapshot is shared with: a set, each account is in it or not."""
    if unknown := [one for one in added if not re.fullmatch(r"\d{12}", one)]:
        raise ApiError(
            "InvalidAMIAttributeItemValue", f'Invalid attribute item value "{unknown[0]}" for userId item type.'
        )
    shared = dict.fromkeys(row.data["shared_with"])
    new = [one for one in added if one not in shared]
    world.check_quota("launch_permissions", len(shared), len(new))
    for one in new:
        row.data["reaches"] = row.data.get("reaches", {}) | {one: q.now + (late := world.weather.late(q.now, REACH))}
        q.made(launchable(row.id, one), late)
    for one in removed:
        if shared.pop(one, row) is not row:
            q.unmade(launchable(row.id, one))
    row.data["shared_with"] = [one for one in dict.fromkeys([*shared, *new]) if one not in removed]


def reset_image_attribute(world: World, q: Request) -> Shape:
    row = _owned(world, q)
    if (attribute := required(q, "Attribute")) != "launchPermission":
        raise ApiError("InvalidParameterValue", f"Value ({attribute}) for parameter attribute is invalid.")
    row.data["public"] = False
    give(world, q, row, [], list(row.data["shared_with"]))
    return {}


OPERATIONS = {
    "DescribeImages": describe_images, "DescribeImageAttribute": describe_image_attribute,
    "ModifyImageAttribute": modify_image_attribute, "ResetImageAttribute": reset_image_attribute,
}  # fmt: skip
