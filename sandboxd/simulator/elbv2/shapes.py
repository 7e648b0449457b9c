"""What the answers of elbv2 have in common: ARNs, names, pages, refusals, and creates that answer the same twice.

There are no tokens: a create with a name that is taken succeeds when all its settings are the same, whoever made the first one.
"""

import json
from typing import Any, TypeAlias

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

Shape: TypeAlias = dict[str, Any]
MOST = 400
"""things on a page unless a call asks for fewer"""
LONGEST_NAME = 32
UNCOMPARED = ("Tags",)
"""what may differ between two creates of the same: tags do not count as settings (older reports differ)"""


def arn(q: Request, resource: str) -> str:
    """The ARN of something that this call makes."""
    return f"arn:aws:elasticloadbalancing:{q.region}:{q.account}:{resource}"


def invalid(words: str) -> ApiError:
    """What is wrong with the request itself."""
    return ApiError("ValidationError", words)


def check_name(what: str, name: str) -> None:
    """Refuse a name that is too long, or of other characters than letters, digits and hyphens."""
    if len(name) > LONGEST_NAME:
        raise invalid(f"{what} name '{name}' cannot be longer than '{LONGEST_NAME}' characters")
    if not name.replace("-", "").isalnum() or name.startswith("-") or name.endswith("-"):
        raise invalid(
            f"{what} name '{name}' can only contain characters that are alphanumeric characters and hyphens(-)"
        )
    if name.startswith("internal-"):
        raise invalid(f"{what} name '{name}' cannot begin with 'internal-'")


def settings(q: Request) -> str:
    """All that a create asks for, to compare it with another one."""
    asked = {name: value for name, value in dict(q.parameters).items() if name not in UNCOMPARED}
    return json.dumps(asked, sort_keys=True, default=str)


def tags(q: Request) -> dict[str, str]:
    """The tags that a create gives."""
    return {tag["Key"]: tag.get("Value", "") for tag in q.parameters.get("Tags") or ()}


def named(world: World, q: Request, kind: str, name: str) -> Row | None:
    """What bears a name in this place, whether reads see it or not."""
    return next((row for row in world.rows.of(q.account, q.region, kind) if row.data["name"] == name), None)


def select(world: World, q: Request, kind: str, arns: str) -> list[Row]:
    """The rows of a describe: those asked for by ARN or by name, all of them otherwise."""
    rows = world.rows.seen(q, kind, q.parameters.get(arns))
    if not (names := q.parameters.get("Names")):
        return rows
    known = {row.data["name"]: row for row in rows}
    for name in names:
        if name not in known:
            world.rows.get(kind, name, q)  # no id, so it is not found
    return [known[name] for name in names]


def page(q: Request, items: list[Shape], member: str) -> Shape:
    """One page of a listing."""
    most, marker = int(q.parameters.get("PageSize") or MOST), q.parameters.get("Marker") or "0"
    if not marker.isdigit():
        raise invalid("Invalid marker")
    start = int(marker)
    more = {"NextMarker": str(start + most)} if start + most < len(items) else {}
    return {member: items[start : start + most], **more}
