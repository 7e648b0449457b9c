"""AWS's protocols from the server's side, driven by botocore's own service models: bytes to parameters, answers to bytes.

Covers `ec2`, `query`, `json`, `rest-json` and `smithy-rpc-v2-cbor`; a new service of these needs nothing here, at most
its signing name. Members are serialized exactly as an operation gives them: an empty list is an empty element, what is
absent stays absent.
"""

import json
from typing import Any, NamedTuple

from botocore.model import OperationModel

from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.protocol import forms, plain, rest, rpc, xml
from sandboxd.simulator.protocol.models import CBOR, SERVICES, SPOKEN, kind_of, model, operation_of, service_of, spoken

Headers = tuple[tuple[bytes, bytes], ...]


class Written(NamedTuple):
    """Content type, body, and what else stands in the head."""

    kind: str
    body: bytes
    headers: Headers = ()


def read(
    service: str, headers: dict[bytes, bytes], body: bytes, *, method: str = "POST", path: str = "/", query: str = ""
) -> tuple[OperationModel, dict[str, Any]]:
    """The operation and parameters of a request; ApiError for what cannot be read."""
    match spoken(service, headers):
        case "json":
            operation = operation_of(service, headers.get(b"x-amz-target", b"").decode("latin-1").rpartition(".")[2])
            return operation, plain.typed(operation.input_shape, plain.load(body))
        case "rest-json":
            return rest.read(service, method, path, query, headers, body)
        case "smithy-rpc-v2-cbor":
            return rpc.read(service, path, body)
        case of:
            return forms.read(service, body, ec2=of == "ec2")


def write(service: str, operation: OperationModel, answer: dict[str, Any], request_id: str, by: str = "") -> Written:
    """An answer, in the protocol of its request (or the one that botocore chooses)."""
    match by or kind_of(service):
        case "json":
            return Written(_json_type(service), plain.dump(operation.output_shape, answer))
        case "rest-json":
            return Written("application/json", rest.write(operation, answer))
        case "smithy-rpc-v2-cbor":
            return Written(rpc.TYPE, rpc.write(operation, answer), rpc.HEADERS)
        case "ec2":
            return Written("text/xml;charset=UTF-8", xml.ec2(service, operation, answer, request_id))
        case _:
            return Written("text/xml", xml.query(service, operation, answer, request_id))


def write_error(service: str, error: ApiError, request_id: str, by: str = "") -> Written:
    """A refusal, in the protocol's form."""
    match by or kind_of(service):
        case "json":
            return Written(_json_type(service), json.dumps({"__type": error.code, "Message": error.message}).encode())
        case "rest-json":
            said = json.dumps({"message": error.message}).encode()
            return Written("application/json", said, ((b"x-amzn-errortype", error.code.encode()),))
        case "smithy-rpc-v2-cbor":
            return Written(rpc.TYPE, rpc.write_error(error.code, error.message), rpc.HEADERS)
        case "ec2":
            return Written("text/xml;charset=UTF-8", xml.ec2_error(error, request_id))
        case _:
            return Written("text/xml", xml.query_error(service, error, request_id))


def _json_type(service: str) -> str:
    return f"application/x-amz-json-{model(service).metadata.get('jsonVersion', '1.1')}"


__all__ = [
    "CBOR", "SERVICES", "SPOKEN", "Written", "kind_of", "model", "operation_of", "read", "service_of", "spoken", "write",
    "write_error",
]  # fmt: skip
