"""Images and their snapshots: who owns them, and with whom they are shared."""

from datetime import UTC, datetime
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.shapes import Shape, boolean, member, page, required, select, with_tags
from sandboxd.simulator.errors import ApiError, not_found
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World


def visible(row: Row, account: str) -> bool:
    """Whether an account may use an image."""
    return row.account == account or row.data["public"] or account in row.data["shared_with"]


def usable(world: World, q: Request, identifier: str) -> Row:
    """An image that may be launched here."""
    row = world.rows.find(identifier)
    if row is None or row.kind != "image" or row.region != q.region:
        raise not_found("image", identifier)
    if not visible(row, q.account):
        raise ApiError("AuthFailure", f"Not authorized for images: [{identifier}]")
    return row


def _images(world: World, region: str) -> list[Row]:
    return world.rows.everywhere(region, "image")


def _image(row: Row) -> Shape:
    data = row.data
    created = datetime.fromtimestamp(row.created, UTC)
    ebs = {
        "DeleteOnTermination": True,
        "Encrypted": data["encrypted"],
        "SnapshotId": data["snapshot"],
        "VolumeSize": data["size"],
        "VolumeType": "gp3",
        "Iops": 3000,
        "Throughput": 125,
    }
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
        "BlockDeviceMappings": [{"DeviceName": data["root"], "Ebs": ebs}],
    }
    if alias := data.get("alias"):
        shape["ImageOwnerAlias"] = alias
    return with_tags(row, shape)


def describe_images(world: World, q: Request) -> Shape:
    rows = [row for row in _images(world, q.region) if visible(row, q.account)]
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
    if row is None or row.kind != "image" or row.region != q.region or not visible(row, q.account):
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
    shared = dict.fromkeys(row.data["shared_with"])
    shared |= dict.fromkeys(one["UserId"] for one in change.get("Add", ()) if "UserId" in one)
    for one in change.get("Remove", ()):
        shared.pop(one.get("UserId", ""), None)
    row.data["shared_with"] = list(shared)
    q.made(f"{row.id} shared")
    return {}


def describe_snapshots(world: World, q: Request) -> Shape:
    rows = [row for row in world.rows.everywhere(q.region, "snapshot") if visible(row, q.account)]
    if ids := q.parameters.get("SnapshotIds"):
        known = {row.id: row for row in rows}
        if missing := [one for one in ids if one not in known]:
            raise not_found("snapshot", missing[0])
        rows = [known[one] for one in ids]
    if owners := q.parameters.get("OwnerIds"):
        names = {q.account if owner == "self" else owner for owner in owners}
        rows = [row for row in rows if row.account in names]
    filters = {"snapshot-id": member("SnapshotId"), "owner-id": member("OwnerId"), "status": member("State")}
    return page(q, select(q, rows, _snapshot, filters), "Snapshots")


def _snapshot(row: Row) -> Shape:
    shape: Shape = {
        "SnapshotId": row.id,
        "VolumeId": "vol-ffffffff",
        "State": "completed",
        "Progress": "100%",
        "OwnerId": row.account,
        "StartTime": datetime.fromtimestamp(row.created, UTC),
        "VolumeSize": row.data["size"],
        "Description": "",
        "Encrypted": row.data["encrypted"],
        "StorageTier": "standard",
    }
    if row.data["encrypted"]:
        shape["KmsKeyId"] = row.data["key"]
    return with_tags(row, shape)


OPERATIONS = {
    "DescribeImages": describe_images, "DescribeImageAttribute": describe_image_attribute,
    "ModifyImageAttribute": modify_image_attribute, "DescribeSnapshots": describe_snapshots,
}  # fmt: skip
