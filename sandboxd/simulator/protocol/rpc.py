"""`smithy-rpc-v2-cbor`: the operation stands in the path, everything else in the body."""

from typing import Any

from botocore.model import OperationModel

from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.protocol import cbor, plain
from sandboxd.simulator.protocol.models import operation_of

TYPE = "application/cbor"
HEADERS = ((b"smithy-protocol", b"rpc-v2-cbor"),)


def read(service: str, path: str, body: bytes) -> tuple[OperationModel, dict[str, Any]]:
    """The operation and parameters of a request; ApiError for what cannot be read."""
    operation = operation_of(service, path.rpartition("/operation/")[2])
    try:
        found = cbor.loads(body) if body else {}
    except cbor.CborError as error:
        raise ApiError("SerializationException", f"The body is no CBOR: {error}.") from None
    if not isinstance(found, dict):
        raise ApiError("SerializationException", "The body is no CBOR map.")
    return operation, plain.typed(operation.input_shape, found)


def write(operation: OperationModel, answer: dict[str, Any]) -> bytes:
    """The body of an answer."""
    return cbor.dumps(_there(plain.named(operation.output_shape, answer)))


def _there(value: Any) -> Any:
    """Absent is absent in CBOR: a member without a value is left out."""
    if isinstance(value, dict):
        return {key: _there(one) for key, one in value.items() if one is not None}
    return [_there(one) for one in value] if isinstance(value, list) else value


def write_error(code: str, words: str) -> bytes:
    """The body of a refusal."""
    return cbor.dumps({"__type": code, "message": words})
