"""Instances: launch with tokens, start, stop, terminate, and what they look like in each state."""

from datetime import UTC, datetime
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2 import images
from sandboxd.simulator.ec2.shapes import (
    Shape,
    Values,
    listed,
    member,
    moment,
    page,
    requested_tags,
    required,
    select,
    tag_list,
    with_tags,
)
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
TYPES = {
    "t3.micro": 2, "t3.small": 2, "t3.medium": 2, "t3.large": 2, "m5.large": 2, "m6i.large": 2, "m6i.xlarge": 4,
    "m6i.2xlarge": 8, "m6i.4xlarge": 16, "r6i.large": 2, "r6i.xlarge": 4, "r6i.2xlarge": 8, "r6i.4xlarge": 16,
    "m5.xlarge": 4, "m5.2xlarge": 8, "m5.4xlarge": 16, "r5.xlarge": 4, "r5.2xlarge": 8,
}  # fmt: skip


def run_instances(world: World, q: Request) -> Shape:
    subnet = world.rows.get("subnet", required(q, "SubnetId"), q.account, q.region, q.now)
    scope = ("machine", subnet.data["zone"])
    if (known := world.token(q, *scope)) is not None:
        if known.state(q.now) in ("terminated", "shutting-down"):
            words = f"The client token you have provided is associated with a resource that is already deleted. ({known.id})"
            raise ApiError("IdempotentInstanceTerminated", words)
        return _reservation(known, [_instance(world, known, q.now)])
    image = images.usable(world, q, required(q, "ImageId"))
    _check_type(world, q)
    groups = [
        world.rows.get("security-group", g, q.account, q.region, q.now)
        for g in q.parameters.get("SecurityGroupIds", ())
    ]
    machine = _launch(world, q, subnet, image, groups)
    world.remember(q, scope[0], machine, *scope[1:])
    return _reservation(machine, [_instance(world, machine, q.now)])


def _check_type(world: World, q: Request) -> None:
    name = q.parameters.get("InstanceType", "m1.small")
    if name not in TYPES:
        raise ApiError("InvalidParameterValue", f"Invalid value '{name}' for InstanceType.")
    machines = world.rows.of(q.account, q.region, "machine")
    used = sum(TYPES[m.data["type"]] for m in machines if m.state(q.now) in ("pending", "running"))
    if used + TYPES[name] > world.quota("vcpus"):
        raise ApiError(
            "VcpuLimitExceeded",
            f"You have requested more vCPU capacity than your current vCPU limit of {world.quota('vcpus')} allows for the"
            " instance bucket that the specified instance type belongs to.",
        )


def _launch(world: World, q: Request, subnet: Row, image: Row, groups: list[Row]) -> Row:
    machine = world.rows.make("machine", q.account, q.region, q.now)
    machine.tags = requested_tags(q, "instance")
    interface = world.new_interface(subnet, q.now, "", "interface", groups=[g.id for g in groups])
    volume = _volume(world, q, image, subnet)
    for row, role in ((interface, "machine"), (volume, "machine")):
        world.rows.refer(row, **{role: machine.id})
    world.rows.refer(machine, subnet=subnet.id, **{f"group {g.id}": g.id for g in groups})
    metadata = q.parameters.get("MetadataOptions", {})
    machine.data = {
        "type": q.parameters.get("InstanceType", "m1.small"), "image": image.id, "ip": interface.data["ip"],
        "interface": interface.id, "volume": volume.id, "vpc": subnet.refs["vpc"], "zone": subnet.data["zone"],
        "zone_id": subnet.data["zone_id"], "groups": [g.id for g in groups], "token": q.parameters.get("ClientToken"),
        "reservation": world.rows.new_id("reservation"), "launched": q.now, "reason": "", "root": image.data["root"],
        "metadata": {"HttpTokens": metadata.get("HttpTokens", "optional"),
                     "HttpPutResponseHopLimit": metadata.get("HttpPutResponseHopLimit", 1)},
        "profile": q.parameters.get("IamInstanceProfile"),
    }  # fmt: skip
    ready = world.draw("machine.launch")
    machine.goes(q.now, (0, "pending"), (ready, "running"))
    machine.data["agent_at"] = q.now + ready + world.draw("agent.online")
    q.made(machine.id, ready)
    return machine


