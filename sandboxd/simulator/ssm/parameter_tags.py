"""Tags of parameters: of nothing else here, whatever else Systems Manager has tags for."""

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.shapes import tag_list
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.gate import check_tags
from sandboxd.simulator.rows import Row
from sandboxd.simulator.ssm.parameters import Shape, named
from sandboxd.simulator.world import World


def _no_such() -> ApiError:
    return ApiError(
        "InvalidResourceId", "The resource ID isn't valid. Verify that you entered the correct ID and try again."
    )


def _check_type(q: Request) -> None:
    if q.parameters["ResourceType"] != "Parameter":
        raise ApiError("InvalidResourceType", "")


def _found(world: World, q: Request) -> Row:
    _check_type(q)
    row = named(world, q, q.parameters["ResourceId"])
    if row is None:
        raise _no_such()
    world.rows.touch(row, q)
    return row


def list_tags(world: World, q: Request) -> Shape:
    _check_type(q)
    for row in world.rows.seen(q, "parameter"):
        if row.data["name"] == q.parameters["ResourceId"]:
            return {"TagList": tag_list(row)}
    raise _no_such()


def add_tags(world: World, q: Request) -> Shape:
    row = _found(world, q)
    tags = row.tags | {tag["Key"]: tag["Value"] for tag in q.parameters["Tags"]}
    check_tags(tags, world.quotas["tags"])
    row.tags = tags
    q.made(row.id)
    return {}


def remove_tags(world: World, q: Request) -> Shape:
    row = _found(world, q)
    row.tags = {key: value for key, value in row.tags.items() if key not in q.parameters["TagKeys"]}
    q.made(row.id)
    return {}


OPERATIONS = {"ListTagsForResource": list_tags, "AddTagsToResource": add_tags, "RemoveTagsFromResource": remove_tags}
