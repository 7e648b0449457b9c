"""AWS's protocols from the server's side, driven by botocore's own service models: bytes to parameters, answers to bytes.

Covers `ec2`, `query` and `json`; a new service of these needs nothing here, at most its signing name. Members are
serialized exactly as an operation gives them: an empty list is an empty element, what is absent stays absent.
"""

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from typing import Any, TypeAlias
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

from sandboxd.simulator.errors import ApiError

SERVICES = {
    "ec2": "ec2",
    "sts": "sts",
    "organizations": "organizations",
    "ssm": "ssm",
    "servicequotas": "service-quotas",
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
}
"""signing name -> service model; a name that is not here stands for itself"""
SPOKEN = ("ec2", "query", "json")


@cache
def model(service: str) -> ServiceModel:
    """The service model of botocore; ApiError for a service that nobody knows, or whose protocol is not spoken here."""
    try:
        found = Loader(include_default_search_paths=True).load_service_model(service, "service-2")
    except UnknownServiceError:
        raise ApiError("UnrecognizedClientException", f"There is no service {service!r}.") from None
    if found["metadata"]["protocol"] not in SPOKEN:
        words = f"The simulator does not speak the protocol of {service!r}, {found['metadata']['protocol']}."
        raise ApiError("UnrecognizedClientException", words)
    return ServiceModel(found, service)


def service_of(signing_name: str) -> str:
    """The service that a signature is meant for; ApiError if there is none."""
    return str(model(SERVICES.get(signing_name, signing_name)).service_name)


@cache
def kind_of(service: str) -> str:
    """`ec2`, `query` or `json`."""
    return str(model(service).metadata["protocol"])


# ---- requests
def read(service: str, headers: dict[bytes, bytes], body: bytes) -> tuple[OperationModel, dict[str, Any]]:
    """The operation and parameters of a request; ApiError for what cannot be read."""
    if kind_of(service) == "json":
        name = headers.get(b"x-amz-target", b"").decode("latin-1").rpartition(".")[2]
        operation = _operation(service, name)
        return operation, _json_object(body)
    try:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        operation = _operation(service, form.pop("Action", ""))
        form.pop("Version", None)
        return operation, _from_form(operation, form, ec2=kind_of(service) == "ec2")
    except (ValueError, AttributeError, TypeError, KeyError):
        raise ApiError("MalformedQueryString", "The query string contains a syntax error.") from None


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        parameters = json.loads(body or b"{}")
    except ValueError:
        parameters = None
    if not isinstance(parameters, dict):
        raise ApiError("SerializationException", "The body is no JSON object.")
    return parameters


def _operation(service: str, name: str) -> OperationModel:
    if name not in model(service).operation_names:
        raise ApiError("InvalidAction", f"The action {name} is not valid for this web service.")
    return model(service).operation_model(name)


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
            return _structure(shape, value, ec2)
        case "list":
            if not ec2 and not shape.serialization.get("flattened"):
                value = value.get(shape.member.serialization.get("name", "member"), {}) if value else {}
            return [_value(shape.member, value[n], ec2) for n in sorted(value, key=int)] if value else []
    return _SCALARS.get(shape.type_name, str)(value)


_SCALARS: dict[str, Callable[[str], Any]] = {
    "integer": int, "long": int, "float": float, "double": float, "boolean": lambda text: text.lower() == "true",
}  # fmt: skip


# ---- answers
def write(service: str, operation: OperationModel, answer: dict[str, Any], request_id: str) -> tuple[str, bytes]:
    """Content type and body of an answer."""
    match kind_of(service):
        case "json":
            return _json_type(service), json.dumps(answer, default=_json_value).encode()
        case "ec2":
            return "text/xml;charset=UTF-8", _ec2(service, operation, answer, request_id)
        case _:
            return "text/xml", _query(service, operation, answer, request_id)


def _json_type(service: str) -> str:
    return f"application/x-amz-json-{model(service).metadata.get('jsonVersion', '1.1')}"


def _json_value(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else str(value)


def _ec2(service: str, operation: OperationModel, answer: dict[str, Any], request_id: str) -> bytes:
    out: list[str] = []
    name = f"{operation.name}Response"
    namespace = model(service).metadata.get("xmlNamespace", "")
    out.append(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{namespace}"><requestId>{request_id}</requestId>'
    )
    if operation.output_shape is None or not operation.output_shape.members:
        out.append("<return>true</return>")
    else:
        _members(operation.output_shape, answer, out)
    out.append(f"</{name}>")
    return "".join(out).encode()


def _query(service: str, operation: OperationModel, answer: dict[str, Any], request_id: str) -> bytes:
    out: list[str] = []
    name, namespace = operation.name, model(service).metadata.get("xmlNamespace", "")
    out.append(f'<{name}Response xmlns="{namespace}">')
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


def _write_scalar(begin: str, end: str, value: Any, out: list[str]) -> None:
    out.append(f"{begin}{_text(value)}{end}")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return escape(value) if "&" in value or "<" in value or ">" in value else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")[:23] + "Z"
    return str(value)


# ---- errors
def write_error(service: str, error: ApiError, request_id: str) -> tuple[str, bytes]:
    """Content type and body of a refusal, in the protocol's form."""
    code, words = escape(error.code), escape(error.message)
    match kind_of(service):
        case "json":
            return _json_type(service), json.dumps({"__type": error.code, "Message": error.message}).encode()
        case "ec2":
            body = f"<Response><Errors><Error><Code>{code}</Code><Message>{words}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
            return "text/xml;charset=UTF-8", ('<?xml version="1.0" encoding="UTF-8"?>\n' + body).encode()
        case _:
            namespace = model(service).metadata.get("xmlNamespace", "")
            kind = "Sender" if error.status < 500 else "Receiver"  # noqa: PLR2004 - HTTP
            body = f'<ErrorResponse xmlns="{namespace}"><Error><Type>{kind}</Type><Code>{code}</Code><Message>{words}</Message></Error>'
            return "text/xml", f"{body}<RequestId>{request_id}</RequestId></ErrorResponse>".encode()
