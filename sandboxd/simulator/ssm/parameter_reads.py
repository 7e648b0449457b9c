"""Reads of parameters, AWS's own public ones among them; a secret's value is told only to who asks for it decrypted."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.ssm.parameters import Shape
from sandboxd.simulator.world import World

PUBLIC = {"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64": "al2023-ami-"}
MOST_BY_PATH, MOST = 10, 50


def _listed(world: World, q: Request) -> dict[str, Row]:
    """Name -> what a read sees, by name; a new life hides the ghost of a former one."""
    found: dict[str, Row] = {}
    for row in world.rows.seen(q, "parameter"):
        found.setdefault(row.data["name"], row)
    return dict(sorted(found.items()))


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(round(at, 3), UTC)


def _shape(row: Row, *, decrypted: bool) -> Shape:
    data = row.data
    return {
        "Name": data["name"], "Type": data["type"], "Value": _value(data, decrypted=decrypted), "Version": data["version"],
        "LastModifiedDate": _moment(data["changed"]), "DataType": "text",
        "ARN": f"arn:aws:ssm:{row.region}:{row.account}:parameter/{data['name'].removeprefix('/')}",
    }  # fmt: skip


def _value(data: Shape, *, decrypted: bool) -> str:
    if data["type"] != "SecureString" or decrypted:
        return str(data["value"])
    return "AQICAH" + hashlib.sha256(f"{data['key']} {data['value']}".encode()).hexdigest()


def _public(world: World, q: Request, name: str) -> Shape | None:
    prefix = PUBLIC.get(name)
    images = [row for row in world.rows.everywhere(q.region, "image") if prefix and row.data["name"].startswith(prefix)]
    if not images:
        return None
    newest = max(images, key=lambda row: row.created)
    return {
        "Name": name, "Type": "String", "Value": newest.id, "Version": 1, "DataType": "text",
        "LastModifiedDate": datetime.fromtimestamp(newest.created, UTC), "ARN": f"arn:aws:ssm:{q.region}::parameter{name}",
    }  # fmt: skip


def _one(world: World, q: Request, name: str) -> Shape | None:
    decrypted = bool(q.parameters.get("WithDecryption"))
    row = _listed(world, q).get(name)
    return _public(world, q, name) if row is None else _shape(row, decrypted=decrypted)


def get_parameter(world: World, q: Request) -> Shape:
    found = _one(world, q, q.parameters["Name"])
    if found is None:
        raise ApiError("ParameterNotFound", "")
    return {"Parameter": found}


def get_parameters(world: World, q: Request) -> Shape:
    names = list(dict.fromkeys(q.parameters["Names"]))
    found = {name: _one(world, q, name) for name in names}
    return {
        "Parameters": [one for one in found.values() if one],
        "InvalidParameters": [name for name, one in found.items() if one is None],
    }


def _is_under(name: str, path: str, *, recursive: bool) -> bool:
    inside = name.removeprefix(path.rstrip("/") + "/")
    return inside != name and (recursive or "/" not in inside)


def _page(q: Request, member: str, items: list[Shape], most: int) -> Shape:
    token = q.parameters.get("NextToken") or "0"
    if not token.isdigit():
        raise ApiError("InvalidNextToken", "")
    start, size = int(token), int(q.parameters.get("MaxResults", most))
    more = {"NextToken": str(start + size)} if start + size < len(items) else {}
    return {member: items[start : start + size], **more}


def get_parameters_by_path(world: World, q: Request) -> Shape:
    path, recursive = q.parameters["Path"], bool(q.parameters.get("Recursive"))
    decrypted = bool(q.parameters.get("WithDecryption"))
    if not path.startswith("/"):
        raise ApiError("ValidationException", "The parameter path must begin with a slash.")
    found = [row for name, row in _listed(world, q).items() if _is_under(name, path, recursive=recursive)]
    return _page(q, "Parameters", [_shape(row, decrypted=decrypted) for row in found], MOST_BY_PATH)


_OPTIONS: dict[str, Callable[[str, str], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "BeginsWith": lambda value, wanted: value.startswith(wanted),
    "Contains": lambda value, wanted: wanted in value,
    "Recursive": lambda value, wanted: _is_under(value, wanted, recursive=True),
    "OneLevel": lambda value, wanted: _is_under(value, wanted, recursive=False),
}
_KEYS: dict[str, tuple[str, Callable[[Row], str]]] = {
    "Name": ("Equals", lambda row: row.data["name"]),
    "Path": ("OneLevel", lambda row: row.data["name"]),
    "Type": ("Equals", lambda row: row.data["type"]),
    "KeyId": ("Equals", lambda row: row.data["key"]),
}
"""key of a filter -> its option unless it is said, and what it looks at"""


def describe_parameters(world: World, q: Request) -> Shape:
    """What there is, without values and without tags."""
    rows = list(_listed(world, q).values())
    for one in q.parameters.get("ParameterFilters") or ():
        rows = [row for row in rows if _passes(row, one)]
    return _page(q, "Parameters", [_described(row) for row in rows], MOST)


def _passes(row: Row, one: dict[str, Any]) -> bool:
    if one["Key"].startswith("tag:"):
        return row.tags.get(one["Key"].removeprefix("tag:")) in (one.get("Values") or [*row.tags.values()])
    if one["Key"] not in _KEYS:
        raise ApiError("InvalidFilterKey", "")
    usual, read = _KEYS[one["Key"]]
    if (option := one.get("Option", usual)) not in _OPTIONS:
        raise ApiError("InvalidFilterOption", "")
    return any(_OPTIONS[option](read(row), wanted) for wanted in one.get("Values") or ())


def _described(row: Row) -> Shape:
    data = row.data
    shape = {
        "Name": data["name"], "Type": data["type"], "LastModifiedDate": _moment(data["changed"]),
        "LastModifiedUser": data["by"], "Version": data["version"], "Tier": "Standard", "Policies": [], "DataType": "text",
        "ARN": f"arn:aws:ssm:{row.region}:{row.account}:parameter/{data['name'].removeprefix('/')}",
    }  # fmt: skip
    return (
        shape
        | ({"KeyId": data["key"]} if data["key"] else {})
        | ({"Description": data["text"]} if data["text"] else {})
    )


OPERATIONS = {
    "GetParameter": get_parameter, "GetParameters": get_parameters, "GetParametersByPath": get_parameters_by_path,
    "DescribeParameters": describe_parameters,
}  # fmt: skip
