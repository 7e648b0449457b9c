"""`rest-json`: the operation follows from method and path; parameters stand in path, query, headers and body."""

import re
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.model import OperationModel, Shape

from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.protocol import plain
from sandboxd.simulator.protocol.models import model

Parameters = dict[str, Any]


def read(
    service: str, method: str, path: str, query: str, headers: dict[bytes, bytes], body: bytes
) -> tuple[OperationModel, Parameters]:
    """The operation and parameters of a request; ApiError for what cannot be read."""
    operation, labels = _operation(service, method, path)
    shape = operation.input_shape
    if shape is None:
        return operation, {}
    asked, found = parse_qs(query, keep_blank_values=True), _body(shape, body)
    for name, member in shape.members.items():
        wire = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri" if wire in labels:
                found[name] = _scalar(member, labels[wire])
            case "querystring" if wire in asked:
                found[name] = _many(member, asked[wire])
            case "header" if (value := headers.get(wire.lower().encode())) is not None:
                found[name] = _scalar(member, value.decode("latin-1"))
    return operation, found


def _operation(service: str, method: str, path: str) -> tuple[OperationModel, dict[str, str]]:
    for pattern, verb, name in _routes(service):
        if verb == method and (found := pattern.fullmatch(path)):
            return model(service).operation_model(name), {key: unquote(one) for key, one in found.groupdict().items()}
    raise ApiError("UnknownOperationException", f"There is no operation at {method} {path}.", 404)


@cache
def _routes(service: str) -> list[tuple[re.Pattern[str], str, str]]:
    """Pattern of the path, method and operation; longer paths first, so that a literal part wins over a label."""
    of = model(service)
    asked = [(name, of.operation_model(name).http) for name in of.operation_names]
    rows = [(str(http["requestUri"]).partition("?")[0], str(http["method"]), name) for name, http in asked]
    rows.sort(key=lambda row: (row[0].count("{"), -len(row[0])))
    return [(re.compile(_pattern(path)), method, name) for path, method, name in rows]


def _pattern(path: str) -> str:
    parts = re.split(r"\{(\w+)(\+?)\}", path)
    out = re.escape(parts[0])
    for label, greedy, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        out += f"(?P<{label}>{'.+' if greedy else '[^/]+'})" + re.escape(text)
    return out


def _body(shape: Shape, body: bytes) -> Parameters:
    if (payload := shape.serialization.get("payload")) is None:
        return dict(plain.typed(shape, plain.load(body)))
    inner = shape.members[payload]
    if inner.type_name in ("blob", "string"):
        return {payload: body if inner.type_name == "blob" else body.decode()} if body else {}
    return {payload: plain.typed(inner, plain.load(body))} if body else {}


def _many(member: Shape, values: list[str]) -> Any:
    if member.type_name == "list":
        return [_scalar(member.member, one) for one in values]
    return _scalar(member, values[-1])


def _scalar(member: Shape, text: str) -> Any:
    match member.type_name:
        case "integer" | "long":
            return int(text)
        case "float" | "double":
            return float(text)
        case "boolean":
            return text.lower() == "true"
        case "list":
            return [one.strip() for one in text.split(",")]
    return plain.typed(member, text)


def write(operation: OperationModel, answer: Parameters) -> bytes:
    """The body of an answer; members that stand in headers are not simulated."""
    shape = operation.output_shape
    if shape is not None and (payload := shape.serialization.get("payload")) is not None:
        return plain.dump(shape.members[payload], answer.get(payload))
    return plain.dump(shape, answer)
