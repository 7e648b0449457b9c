"""Requests of `ec2` and `query`: a form whose names are paths, made into parameters by the input shape."""

from base64 import b64decode
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import OperationModel, Shape
from botocore.utils import parse_timestamp

from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.protocol.models import operation_of


def read(service: str, body: bytes, *, ec2: bool) -> tuple[OperationModel, dict[str, Any]]:
    """The operation and parameters of a form; ApiError for what cannot be read."""
    try:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        operation = operation_of(service, form.pop("Action", ""))
        form.pop("Version", None)
        return operation, _from_form(operation, form, ec2=ec2)
    except (ValueError, AttributeError, TypeError, KeyError):
        raise ApiError("MalformedQueryString", "The query string contains a syntax error.") from None


def _from_form(operation: OperationModel, form: dict[str, str], *, ec2: bool) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in form.items():
        node = tree
        *parents, last = path.split(".")
        for part in parents:
            node = node.setdefault(part, {})
        node[last] = value
    return _structure(operation.input_shape, tree, ec2) if operation.input_shape is not None else {}


def _structure(shape: Shape, tree: dict[str, Any], ec2: bool) -> dict[str, Any]:
    names = _form_names(shape, ec2)
    if ec2 and (unknown := next((key for key in tree if key not in names), None)):
        raise ApiError("UnknownParameter", f"The parameter {unknown} is not recognized")
    return {names[key][0]: _value(names[key][1], value, ec2) for key, value in tree.items() if key in names}


@cache
def _form_names(shape: Shape, ec2: bool) -> dict[str, tuple[str, Shape]]:
    """Name on the wire -> member and its shape."""
    return {_form_name(name, member, ec2): (name, member) for name, member in shape.members.items()}


def _form_name(name: str, member: Shape, ec2: bool) -> str:
    how = member.serialization
    if ec2:
        plain = how.get("name", name)
        return str(how.get("queryName") or plain[0].upper() + plain[1:])
    if member.type_name == "list" and how.get("flattened"):
        return str(member.member.serialization.get("name", name))
    return str(how.get("name", name))


def _value(shape: Shape, value: Any, ec2: bool) -> Any:
    match shape.type_name:
        case "structure":
            return _structure(shape, value, ec2) if value else {}
        case "list":
            if not ec2 and not shape.serialization.get("flattened"):
                value = value.get(shape.member.serialization.get("name", "member"), {}) if value else {}
            return [_value(shape.member, value[n], ec2) for n in sorted(value, key=int)] if value else []
        case "map":
            return _map(shape, value, ec2)
    return _SCALARS.get(shape.type_name, str)(value)


def _map(shape: Shape, value: Any, ec2: bool) -> dict[str, Any]:
    if value and not shape.serialization.get("flattened"):
        value = value.get("entry", {})
    key, of = (part.serialization.get("name", name) for part, name in ((shape.key, "key"), (shape.value, "value")))
    return {value[n][key]: _value(shape.value, value[n][of], ec2) for n in sorted(value, key=int)} if value else {}


_SCALARS: dict[str, Callable[[str], Any]] = {
    "integer": int, "long": int, "float": float, "double": float, "boolean": lambda text: text.lower() == "true",
    "blob": b64decode, "timestamp": parse_timestamp,
}  # fmt: skip
