"""Instances: launch with zonal tokens, start, stop, terminate. What they look like stands in `machine_shapes`."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from sandboxd.simulator import guest
from sandboxd.simulator.calls import Request
from sandboxd.simulator.consistency import NEVER
from sandboxd.simulator.ec2 import encryption, images, profiles
from sandboxd.simulator.ec2.catalog import TYPES
from sandboxd.simulator.ec2.encryption import Disk
from sandboxd.simulator.ec2.machine_shapes import CODES, instance, reservation, status
from sandboxd.simulator.ec2.making import check_address, new_interface, no_room, public_ip, room
from sandboxd.simulator.ec2.shapes import Shape, Values, listed, member, page, requested_tags, required, select
from sandboxd.simulator.ec2.ways import reaches_out
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.needs import agent_of, mapped
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

AGENT = 300.0
"""seconds by which bad weather brings an agent online late, at most"""
ROW, STALE = 18.0, 240.0
"""seconds for which the inventory of agents still shows one whose machine stops, and by which bad weather makes that longer"""
DEATHS = (
    ("Client.InternalError", "Client.InternalError: Client error on launch"),
    ("Server.InternalError", "Server.InternalError: Internal error on launch"),
)
"""state reasons of a launch that was accepted and came to nothing"""
STAYS_DOWN = ("Server.InsufficientInstanceCapacity", "Server.InsufficientInstanceCapacity: Insufficient capacity")


# ---- launch
def run_instances(world: World, q: Request) -> Shape:
    if "NetworkInterfaces" in q.parameters or "LaunchTemplate" in q.parameters:
        words = "The simulator launches with SubnetId and SecurityGroupIds only, no interfaces, no launch templates."
        raise ApiError("UnsupportedOperation", words)
    subnet = _subnet(world, q)
    scope = ("machine", subnet.data["zone"] if _names_zone(q) else "")
    if (known := world.token(q, *scope)) is not None:
        return _launched_before(world, q, known)
    image = images.usable(world, q, required(q, "ImageId"))
    count = int(q.parameters["MaxCount"])
    _check_type(world, q, count)
    groups, profile = _groups(world, q, subnet), profiles.asked_for(world, q)
    _check_room(world, q, subnet, count)
    zone = (subnet.data["zone"], subnet.data["zone_id"])
    world.scarcity.check(q.parameters.get("InstanceType", "m1.small"), zone, world.zones(q.region))
    number = world.rows.new_id("reservation")
    disks = encryption.disks(world, q, image)
    machines = [_launch(world, q, subnet, image, disks, groups, number, profile) for _ in range(count)]
    world.remember(q, machines[0], *scope)
    return reservation(machines[0], [instance(world, row, q.now) for row in machines])


def _names_zone(q: Request) -> bool:
    """Whether a launch names its zone: then its token holds in this zone only, otherwise in the whole region."""
    return bool(q.parameters.get("SubnetId") or q.parameters.get("Placement", {}).get("AvailabilityZone"))


def _subnet(world: World, q: Request) -> Row:
    if named := q.parameters.get("SubnetId"):
        return world.rows.get("subnet", named, q)
    wanted = q.parameters.get("Placement", {}).get("AvailabilityZone")
    subnets = world.rows.of(q.account, q.region, "subnet")
    for row in subnets:
        if row.data["default"] and wanted in (None, row.data["zone"]):
            return row
    raise ApiError("MissingInput", "No subnets found for the default VPC. Please specify a subnet.")


def _launched_before(world: World, q: Request, identifier: str) -> Shape:
    known = world.rows.find(identifier)
    if known is None or known.state(q.now) in ("terminated", "shutting-down"):
        words = "The client token you have provided is associated with a resource that is already deleted."
        raise ApiError("IdempotentInstanceTerminated", f"{words} ({identifier})")
    machines = world.rows.of(q.account, q.region, "machine")
    same = [row for row in machines if row.data["reservation"] == known.data["reservation"]]
    return reservation(known, [instance(world, row, q.now) for row in same])


def _check_type(world: World, q: Request, count: int) -> None:
    name = q.parameters.get("InstanceType", "m1.small")
    if name not in TYPES:
        raise ApiError("InvalidParameterValue", f"Invalid value '{name}' for InstanceType.")
    machines = world.rows.of(q.account, q.region, "machine")
    used = sum(TYPES[row.data["type"]] for row in machines if row.state(q.now) in ("pending", "running"))
    world.check_quota("vcpus", used, count * TYPES[name])


def _check_room(world: World, q: Request, subnet: Row, count: int) -> None:
    """All machines of a launch have an address, or none is launched."""
    world.check_quota("interfaces", len(world.rows.of(q.account, q.region, "interface")), count)
    if room(world, subnet, q.now) < count:
        raise no_room(subnet)
    if "PrivateIpAddress" in q.parameters:
        check_address(world, subnet, q.now, q.parameters["PrivateIpAddress"], count)


def _groups(world: World, q: Request, subnet: Row) -> list[str]:
    if named := q.parameters.get("SecurityGroupIds"):
        world.check_quota("groups_of_interface", 0, len(named))
        return [world.rows.get("security-group", one, q).id for one in named]
    every = world.rows.holders(subnet.refs["vpc"], q.now, "security-group")
    return [row.id for row in every if row.data["default"]]


def _launch(
    world: World, q: Request, subnet: Row, image: Row, disks: list[Disk], groups: list[str], number: str, profile: Shape
) -> Row:
    address = str(q.parameters.get("PrivateIpAddress", ""))
    interface = new_interface(world, subnet, q.now, "", "interface", groups, address=address)
    machine = world.rows.make("machine", q.account, q.region, q.now)
    machine.tags, interface.tags = requested_tags(q, "instance"), requested_tags(q, "network-interface")
    flaw = encryption.flaw(world, q, image, disks)
    volumes = [_volume(world, q, one, subnet) for one in disks]
    for part in (interface, *volumes):
        world.rows.refer(part, machine=machine.id)
    world.rows.refer(machine, subnet=subnet.id, **{f"group {one}": one for one in groups})
    machine.data = _data(q, image, subnet, interface, volumes) | {
        "groups": groups,
        "reservation": number,
        "profile": profile,
    }
    _come_up(world, q, machine, "machine.launch", flaw)
    world.guard_duty.launched(subnet.refs["vpc"], q.now)
    return machine


def _data(q: Request, image: Row, subnet: Row, interface: Row, volumes: list[Row]) -> Shape:
    metadata = q.parameters.get("MetadataOptions", {})
    return {
        "type": q.parameters.get("InstanceType", "m1.small"),
        "image": image.id,
        "root": image.data["root"],
        "interface": interface.id,
        "ip": interface.data["ip"],
        "volumes": [one.id for one in volumes],
        "vpc": subnet.refs["vpc"],
        "zone": subnet.data["zone"],
        "zone_id": subnet.data["zone_id"],
        "public": subnet.data["default"],
        "token": q.parameters.get("ClientToken"),
        "reason": "",
        "metadata": {
            "HttpTokens": metadata.get("HttpTokens", "optional"),
            "HttpPutResponseHopLimit": metadata.get("HttpPutResponseHopLimit", 1),
        },
    }


def _volume(world: World, q: Request, disk: Disk, subnet: Row) -> Row:
    volume = world.rows.make("volume", q.account, q.region, q.now)
    volume.tags = requested_tags(q, "volume")
    volume.data = {
        "size": disk.size,
        "type": disk.type,
        "zone": subnet.data["zone"],
        "snapshot": disk.snapshot,
        "device": disk.device,
        "encrypted": disk.encrypted,
        "key": disk.key,
        "deletes": disk.deletes,
    }
    volume.goes(q.now, (0, "in-use"))
    return volume


# ---- power
def _come_up(world: World, q: Request, row: Row, how: str, flaw: tuple[str, str] | None = None) -> None:
    """A machine boots, or dies on the way: of bad weather, or of a flaw that was not looked at when it was accepted."""
    ready = world.draw(how)
    row.data |= {"launched": q.now, "state_reason": None}
    if world.weather.dies(q.now) or flaw:
        _die(world, q, row, world.draw("machine.fail") if flaw else ready, flaw)
        return
    row.goes(q.now, (0, "pending"), (ready, "running"))
    if row.data["public"]:
        _show(world, row, public_ip(world))
    online = _agent_comes(world, q, row, ready)
    row.data |= {"agent_at": q.now + online, "checked_at": q.now + ready + world.draw("machine.checks")}
    q.made(row.id, ready)
    q.made(agent_of(row.id), online)


def _agent_comes(world: World, q: Request, row: Row, ready: float) -> float:
    """Seconds until the agent of this boot is online: without a role it never is, without a way out it sleeps."""
    online = world.draw("agent.online" if reaches_out(world, row, q.now, q.now + ready) else "agent.asleep")
    online += world.weather.late(q.now, AGENT)
    row.data["agent_lost_at"] = NEVER
    return ready + online if profiles.lets_agent_in(world, row.data["profile"]) else NEVER - q.now


def _die(world: World, q: Request, row: Row, after: float, flaw: tuple[str, str] | None) -> None:
    """A launch that AWS accepted ends terminated, a start ends stopped; only the reasons say why."""
    launched = row.created == q.now
    reasons = DEATHS if launched else (STAYS_DOWN,)
    row.data |= {"state_reason": list(flaw or world.weather.choose(*reasons)), "agent_at": NEVER, "checked_at": NEVER}
    row.data["reason"] = row.data["state_reason"][0]
    row.goes(q.now, (0, "pending"), (after, "terminated" if launched else "stopped"))
    if launched:
        _let_parts_go(world, q.now, row, after)
    q.made(row.id, after)


def lose(world: World, row: Row, now: float) -> None:
    """A machine that ran is gone, and nobody asked for it."""
    row.data |= {"state_reason": ["Server.InternalError", "Server.InternalError: Internal error"], "public_ip": None}
    row.data["reason"] = "Server.InternalError"
    guest.power_off(world, row, now)
    row.goes(now, (0, "terminated"))
    _let_parts_go(world, now, row, 0.0)


def _let_parts_go(world: World, now: float, row: Row, after: float) -> None:
    for name in (row.data["interface"], *row.data["volumes"]):
        if (part := world.rows.find(name)) is not None:
            part.goes(now, (after, "deleted" if part.data.get("deletes", True) else "available"))


def _show(world: World, row: Row, address: str | None) -> None:
    """Give or take the public address that AWS lends to machines of a public subnet while they run."""
    row.data["public_ip"] = address
    if (interface := world.rows.find(row.data["interface"])) is not None:
        interface.data["public"] = address


def _start(world: World, q: Request, row: Row) -> None:
    _come_up(world, q, row, "machine.start")


def _reboot(world: World, q: Request, row: Row) -> None:
    """It stays `running`, but all that ran in it is over, and its agent registers again."""
    guest.power_off(world, row, q.now)
    online = _agent_comes(world, q, row, world.draw("machine.reboot"))
    row.data["agent_at"] = q.now + online
    q.made(agent_of(row.id), online)


def _agent_goes(world: World, q: Request, row: Row) -> None:
    """What ran is over; the inventory still shows the agent for a while, with the last ping of this boot."""
    guest.power_off(world, row, q.now)
    if q.now >= row.data["agent_at"]:
        row.data["agent_former"] = [q.now + ROW + world.weather.late(q.now, STALE), q.now]
    row.data["agent_at"] = NEVER


def _stop(world: World, q: Request, row: Row) -> None:
    gone = world.draw("machine.stop")
    _agent_goes(world, q, row)
    hangs = row.id in world.scarcity.broken_hosts and not q.parameters.get("Force")
    row.goes(q.now, (0, "stopping"), *(() if hangs else ((gone, "stopped"),)))
    row.data |= {"reason": _initiated(q.now), "state_reason": None}
    _show(world, row, None)
    q.made(row.id, gone)


def _terminate(world: World, q: Request, row: Row) -> None:
    gone = world.draw("machine.terminate")
    _agent_goes(world, q, row)
    row.goes(q.now, (0, "shutting-down"), (gone, "terminated"))
    row.data |= {"reason": _initiated(q.now), "state_reason": None}
    _show(world, row, None)
    _let_parts_go(world, q.now, row, gone)
    q.unmade(row.id, gone, frees=(row.refs["subnet"], *row.data["groups"], mapped(row.data["vpc"])))


def _initiated(now: float) -> str:
    return f"User initiated ({datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%S} GMT)"


_POWER: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], str, Callable[[World, Request, Row], None]]] = {
    "StartInstances": (
        "StartingInstances", ("stopped",), ("running", "pending"),
        "The instance '{}' is not in a state from which it can be started.", _start,
    ),
    "StopInstances": (
        "StoppingInstances", ("running",), ("stopping", "stopped"),
        "This instance '{}' is not in a state from which it can be stopped.", _stop,
    ),
    "TerminateInstances": (
        "TerminatingInstances", ("pending", "running", "stopping", "stopped"), ("shutting-down", "terminated"),
        "", _terminate,
    ),
    "RebootInstances": (
        "", ("running",), (), "Instance '{}' is not in a state from which it can be rebooted.", _reboot,
    ),
}  # fmt: skip
"""operation -> member of the answer, states from which it goes, states in which nothing is left to do, refusal, effect"""


def _power(world: World, q: Request) -> Shape:
    """Change all machines or none."""
    name, movable, there, words, change = _POWER[q.operation]
    rows = [world.rows.get("machine", one, q) for one in required(q, "InstanceIds")]
    before = [row.state(q.now) for row in rows]
    for row, state in zip(rows, before, strict=True):
        if state not in movable and state not in there:
            raise ApiError("IncorrectInstanceState", words.format(row.id))
    forced = (("stopping",) if q.parameters.get("Force") else ()) if q.operation == "StopInstances" else ()
    for row, state in zip(rows, before, strict=True):
        if state in movable or state in forced:
            change(world, q, row)
    if not name:
        return {}
    return {
        name: [
            {"InstanceId": row.id, "CurrentState": _pair(row.state(q.now)), "PreviousState": _pair(state)}
            for row, state in zip(rows, before, strict=True)
        ]
    }


def _pair(state: str) -> Shape:
    return {"Code": CODES[state], "Name": state}


# ---- listings
_FILTERS: dict[str, Values] = {
    "instance-id": member("InstanceId"),
    "image-id": member("ImageId"),
    "instance-type": member("InstanceType"),
    "vpc-id": member("VpcId"),
    "subnet-id": member("SubnetId"),
    "client-token": member("ClientToken"),
    "private-ip-address": member("PrivateIpAddress"),
    "ip-address": member("PublicIpAddress"),
    "instance-state-name": lambda _, s: [s["State"]["Name"]],
    "instance-state-code": lambda _, s: [str(s["State"]["Code"])],
    "availability-zone": lambda _, s: [s["Placement"]["AvailabilityZone"]],
    "availability-zone-id": lambda _, s: [s["Placement"]["AvailabilityZoneId"]],
    "instance.group-id": lambda _, s: [group["GroupId"] for group in s["SecurityGroups"]],
    "network-interface.subnet-id": lambda _, s: [
        one["SubnetId"] for one in s["NetworkInterfaces"] if "SubnetId" in one
    ],
    "network-interface.network-interface-id": lambda _, s: [
        one["NetworkInterfaceId"] for one in s["NetworkInterfaces"]
    ],
    "block-device-mapping.volume-id": lambda _, s: [one["Ebs"]["VolumeId"] for one in s["BlockDeviceMappings"]],
    "reservation-id": lambda row, _: [row.data["reservation"]],
    "owner-id": lambda row, _: [row.account],
}
_STATUS_FILTERS: dict[str, Values] = {
    "availability-zone": member("AvailabilityZone"),
    "instance-state-name": lambda _, s: [s["InstanceState"]["Name"]],
    "instance-state-code": lambda _, s: [str(s["InstanceState"]["Code"])],
    "instance-status.status": lambda _, s: [s["InstanceStatus"]["Status"]],
    "system-status.status": lambda _, s: [s["SystemStatus"]["Status"]],
}


def describe_instances(world: World, q: Request) -> Shape:
    rows = listed(world, q, "machine", q.parameters.get("InstanceIds"))
    by_id = {row.id: row for row in rows}
    found: dict[str, list[Shape]] = {}
    for shape in select(q, rows, partial(instance, world, now=q.now), _FILTERS):
        found.setdefault(by_id[shape["InstanceId"]].data["reservation"], []).append(shape)
    reservations = [reservation(by_id[shapes[0]["InstanceId"]], shapes) for shapes in found.values()]
    return page(q, reservations, "Reservations")


def describe_instance_status(world: World, q: Request) -> Shape:
    rows = listed(world, q, "machine", q.parameters.get("InstanceIds"))
    if not q.parameters.get("IncludeAllInstances"):
        rows = [row for row in rows if row.state(q.now) == "running"]
    return page(q, select(q, rows, partial(status, now=q.now), _STATUS_FILTERS), "InstanceStatuses")


OPERATIONS = {
    "RunInstances": run_instances,
    "DescribeInstances": describe_instances,
    "DescribeInstanceStatus": describe_instance_status,
    **dict.fromkeys(_POWER, _power),
}
