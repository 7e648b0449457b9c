"""Stacks, which fleet each of them has, and the URLs by which people get in."""

import hashlib
from datetime import UTC, datetime

from sandboxd.simulator.appstream.shapes import Shape, described, get, list_tags, make, named, page, tag_resource
from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.needs import associated
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

LAG = 10.0
"""seconds for which an association that was taken away still counts"""
LONGEST = 604_800
LEAVING = "leaving"


# ---- stacks
def _stack(row: Row) -> Shape:
    made = datetime.fromtimestamp(row.created, UTC)
    return {"Arn": row.id, "Name": row.data["name"], "CreatedTime": made, "StackErrors": []} | described(row)


def create_stack(world: World, q: Request) -> Shape:
    """There at once."""
    return {"Stack": _stack(make(world, q, "stack"))}


def describe_stacks(world: World, q: Request) -> Shape:
    """All, or those of these names."""
    return page(q, [_stack(row) for row in named(world, q, "stack")], "Stacks")


def delete_stack(world: World, q: Request) -> Shape:
    """Refused while it has a fleet."""
    row = get(world, q, "stack", q.parameters["Name"])
    if world.rows.holders(row.id, q.now, "fleet-association"):
        raise ApiError("ResourceInUseException", f"The stack {row.data['name']} is associated with a fleet.")
    world.rows.drop(row)
    q.unmade(row.id)
    return {}


# ---- associations
def _pair(world: World, q: Request) -> tuple[Row, Row]:
    return get(world, q, "fleet", q.parameters["FleetName"]), get(world, q, "stack", q.parameters["StackName"])


def _between(world: World, now: float, fleet: Row, stack: Row) -> Row | None:
    rows = world.rows.holders(fleet.id, now, "fleet-association")
    return next((row for row in rows if row.refs["stack"] == stack.id and row.state(now) != LEAVING), None)


def associate_fleet(world: World, q: Request) -> Shape:
    """A stack has one fleet; the same one again changes nothing."""
    fleet, stack = _pair(world, q)
    if _between(world, q.now, fleet, stack) is not None:
        return {}
    others = world.rows.holders(stack.id, q.now, "fleet-association")
    if any(row.state(q.now) != LEAVING for row in others):
        words = f"The stack {stack.data['name']} is associated with another fleet."
        raise ApiError("LimitExceededException", words)
    identifier = associated(fleet.id, stack.id)
    row = world.rows.make("fleet-association", q.account, q.region, q.now, identifier)
    row.data = {"fleet": fleet.data["name"], "stack": stack.data["name"]}
    world.rows.refer(row, fleet=fleet.id, stack=stack.id)
    q.made(row.id)
    return {}


def disassociate_fleet(world: World, q: Request) -> Shape:
    """Not listed any more, and yet it holds both for some seconds; what is not there need not go."""
    fleet, stack = _pair(world, q)
    if (row := _between(world, q.now, fleet, stack)) is not None:
        row.goes(q.now, (0, LEAVING), (LAG, "deleted"))
        q.unmade(row.id, LAG, frees=(fleet.id, stack.id))
    return {}


def _associated(world: World, q: Request, mine: str, other: str) -> list[str]:
    rows = [row for row in world.rows.seen(q, "fleet-association") if row.state(q.now) != LEAVING]
    return [row.data[other] for row in rows if row.data[mine] == q.parameters[f"{mine.capitalize()}Name"]]


def list_associated_fleets(world: World, q: Request) -> Shape:
    """The fleet of a stack; a stack that nobody knows has none."""
    return page(q, _associated(world, q, "stack", "fleet"), "Names")


def list_associated_stacks(world: World, q: Request) -> Shape:
    """The stacks of a fleet; a fleet that nobody knows has none."""
    return page(q, _associated(world, q, "fleet", "stack"), "Names")


# ---- getting in
def create_streaming_url(world: World, q: Request) -> Shape:
    """A URL that is its bearer's: it lets in for as long as it is valid."""
    fleet, stack = _pair(world, q)
    seconds, user = int(q.parameters.get("Validity", 60)), q.parameters["UserId"]
    if not 1 <= seconds <= LONGEST:
        raise ApiError("InvalidParameterCombinationException", f"Validity must be between 1 and {LONGEST} seconds.")
    if _between(world, q.now, fleet, stack) is None:
        words = f"The fleet {fleet.data['name']} is not associated with the stack {stack.data['name']}."
        raise ApiError("OperationNotPermittedException", words)
    if fleet.state(q.now) != "RUNNING":
        raise ApiError("ResourceNotAvailableException", f"The fleet {fleet.data['name']} is not running.")
    ticket = hashlib.sha256(f"{world.rows.seed} {stack.id} {user} {q.now}".encode()).hexdigest()
    url = f"https://appstream2.{q.region}.aws.amazon.com/authenticate?parameters={ticket}"
    return {"StreamingURL": url, "Expires": datetime.fromtimestamp(q.now + seconds, UTC)}


OPERATIONS = {
    "CreateStack": create_stack, "DescribeStacks": describe_stacks, "DeleteStack": delete_stack,
    "AssociateFleet": associate_fleet, "DisassociateFleet": disassociate_fleet,
    "ListAssociatedFleets": list_associated_fleets, "ListAssociatedStacks": list_associated_stacks,
    "CreateStreamingURL": create_streaming_url, "ListTagsForResource": list_tags, "TagResource": tag_resource,
}  # fmt: skip
