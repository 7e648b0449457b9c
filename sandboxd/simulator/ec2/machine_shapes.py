"""What an instance looks like in each of its states: members present, absent and empty, as recorded at AWS."""

from sandboxd.simulator.ec2.catalog import TYPES
from sandboxd.simulator.ec2.making import group_name
from sandboxd.simulator.ec2.shapes import Shape, moment, private_dns, with_tags
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
_ENDING = ("stopping", "stopped", "shutting-down", "terminated")


def reservation(first: Row, instances: list[Shape]) -> Shape:
    """Machines that were launched together; `first` is one of them."""
    return {
        "Groups": [],
        "Instances": instances,
        "OwnerId": first.account,
        "ReservationId": first.data["reservation"],
    }


def instance(world: World, row: Row, now: float) -> Shape:
    """One machine."""
    state = row.state(now)
    return with_tags(
        row, _always(row, state) | _sometimes(row, state) | _reason(row, state) | _placed(world, row, state)
    )


def _always(row: Row, state: str) -> Shape:
    data = row.data
    return {
        "InstanceId": row.id, "ImageId": data["image"], "InstanceType": data["type"], "AmiLaunchIndex": 0,
        "State": {"Code": CODES[state], "Name": state}, "LaunchTime": moment(data["launched"]), "PublicDnsName": "",
        "StateTransitionReason": data["reason"] if state in _ENDING else "",
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


def _sometimes(row: Row, state: str) -> Shape:
    shape: Shape = {}
    if token := row.data["token"]:
        shape["ClientToken"] = token
    if (public := row.data.get("public_ip")) and state != "pending":
        shape["PublicIpAddress"] = public
    if (profile := row.data["profile"]) and state != "terminated":
        shape["IamInstanceProfile"] = dict(profile)
    return shape


def _reason(row: Row, state: str) -> Shape:
    if state == "running":
        return {}
    if state == "pending":
        return {"StateReason": {"Code": "pending", "Message": "pending"}}
    code = "Client.UserInitiatedShutdown"
    code, words = row.data.get("state_reason") or (code, f"{code}: User initiated shutdown")
    return {"StateReason": {"Code": code, "Message": words}}


def _placed(world: World, row: Row, state: str) -> Shape:
    """Network and disks: gone from a terminated machine, half gone from one that is shutting down."""
    match state:
        case "terminated":
            return {"PrivateDnsName": "", "NetworkInterfaces": [], "SecurityGroups": [], "BlockDeviceMappings": []}
        case "shutting-down":
            return {
                "PrivateDnsName": "",
                "NetworkInterfaces": [_card_remains(row, state)],
                "SecurityGroups": [],
                "BlockDeviceMappings": _disks(world, row),
            }
    data = row.data
    groups = [{"GroupId": one, "GroupName": group_name(world, one)} for one in data["groups"]]
    return {
        "VpcId": data["vpc"], "SubnetId": row.refs["subnet"], "PrivateIpAddress": data["ip"], "SourceDestCheck": True,
        "PrivateDnsName": private_dns(data["ip"], row.region), "SecurityGroups": groups,
        "BlockDeviceMappings": [] if state == "pending" else _disks(world, row),
        "NetworkInterfaces": [_card(world, row, groups, state)],
        "PrivateDnsNameOptions": {"HostnameType": "ip-name", "EnableResourceNameDnsARecord": False,
                                  "EnableResourceNameDnsAAAARecord": False},
    }  # fmt: skip


def _disks(world: World, row: Row) -> list[Shape]:
    volumes = [(name, world.rows.find(name)) for name in row.data["volumes"]]
    return [
        {
            "DeviceName": volume.data["device"] if volume else row.data["root"],
            "Ebs": {
                "VolumeId": name, "Status": "attached", "AttachTime": moment(row.created), "EbsCardIndex": 0,
                "DeleteOnTermination": bool(volume and volume.data["deletes"]),
            },
        }
        for name, volume in volumes
    ]  # fmt: skip


def _card_remains(row: Row, state: str) -> Shape:
    attachment = {
        "AttachTime": moment(row.created),
        "AttachmentId": "eni-attach-" + row.data["interface"][-17:],
        "DeviceIndex": 0,
        "DeleteOnTermination": True,
        "Status": {"pending": "attaching"}.get(state, "attached"),
        "NetworkCardIndex": 0,
    }
    return {
        "NetworkInterfaceId": row.data["interface"],
        "OwnerId": row.account,
        "Status": "in-use",
        "Attachment": attachment,
    }


def _card(world: World, row: Row, groups: list[Shape], state: str) -> Shape:
    interface = world.rows.find(row.data["interface"])
    dns = private_dns(row.data["ip"], row.region)
    address: Shape = {"Primary": True, "PrivateIpAddress": row.data["ip"], "PrivateDnsName": dns}
    shape: Shape = {
        "SubnetId": row.refs["subnet"],
        "VpcId": row.data["vpc"],
        "Description": "",
        "Groups": groups,
        "PrivateIpAddress": row.data["ip"],
        "PrivateDnsName": dns,
        "SourceDestCheck": True,
        "InterfaceType": "interface",
        "Ipv6Addresses": [],
        "MacAddress": interface.data["mac"] if interface else "",
        "Operator": {"Managed": False},
    }
    if (public := row.data.get("public_ip")) and state != "pending":
        lent = {"IpOwnerId": "amazon", "PublicDnsName": "", "PublicIp": public}
        shape["Association"] = lent
        address["Association"] = lent
    return shape | {"PrivateIpAddresses": [address]} | _card_remains(row, state)


def status(row: Row, now: float) -> Shape:
    """The three checks of a machine."""
    state = row.state(now)
    ready = state == "running" and now >= row.data["checked_at"]
    word = "ok" if ready else "initializing" if state == "running" else "not-applicable"
    detail: Shape = {"Status": word}
    if state == "running":
        detail["Details"] = [{"Name": "reachability", "Status": "passed" if ready else "initializing"}]
    return {
        "AvailabilityZone": row.data["zone"],
        "AvailabilityZoneId": row.data["zone_id"],
        "InstanceId": row.id,
        "Operator": {"Managed": False},
        "InstanceState": {"Code": CODES[state], "Name": state},
        "InstanceStatus": detail,
        "SystemStatus": detail,
        "AttachedEbsStatus": detail,
    }