def _volume(world: World, q: Request, image: Row, subnet: Row) -> Row:
    mapping: Shape = next(iter(q.parameters.get("BlockDeviceMappings", ())), {})
    ebs = mapping.get("Ebs", {})
    volume = world.rows.make("volume", q.account, q.region, q.now)
    volume.tags = requested_tags(q, "volume")
    volume.data = {
        "size": ebs.get("VolumeSize", image.data["size"]),
        "type": ebs.get("VolumeType", "gp3"),
        "zone": subnet.data["zone"],
        "snapshot": image.data["snapshot"],
        "device": image.data["root"],
        "encrypted": ebs.get("Encrypted", image.data["encrypted"]),
        "deletes": ebs.get("DeleteOnTermination", True),
    }
    return volume


# ---- what one looks like
def _reservation(machine: Row, instances: list[Shape]) -> Shape:
    return {
        "Groups": [],
        "Instances": instances,
        "OwnerId": machine.account,
        "ReservationId": machine.data["reservation"],
    }


def _instance(world: World, row: Row, now: float) -> Shape:
    state, data = row.state(now), row.data
    shape: Shape = {
        "InstanceId": row.id, "ImageId": data["image"], "InstanceType": data["type"], "AmiLaunchIndex": 0,
        "State": {"Code": CODES[state], "Name": state}, "LaunchTime": moment(data["launched"]), "PublicDnsName": "",
        "StateTransitionReason": data["reason"] if state in ("stopping", "stopped", "shutting-down", "terminated") else "",
        "Placement": {"AvailabilityZone": data["zone"], "AvailabilityZoneId": data["zone_id"], "GroupName": "",
                      "Tenancy": "default"},
        "Monitoring": {"State": "disabled"}, "Architecture": "x86_64", "Hypervisor": "xen", "VirtualizationType": "hvm",
        "RootDeviceType": "ebs", "RootDeviceName": data["root"], "EbsOptimized": False, "EnaSupport": True, "ProductCodes": [],
        "CpuOptions": {"CoreCount": max(1, TYPES[data["type"]] // 2), "ThreadsPerCore": 2},
        "MetadataOptions": {"State": "applied" if state in ("running", "stopped") else "pending", "HttpEndpoint": "enabled",
                            "HttpProtocolIpv6": "disabled", "InstanceMetadataTags": "disabled", **data["metadata"]},
        "EnclaveOptions": {"Enabled": False}, "HibernationOptions": {"Configured": False},
        "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
        "MaintenanceOptions": {"AutoRecovery": "default", "RebootMigration": "default"}, "Operator": {"Managed": False},
        "NetworkPerformanceOptions": {"BandwidthWeighting": "default"}, "CurrentInstanceBootMode": "legacy-bios",
        "PlatformDetails": "Linux/UNIX", "UsageOperation": "RunInstances", "UsageOperationUpdateTime": moment(row.created),
    }  # fmt: skip
    if data["token"]:
        shape["ClientToken"] = data["token"]
    if data["profile"] and state != "terminated":
        name = data["profile"].get("Name", "profile")
        shape["IamInstanceProfile"] = {
            "Arn": f"arn:aws:iam::{row.account}:instance-profile/{name}",
            "Id": "AIPA" + row.id[-17:].upper(),
        }
    return with_tags(row, shape | _reason(row, state) | _placed(world, row, state))


def _reason(row: Row, state: str) -> Shape:
    if state == "pending":
        return {"StateReason": {"Code": "pending", "Message": "pending"}}
    if state == "running":
        return {}
    code, words = row.data.get(
        "state_reason", ("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown")
    )
    return {"StateReason": {"Code": code, "Message": words}}


def _placed(world: World, row: Row, state: str) -> Shape:
    """Network and disks: gone from a terminated machine, half gone from one that is shutting down."""
    data = row.data
    if state == "terminated":
        return {"PrivateDnsName": "", "NetworkInterfaces": [], "SecurityGroups": [], "BlockDeviceMappings": []}
    disks = [_mapping(row)] if state != "pending" else []
    if state == "shutting-down":
        return {"PrivateDnsName": "", "NetworkInterfaces": [], "SecurityGroups": [], "BlockDeviceMappings": disks}
    groups = [{"GroupId": g, "GroupName": world.group_name(g)} for g in data["groups"]]
    host = "ip-" + data["ip"].replace(".", "-")
    return {
        "VpcId": data["vpc"], "SubnetId": row.refs["subnet"], "PrivateIpAddress": data["ip"], "SourceDestCheck": True,
        "PrivateDnsName": f"{host}.{row.region}.compute.internal", "SecurityGroups": groups, "BlockDeviceMappings": disks,
        "NetworkInterfaces": [_card(row, groups, state)],
        "PrivateDnsNameOptions": {"HostnameType": "ip-name", "EnableResourceNameDnsARecord": False,
                                  "EnableResourceNameDnsAAAARecord": False},
    }  # fmt: skip


def _mapping(row: Row) -> Shape:
    ebs = {
        "VolumeId": row.data["volume"],
        "Status": "attached",
        "AttachTime": moment(row.created),
        "DeleteOnTermination": True,
    }
    return {"DeviceName": row.data["root"], "Ebs": ebs}


def _card(row: Row, groups: list[Shape], state: str) -> Shape:
    data = row.data
    attachment = {
        "AttachTime": moment(row.created),
        "AttachmentId": "eni-attach-" + data["interface"][-17:],
        "DeviceIndex": 0,
        "DeleteOnTermination": True,
        "Status": "attaching" if state == "pending" else "attached",
        "NetworkCardIndex": 0,
    }
    return {
        "NetworkInterfaceId": data["interface"],
        "SubnetId": row.refs["subnet"],
        "VpcId": data["vpc"],
        "OwnerId": row.account,
        "Status": "in-use",
        "Description": "",
        "Groups": groups,
        "PrivateIpAddress": data["ip"],
        "SourceDestCheck": True,
        "InterfaceType": "interface",
        "Ipv6Addresses": [],
        "MacAddress": "02:00:00:00:00:00",
        "Attachment": attachment,
        "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": data["ip"]}],
        "Operator": {"Managed": False},
    }


