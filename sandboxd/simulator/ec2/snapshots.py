"""Snapshots behind images: who may make volumes of them. What shares an image need not share its snapshots."""

from datetime import UTC, datetime

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.images import give, visible
from sandboxd.simulator.ec2.shapes import Shape, member, page, required, select, with_tags
from sandboxd.simulator.errors import ApiError, not_found
from sandboxd.simulator.keys import find
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World


def describe_snapshots(world: World, q: Request) -> Shape:
    rows = [row for row in world.rows.everywhere(q.region, "snapshot") if visible(row, q.account, q.now)]
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


def _owned(world: World, q: Request) -> Row:
    row = world.rows.find(required(q, "SnapshotId"))
    if row is None or row.kind != "snapshot" or row.region != q.region or row.account != q.account:
        raise not_found("snapshot", q.parameters["SnapshotId"])
    return row


def _attribute(q: Request) -> None:
    if (attribute := q.parameters.get("Attribute", "createVolumePermission")) != "createVolumePermission":
        raise ApiError("InvalidParameterValue", f"Value ({attribute}) for parameter attribute is invalid.")


def describe_snapshot_attribute(world: World, q: Request) -> Shape:
    row = _owned(world, q)
    _attribute(q)
    return {"SnapshotId": row.id, "CreateVolumePermissions": [{"UserId": one} for one in row.data["shared_with"]]}


def modify_snapshot_attribute(world: World, q: Request) -> Shape:
    row = _owned(world, q)
    _attribute(q)
    change = q.parameters.get("CreateVolumePermission", {})
    asked = [*change.get("Add", ()), *change.get("Remove", ())]
    if not asked or any(set(one) != {"UserId"} for one in asked):
        raise ApiError("UnsupportedOperation", "The simulator shares snapshots with accounts only.")
    key = find(world, row.account, row.region, row.data["key"], q.now) if row.data["encrypted"] else None
    if key is not None and key.data["manager"] == "AWS":
        words = "Encrypted snapshots with EBS default key cannot be shared"
        raise ApiError("OperationNotPermitted", words)
    added, removed = ([one["UserId"] for one in change.get(way, ())] for way in ("Add", "Remove"))
    give(world, q, row, added, removed)
    return {}


OPERATIONS = {
    "DescribeSnapshots": describe_snapshots, "DescribeSnapshotAttribute": describe_snapshot_attribute,
    "ModifySnapshotAttribute": modify_snapshot_attribute,
}  # fmt: skip
