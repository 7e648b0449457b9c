"""What AppStream's operations have in common: names and ARNs, how a thing is found by its name, tags as a map, pages."""

import random
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.durations import draw
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.gate import check_tags
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

Shape = dict[str, Any]
MOST = 50
"""things on a page (assumed)"""


def arn(q: Request, kind: str, name: str) -> str:
    """The ARN of a fleet or stack, which is its id here."""
    return f"arn:aws:appstream:{q.region}:{q.account}:{kind}/{name}"


def absent(kind: str, name: str) -> ApiError:
    """What is said of a name that nobody has."""
    return ApiError("ResourceNotFoundException", f"{kind.capitalize()} {name} could not be found.")


def get(world: World, q: Request, kind: str, name: str) -> Row:
    """What a call that changes something finds by its name."""
    row = world.rows.find(arn(q, kind, name))
    if row is None or not row.shows(q):
        raise absent(kind, name)
    world.rows.touch(row, q)
    return row


def make(world: World, q: Request, kind: str) -> Row:
    """A new fleet or stack with its name and tags; ResourceAlreadyExistsException for a name that is taken."""
    name = q.parameters["Name"]
    identifier = arn(q, kind, name)
    there = world.rows.find(identifier)
    if there is not None and not there.is_gone(q.now):
        raise ApiError("ResourceAlreadyExistsException", f"{kind.capitalize()} with name {name} already exists.")
    tags = q.parameters.get("Tags") or {}
    check_tags(tags, world.quota("tags"))
    row = world.rows.make(kind, q.account, q.region, q.now, identifier)
    row.tags, row.data = dict(tags), {"name": name, "text": q.parameters.get("Description", "")}
    row.data["title"] = q.parameters.get("DisplayName", "")
    q.made(row.id)
    return row


def described(row: Row) -> Shape:
    """What people may say about a thing, where they did."""
    texts = {"Description": row.data["text"], "DisplayName": row.data["title"]}
    return {name: text for name, text in texts.items() if text}


def named(world: World, q: Request, kind: str) -> list[Row]:
    """What a describe is about: all, or those of these names; a name that it does not see is not found."""
    rows = {row.data["name"]: row for row in world.rows.seen(q, kind)}
    if not (names := q.parameters.get("Names")):
        return list(rows.values())
    if missing := [name for name in names if name not in rows]:
        raise absent(kind, missing[0])
    return [rows[name] for name in names]


def takes(world: World, q: Request, name: str) -> float:
    """How long something takes; from a stream of its own, so that everything else takes as long with and without fleets."""
    return draw(random.Random(f"{world.rows.seed} {q.account} {q.operation} {name} {q.now}"), name)


def page(q: Request, items: list[Any], member: str, most: int = MOST) -> Shape:
    """One page of a listing."""
    token = q.parameters.get("NextToken") or "0"
    if not token.isdigit():
        raise ApiError("InvalidParameterCombinationException", "The NextToken is not valid.")
    start = int(token)
    more = {"NextToken": str(start + most)} if start + most < len(items) else {}
    return {member: items[start : start + most]} | more


# ---- tags
def _tagged(world: World, q: Request) -> Row:
    row = world.rows.find(identifier := q.parameters["ResourceArn"])
    if row is None or row.account != q.account or not row.shows(q):
        raise ApiError("ResourceNotFoundException", f"Resource {identifier} could not be found.")
    world.rows.touch(row, q)
    return row


def tag_resource(world: World, q: Request) -> Shape:
    """Tags are added, and overwritten."""
    row, more = _tagged(world, q), q.parameters["Tags"]
    check_tags(row.tags | more, world.quota("tags"))
    row.tags = row.tags | more
    q.made(row.id)
    return {}


def list_tags(world: World, q: Request) -> Shape:
    """Fleets and stacks are described without their tags: only here they are."""
    return {"Tags": dict(_tagged(world, q).as_seen(q.now).tags)}