_FILTERS: dict[str, Values] = {
    "instance-id": member("InstanceId"), "image-id": member("ImageId"), "instance-type": member("InstanceType"),
    "vpc-id": member("VpcId"), "subnet-id": member("SubnetId"), "client-token": member("ClientToken"),
    "private-ip-address": member("PrivateIpAddress"),
    "instance-state-name": lambda _, s: [s["State"]["Name"]], "instance-state-code": lambda _, s: [str(s["State"]["Code"])],
    "availability-zone": lambda _, s: [s["Placement"]["AvailabilityZone"]],
    "instance.group-id": lambda _, s: [g["GroupId"] for g in s["SecurityGroups"]],
    "network-interface.subnet-id": lambda _, s: [n["SubnetId"] for n in s["NetworkInterfaces"]],
    "reservation-id": lambda row, _: [row.data["reservation"]], "owner-id": lambda row, _: [row.account],
}  # fmt: skip


def describe_instances(world: World, q: Request) -> Shape:
    rows = listed(world, q, "machine", q.parameters.get("InstanceIds"))
    by_id = {row.id: row for row in rows}
    shapes = select(q, rows, lambda row: _instance(world, row, q.now), _FILTERS)
    found = [_reservation(by_id[shape["InstanceId"]], [shape]) for shape in shapes]
    return page(q, found, "Reservations")


def describe_instance_status(world: World, q: Request) -> Shape:
    rows = listed(world, q, "machine", q.parameters.get("InstanceIds"))
    if not q.parameters.get("IncludeAllInstances"):
        rows = [row for row in rows if row.state(q.now) == "running"]
    return page(q, select(q, rows, lambda row: _status(row, q.now), _FILTERS), "InstanceStatuses")


def _status(row: Row, now: float) -> Shape:
    state = row.state(now)
    ready = state == "running" and now >= row.data["agent_at"]
    word = "ok" if ready else "initializing" if state == "running" else "not-applicable"
    detail = {"Status": word, "Details": [{"Name": "reachability", "Status": "passed" if ready else "initializing"}]}
    checks: Shape = {"InstanceStatus": detail, "SystemStatus": detail, "AttachedEbsStatus": detail}
    place = {"AvailabilityZone": row.data["zone"], "InstanceId": row.id, "Operator": {"Managed": False}}
    return place | {"InstanceState": {"Code": CODES[state], "Name": state}} | checks


# ---- power
def _power(world: World, q: Request, member_name: str, change: Any) -> Shape:
    rows = [world.rows.get("machine", i, q.account, q.region, q.now) for i in required(q, "InstanceIds")]
    before = [row.state(q.now) for row in rows]
    for row, state in zip(rows, before, strict=True):
        change(world, q, row, state, check=True)
    for row, state in zip(rows, before, strict=True):
        change(world, q, row, state, check=False)
    return {
        member_name: [
            {"InstanceId": row.id, "CurrentState": _pair(row.state(q.now)), "PreviousState": _pair(state)}
            for row, state in zip(rows, before, strict=True)
        ]
    }


def _pair(state: str) -> Shape:
    return {"Code": CODES[state], "Name": state}


