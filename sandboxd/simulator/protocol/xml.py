"""Answers of `ec2` and `query`: XML by the output shape. Members are written exactly as an operation gives them."""

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from typing import Any, TypeAlias
from xml.sax.saxutils import escape

from botocore.model import OperationModel, Shape

from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.protocol.models import namespace


def ec2(service: str, operation: OperationModel, answer: dict[str, Any], request_id: str) -> bytes:
    """An answer of `ec2`."""
    out: list[str] = []
    name = f"{operation.name}Response"
    space = namespace(service)
    out.append(f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{space}"><requestId>{request_id}</requestId>')
    if operation.output_shape is None or not operation.output_shape.members:
        out.append("<return>true</return>")
    else:
        _members(operation.output_shape, answer, out)
    out.append(f"</{name}>")
    return "".join(out).encode()


def query(service: str, operation: OperationModel, answer: dict[str, Any], request_id: str) -> bytes:
    """An answer of `query`."""
    out: list[str] = []
    name, space = operation.name, namespace(service)
    out.append(f'<{name}Response xmlns="{space}">')
    if (shape := operation.output_shape) is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{name}Result")
        out.append(f"<{wrapper}>")
        _members(shape, answer, out)
        out.append(f"</{wrapper}>")
    out.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>")
    return "".join(out).encode()


def _members(shape: Shape, value: dict[str, Any], out: list[str]) -> None:
    writers = _member_writers(shape)
    for name, one in value.items():
        if one is not None:
            writers[name](one, out)


Writer: TypeAlias = Callable[[Any, list[str]], None]
"""Appends one value with its tags."""


@cache
def _member_writers(shape: Shape) -> dict[str, Writer]:
    """Member -> what writes it under its name on the wire."""
    return {name: _writer(one, str(one.serialization.get("name", name))) for name, one in shape.members.items()}


def _writer(shape: Shape, name: str) -> Writer:
    begin, end = f"<{name}>", f"</{name}>"
    match shape.type_name:
        case "structure":
            return partial(_write_structure, shape, begin, end)
        case "list" if shape.serialization.get("flattened"):
            return partial(
                _write_list, _writer(shape.member, str(shape.member.serialization.get("name", name))), "", ""
            )
        case "list":
            inner = _writer(shape.member, str(shape.member.serialization.get("name", "member")))
            return partial(_write_list, inner, begin, end)
        case "map":
            return partial(_write_map, shape, begin, end)
        case _:
            return partial(_write_scalar, begin, end)


def _write_structure(shape: Shape, begin: str, end: str, value: dict[str, Any], out: list[str]) -> None:
    out.append(begin)
    _members(shape, value, out)
    out.append(end)


def _write_list(inner: Writer, begin: str, end: str, value: list[Any], out: list[str]) -> None:
    out.append(begin)
    for one in value:
        inner(one, out)
    out.append(end)


def _write_map(shape: Shape, begin: str, end: str, value: dict[str, Any], out: list[str]) -> None:
    named = ((shape.key, "key"), (shape.value, "value"))
    key, of = (_writer(part, str(part.serialization.get("name", name))) for part, name in named)
    flat = bool(shape.serialization.get("flattened"))
    entry, over = (begin, end) if flat else ("<entry>", "</entry>")
    out.append("" if flat else begin)
    for name, one in value.items():
        out.append(entry)
        key(name, out)
        of(one, out)
        out.append(over)
    out.append("" if flat else end)


def _write_scalar(begin: str, end: str, value: Any, out: list[str]) -> None:
    out.append(f"{begin}{_text(value)}{end}")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return escape(value) if "&" in value or "<" in value or ">" in value else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")[:23] + "Z"
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return str(value)


# ---- errors
def ec2_error(error: ApiError, request_id: str) -> bytes:
    """A refusal of `ec2`."""
    code, words = escape(error.code), escape(error.message)
    body = f"<Response><Errors><Error><Code>{code}</Code><Message>{words}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + body).encode()


def query_error(service: str, error: ApiError, request_id: str) -> bytes:
    """A refusal of `query`."""
    code, words = escape(error.code), escape(error.message)
    kind = "Sender" if error.status < 500 else "Receiver"  # noqa: PLR2004 - HTTP
    body = f'<ErrorResponse xmlns="{namespace(service)}"><Error><Type>{kind}</Type><Code>{code}</Code><Message>{words}</Message></Error>'
    return f"{body}<RequestId>{request_id}</RequestId></ErrorResponse>".encode()
