"""How a fleet starts and stops. What keeps it from starting is said in its FleetErrors alone: its state stays STARTING.

Each instance has an interface in one of the fleet's subnets, which AppStream manages and which outlives a stop by minutes.
"""

from sandboxd.simulator.appstream.fleets import GOING
from sandboxd.simulator.appstream.images import usable
from sandboxd.simulator.appstream.roles import is_usable
from sandboxd.simulator.appstream.shapes import Shape, get, takes
from sandboxd.simulator.calls import Request
from sandboxd.simulator.consistency import NEVER
from sandboxd.simulator.ec2.making import new_interface, room
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.limits import exceeded
from sandboxd.simulator.needs import left_network
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

Trouble = tuple[str, str]
"""code and words of a FleetError"""
UP = ("STARTING", "RUNNING")
PASSING: Trouble = ("INTERNAL_SERVICE_ERROR", "An internal service error occurred. It will be tried again.")
LASTING: Trouble = ("FLEET_INSTANCE_PROVISIONING_FAILURE", "The instances of the fleet could not be provisioned.")
LOST = 300.0
"""seconds that an error which passes costs (assumed)"""


def start_fleet(world: World, q: Request) -> Shape:
    """Accepted whatever it names; what is up already stays so (assumed)."""
    row = get(world, q, "fleet", q.parameters["Name"])
    if row.state(q.now) in UP:
        return {}
    if row.state(q.now) in ("STOPPING", GOING):
        words = f"The fleet {row.data['name']} cannot be started in its present state."
        raise ApiError("OperationNotPermittedException", words)
    _check_quota(world, q, row)
    ready = takes(world, q, "fleet.start")
    trouble = _trouble(world, q, row)
    if trouble is None and world.weather.dies(q.now):
        trouble = world.weather.choose(PASSING, LASTING)
    row.goes(q.now, (0, "STARTING"))
    if trouble is PASSING:
        _says(row, q, trouble, ready + LOST)
        ready, trouble = ready + LOST, None
    if trouble is not None:
        _says(row, q, trouble, NEVER)
        q.made(row.id)
        return {}
    _interfaces(world, row, q.now)
    row.goes(q.now, (0, "STARTING"), (ready, "RUNNING"))
    # errors of former starts are listed until this one is through
    row.data["errors"] = [
        [code, words, since, min(until, q.now + ready)] for code, words, since, until in row.data["errors"]
    ]
    q.made(row.id, ready)
    return {}


def _says(row: Row, q: Request, trouble: Trouble, seconds: float) -> None:
    row.data["errors"] = [*row.data["errors"], [*trouble, q.now, min(q.now + seconds, NEVER)]]


def _check_quota(world: World, q: Request, row: Row) -> None:
    fleets = world.rows.of(q.account, q.region, "fleet")
    running = sum(one.data["instances"] for one in fleets if one.state(q.now) in UP)
    if running + row.data["instances"] > world.quota("fleet_instances"):
        raise exceeded("fleet_instances", world.quota("fleet_instances"))


def _trouble(world: World, q: Request, row: Row) -> Trouble | None:
    """What is wrong with what it names."""
    subnets = [world.rows.find(one) for one in row.data["subnets"]]
    groups = [world.rows.find(one) for one in row.data["groups"]]
    if not is_usable(world, q.account):
        return "IAM_SERVICE_ROLE_IS_MISSING", "The AmazonAppStreamServiceAccess role could not be found."
    if usable(world, q.account, row.data["image"]) is None:
        return "IMAGE_NOT_FOUND", f"The image {row.data['image']} could not be found."
    if not all(subnets):
        return "SUBNET_NOT_FOUND", "A subnet of the fleet could not be found."
    if not all(groups):
        return "SECURITY_GROUPS_NOT_FOUND", "A security group of the fleet could not be found."
    free = sum(room(world, subnet, q.now) for subnet in subnets if subnet is not None)
    if free < row.data["instances"]:
        return "SUBNET_HAS_INSUFFICIENT_IP_ADDRESSES", "The subnets have not enough free IP addresses for the fleet."
    return None


def _interfaces(world: World, row: Row, now: float) -> None:
    """One for each instance, where most addresses are free."""
    subnets = [subnet for one in row.data["subnets"] if (subnet := world.rows.find(one)) is not None]
    for number in range(row.data["instances"] if subnets else 0):
        subnet = max(subnets, key=lambda one: room(world, one, now))
        text = f"Created By Amazon AppStream 2.0 for {row.data['name']} {number + 1}"
        interface = new_interface(world, subnet, now, text, "interface", row.data["groups"])
        interface.data["managed"] = True
        world.rows.refer(interface, owner=row.id)


def stop_fleet(world: World, q: Request) -> Shape:
    """Also what is only starting; what stands already stays so."""
    row = get(world, q, "fleet", q.parameters["Name"])
    if row.state(q.now) not in UP:
        return {}
    gone = takes(world, q, "fleet.stop")
    row.goes(q.now, (0, "STOPPING"), (gone, "STOPPED"))
    q.made(row.id, gone)
    lingers = gone + takes(world, q, "fleet.linger") + world.weather.late(q.now)
    for interface in world.rows.holders(row.id, q.now, "interface"):
        interface.goes(q.now, (lingers, "deleted"))
    q.made(left_network(row.id), lingers, frees=(*row.data["subnets"], *row.data["groups"]))
    return {}


OPERATIONS = {"StartFleet": start_fleet, "StopFleet": stop_fleet}