def _refuse(row: Row, state: str, verb: str) -> ApiError:
    if verb == "stopped" and state == "pending":
        return ApiError(
            "IncorrectInstanceState", f"The instance '{row.id}' is not in a state from which it can be stopped."
        )
    return ApiError("IncorrectInstanceState", f"The instance '{row.id}' is not in a state from which it can be {verb}.")


def _start(world: World, q: Request, row: Row, state: str, *, check: bool) -> None:
    if state in ("running", "pending"):
        return
    if state != "stopped":
        raise _refuse(row, state, "started")
    if not check:
        ready = world.draw("machine.start")
        row.goes(q.now, (0, "pending"), (ready, "running"))
        row.data |= {"launched": q.now, "agent_at": q.now + ready + world.draw("agent.online")}
        q.made(row.id, ready)


def _stop(world: World, q: Request, row: Row, state: str, *, check: bool) -> None:
    if state in ("stopped", "stopping"):
        return
    if state != "running":
        raise _refuse(row, state, "stopped")
    if not check:
        row.goes(q.now, (0, "stopping"), (gone := world.draw("machine.stop"), "stopped"))
        row.data["reason"] = _initiated(q.now)
        q.made(row.id, gone)


def _terminate(world: World, q: Request, row: Row, state: str, *, check: bool) -> None:
    if check or state in ("terminated", "shutting-down"):
        return
    gone = world.draw("machine.terminate")
    row.goes(q.now, (0, "shutting-down"), (gone, "terminated"))
    row.data["reason"] = _initiated(q.now)
    for name in ("interface", "volume"):
        if (part := world.rows.find(row.data[name])) is not None:
            part.goes(q.now, (gone, "deleted"))
    q.made(row.id, gone)


def _initiated(now: float) -> str:
    return f"User initiated ({datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%S} GMT)"


# ---- what they may be
def describe_instance_type_offerings(world: World, q: Request) -> Shape:
    by_zone = q.parameters.get("LocationType", "region")
    places = {
        "availability-zone": [z for z, _ in world.zones(q.region)],
        "availability-zone-id": [i for _, i in world.zones(q.region)],
    }
    wanted = {f["Name"]: f["Values"] for f in q.parameters.get("Filters", ())}
    types = [name for name in TYPES if name in wanted.get("instance-type", TYPES)]
    where = [place for place in places.get(by_zone, [q.region]) if place in wanted.get("location", [place])]
    offers = [{"InstanceType": t, "LocationType": by_zone, "Location": place} for t in types for place in where]
    return page(q, offers, "InstanceTypeOfferings")


def describe_volumes(world: World, q: Request) -> Shape:
    rows = listed(world, q, "volume", q.parameters.get("VolumeIds"))
    filters = {
        "volume-id": member("VolumeId"),
        "status": member("State"),
        "availability-zone": member("AvailabilityZone"),
        "attachment.instance-id": lambda _, s: [a["InstanceId"] for a in s["Attachments"]],
    }
    return page(q, select(q, rows, _volume_shape, filters), "Volumes")


def _volume_shape(row: Row) -> Shape:
    data = row.data
    attachment = {
        "AttachTime": moment(row.created),
        "Device": data["device"],
        "InstanceId": row.refs["machine"],
        "State": "attached",
        "VolumeId": row.id,
        "DeleteOnTermination": data["deletes"],
    }
    shape: Shape = {
        "VolumeId": row.id,
        "Size": data["size"],
        "SnapshotId": data["snapshot"],
        "AvailabilityZone": data["zone"],
        "State": "in-use",
        "CreateTime": datetime.fromtimestamp(row.created, UTC),
        "VolumeType": data["type"],
        "Iops": 3000,
        "Throughput": 125,
        "Encrypted": data["encrypted"],
        "MultiAttachEnabled": False,
        "Attachments": [attachment],
        "Operator": {"Managed": False},
    }
    if data["encrypted"]:
        shape["KmsKeyId"] = f"arn:aws:kms:{row.region}:{row.account}:key/aws-ebs"
    return shape | ({"Tags": tag_list(row)} if row.tags else {})


OPERATIONS = {
    "RunInstances": run_instances, "DescribeInstances": describe_instances,
    "DescribeInstanceStatus": describe_instance_status, "DescribeInstanceTypeOfferings": describe_instance_type_offerings,
    "DescribeVolumes": describe_volumes,
    "StartInstances": lambda world, q: _power(world, q, "StartingInstances", _start),
    "StopInstances": lambda world, q: _power(world, q, "StoppingInstances", _stop),
    "TerminateInstances": lambda world, q: _power(world, q, "TerminatingInstances", _terminate),
}  # fmt: skip
