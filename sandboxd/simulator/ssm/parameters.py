"""Parameters: a name, a value, versions and tags. Reads of them stand in `parameter_reads`, tags in `parameter_tags`."""

import random
import re
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.gate import check_tags
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

Shape = dict[str, Any]
TYPES = ("String", "StringList", "SecureString")
KEY = "alias/aws/ssm"
LONGEST, DEEPEST = 4096, 15
"""bytes of a standard parameter's value, and levels of a name"""
_NAME = re.compile(r"[A-Za-z0-9_.\-/]+")
_EXISTS = "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."
_TAGS_AND_OVERWRITE = (
    "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite "
    "flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource."
)


def named(world: World, q: Request, name: str) -> Row | None:
    """What a call that changes something finds."""
    rows = world.rows.of(q.account, q.region, "parameter")
    return next((row for row in rows if row.data["name"] == name and row.shows(q)), None)


def _taken(world: World, q: Request, name: str) -> Row | None:
    """Who has a name: what is not to be seen yet has it, too."""
    rows = world.rows.of(q.account, q.region, "parameter")
    return next((row for row in rows if row.data["name"] == name and row.is_listed(q.now)), None)


def put_parameter(world: World, q: Request) -> Shape:
    name, value, overwrite = q.parameters["Name"], q.parameters["Value"], bool(q.parameters.get("Overwrite"))
    _check(name, value)
    row, tags = _taken(world, q, name), q.parameters.get("Tags") or ()
    check_tags([tag["Key"] for tag in tags], world.quotas["tags"])
    if tags and overwrite:
        raise ApiError("ValidationException", _TAGS_AND_OVERWRITE)
    if row is not None and not overwrite:
        raise ApiError("ParameterAlreadyExists", _EXISTS)
    if row is None:
        row = _make(world, q, name)
    else:
        world.rows.touch(row, q)
    row.data = (
        row.data
        | _content(q, row.data.get("type", "String"))
        | {"version": row.data["version"] + 1, "changed": q.now, "by": q.caller.arn}
    )
    row.tags |= {tag["Key"]: tag["Value"] for tag in tags}
    q.made(row.id)
    return {"Version": row.data["version"], "Tier": "Standard"}


def _check(name: str, value: str) -> None:
    if not _NAME.fullmatch(name) or name.lower().removeprefix("/").startswith(("aws", "ssm")):
        raise ApiError(
            "ValidationException", f'Parameter name: can\'t be prefixed with "ssm" (case-insensitive): {name}'
        )
    if name.strip("/").count("/") >= DEEPEST:
        raise ApiError("HierarchyLevelLimitExceededException", "A parameter name can have a maximum of fifteen levels.")
    if len(value.encode()) > LONGEST:
        words = f"Standard tier parameters support a maximum parameter value of {LONGEST} characters."
        raise ApiError("ValidationException", words)


def _make(world: World, q: Request, name: str) -> Row:
    if "Type" not in q.parameters:
        raise ApiError("ValidationException", "A parameter type is required when you create a parameter.")
    world.check_quota("parameters", len(world.rows.of(q.account, q.region, "parameter")))
    number = random.Random(f"{world.rows.seed} {q.account} {q.region} {name} {q.now}").getrandbits(48)
    row = world.rows.make("parameter", q.account, q.region, q.now, f"parameter-{number:012x}")
    row.data = {"name": name, "version": 0}
    return row


def _content(q: Request, former: str) -> Shape:
    kind = q.parameters.get("Type", former)
    if kind not in TYPES:
        words = f"1 validation error detected: Value '{kind}' at 'type' failed to satisfy constraint: "
        raise ApiError("ValidationException", f"{words}Member must satisfy enum value set: [{', '.join(TYPES)}]")
    key = q.parameters.get("KeyId", KEY)
    return {
        "type": kind, "value": q.parameters["Value"], "key": key if kind == "SecureString" else "",
        "text": q.parameters.get("Description", ""),
    }  # fmt: skip


def delete_parameter(world: World, q: Request) -> Shape:
    row = named(world, q, q.parameters["Name"])
    if row is None:
        raise ApiError("ParameterNotFound", "")
    world.rows.drop(row)
    q.unmade(row.id)
    return {}


def delete_parameters(world: World, q: Request) -> Shape:
    """Unknown names are listed, and no error."""
    out: Shape = {"DeletedParameters": [], "InvalidParameters": []}
    for name in q.parameters["Names"]:
        row = named(world, q, name)
        out["InvalidParameters" if row is None else "DeletedParameters"].append(name)
        if row is not None:
            world.rows.drop(row)
            q.unmade(row.id)
    return out


OPERATIONS = {"PutParameter": put_parameter, "DeleteParameter": delete_parameter, "DeleteParameters": delete_parameters}
