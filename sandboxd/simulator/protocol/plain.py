"""What JSON has no form for: times and bytes, made of what stands in a request, and made into what stands in an answer."""

import json
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any

from botocore.model import Shape
from botocore.utils import parse_timestamp

from sandboxd.simulator.errors import ApiError


def load(body: bytes) -> dict[str, Any]:
    """The object in a body; SerializationException for what is none."""
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ApiError("SerializationException", "The body is no JSON object.")
    return found


def typed(shape: Shape | None, value: Any) -> Any:
    """A value of a request with times and bytes in it, as its shape says; what the shape does not know stays as it is."""
    if shape is None or value is None:
        return value
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
            return {
                names.get(key, key): typed(shape.members.get(names.get(key, key)), one) for key, one in value.items()
            }
        case "list" if isinstance(value, list):
            return [typed(shape.member, one) for one in value]
        case "map" if isinstance(value, dict):
            return {key: typed(shape.value, one) for key, one in value.items()}
    return _scalar(shape.type_name, value)


def _scalar(of: str, value: Any) -> Any:
    if of == "blob" and isinstance(value, str):
        return b64decode(value)
    if of == "timestamp" and isinstance(value, int | float | str):
        return parse_timestamp(value)
    return value


def dump(shape: Shape | None, answer: Any) -> bytes:
    """An answer as JSON; its members bear the names of the wire."""
    return json.dumps(named(shape, answer), default=_value).encode()


def named(shape: Shape | None, value: Any) -> Any:
    """The same value with the names that its members have on the wire."""
    if shape is None:
        return value
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            members = shape.members
            return {_name(members, key): named(members.get(key), one) for key, one in value.items()}
        case "list" if isinstance(value, list):
            return [named(shape.member, one) for one in value]
        case "map" if isinstance(value, dict):
            return {key: named(shape.value, one) for key, one in value.items()}
    return value


def _name(members: Any, key: str) -> str:
    return str(members[key].serialization.get("name", key)) if key in members else key


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)
