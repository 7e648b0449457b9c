"""Volumes: the disks of machines, and what stays when a machine goes without them."""

from datetime import UTC, datetime

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.shapes import Shape, boolean, listed, member, moment, page, select, with_tags
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World


def describe_volumes(world: World, q: Request) -> Shape:
    rows = listed(world, q, "volume", q.parameters.get("VolumeIds"))
    filters = {
        "volume-id": member("VolumeId"),
        "status": member("State"),
        "availability-zone": member("AvailabilityZone"),
        "encrypted": boolean("Encrypted"),
        "size": member("Size"),
        "snapshot-id": member("SnapshotId"),
        "volume-type": member("VolumeType"),
        "attachment.instance-id": lambda _, s: [one["InstanceId"] for one in s["Attachments"]],
        "attachment.status": lambda _, s: [one["State"] for one in s["Attachments"]],
        "attachment.delete-on-termination": lambda _, s: [
            str(one["DeleteOnTermination"]).lower() for one in s["Attachments"]
        ],
    }
    return page(q, select(q, rows, lambda row: _volume(row, q.now, world.zones(q.region)), filters), "Volumes")


def _volume(row: Row, now: float, zones: list[tuple[str, str]]) -> Shape:
    data, state = row.data, row.state(now)
    shape: Shape = {
        "VolumeId": row.id,
        "Size": data["size"],
        "SnapshotId": data["snapshot"],
        "AvailabilityZone": data["zone"],
        "AvailabilityZoneId": dict(zones)[data["zone"]],
        "State": state,
        "CreateTime": datetime.fromtimestamp(row.created, UTC),
        "VolumeType": data["type"],
        "Iops": 3000,
        "Throughput": 125,
        "Encrypted": data["encrypted"],
        "MultiAttachEnabled": False,
        "Attachments": [_attachment(row)] if state == "in-use" else [],
        "Operator": {"Managed": False},
    }
    if data["encrypted"]:
        shape["KmsKeyId"] = data["key"]
    return with_tags(row, shape)


def _attachment(row: Row) -> Shape:
    return {
        "AttachTime": moment(row.created),
        "Device": row.data["device"],
        "InstanceId": row.refs["machine"],
        "State": "attached",
        "VolumeId": row.id,
        "DeleteOnTermination": row.data["deletes"],
    }


def delete_volume(world: World, q: Request) -> Shape:
    row = world.rows.get("volume", q.parameters["VolumeId"], q)
    if row.state(q.now) == "in-use":
        raise ApiError("VolumeInUse", f"Volume {row.id} is currently attached to {row.refs['machine']}")
    world.rows.drop(row)
    q.unmade(row.id)
    return {}


OPERATIONS = {"DescribeVolumes": describe_volumes, "DeleteVolume": delete_volume}
