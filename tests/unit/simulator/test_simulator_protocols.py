"""Every operation that the simulator answers survives the wire, in each protocol that its service has: request and answer."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from botocore.model import ServiceModel, Shape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from sandboxd.simulator import protocol
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.protocol import cbor
from sandboxd.simulator.services import SERVICES

AT = datetime(2026, 11, 25, 12, 30, 15, tzinfo=UTC)
ACCOUNT = {"account": ("ListRegions", "GetRegionOptStatus", "EnableRegion")}
"""spoken though nobody answers yet: the one service of `rest-json` that an organization needs"""
ASKED = ACCOUNT | {service: tuple(table.operations) for service, table in SERVICES.items()}
OPERATIONS = [
    (service, of, name)
    for service, names in ASKED.items()
    for of in protocol.model(service).metadata["protocols"]
    for name in names
]
REST = ServiceModel(
    {
        "metadata": {"protocol": "rest-json", "protocols": ["rest-json"], "apiVersion": "1", "endpointPrefix": "x"},
        "operations": {
            "GetThing": {
                "name": "GetThing", "http": {"method": "PUT", "requestUri": "/things/{Name}/parts/{Rest+}"},
                "input": {"shape": "Ask"}, "output": {"shape": "Answer"},
            },
            "ListThings": {"name": "ListThings", "http": {"method": "GET", "requestUri": "/things/all"}},
        },
        "shapes": {
            "Ask": {"type": "structure", "members": {
                "Name": {"shape": "Text", "location": "uri", "locationName": "Name"},
                "Rest": {"shape": "Text", "location": "uri", "locationName": "Rest"},
                "Most": {"shape": "Number", "location": "querystring", "locationName": "most"},
                "Kinds": {"shape": "Texts", "location": "querystring", "locationName": "kind"},
                "Fresh": {"shape": "Flag", "location": "header", "locationName": "x-fresh"},
                "Body": {"shape": "Text", "locationName": "body"},
            }},
            "Answer": {"type": "structure", "members": {"At": {"shape": "Time"}}},
            "Text": {"type": "string"}, "Number": {"type": "integer"}, "Flag": {"type": "boolean"},
            "Texts": {"type": "list", "member": {"shape": "Text"}}, "Time": {"type": "timestamp"},
        },
    },
    "things",
)  # fmt: skip
"""what no service used here has: labels, a query and a header"""


SCALARS = {
    "timestamp": AT, "blob": b"\x00bytes\xff", "boolean": True, "integer": 70_000, "long": 1 << 40, "float": 1.5,
    "double": 2.25,
}  # fmt: skip


def sample(shape: Shape, above: tuple[str, ...] = ()):
    """A value of a shape, with every member but those that hold themselves; of a union, one."""
    inner = (*above, shape.name)
    match shape.type_name:
        case "structure":
            members = [(name, one) for name, one in shape.members.items() if not _ends(one, inner)]
            return {name: sample(one, inner) for name, one in members[: 1 if shape.is_tagged_union else None]}
        case "list":
            return [sample(shape.member, inner)] * 2
        case "map":
            return {"first": sample(shape.value, inner), 'a "second" & <third>': sample(shape.value, inner)}
    return SCALARS.get(shape.type_name, 'text & <more> "äöü"')


def _ends(shape: Shape, above: tuple[str, ...]) -> bool:
    """Whether a member holds what holds it."""
    inner = shape.member if shape.type_name == "list" else shape
    return shape.name in above or inner.name in above


def sent(operation, parameters, of: str):
    """What reaches a server: head, body, method, path and query."""
    asked = create_serializer(of, include_validation=False).serialize_to_request(parameters, operation)
    body = asked["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True)
    headers = {key.lower().encode(): str(value).encode() for key, value in asked["headers"].items()}
    query = urlencode(asked["query_string"], doseq=True) if asked["query_string"] else ""
    where = {"method": asked["method"], "path": asked["url_path"], "query": query}
    return headers, body if isinstance(body, bytes) else body.encode(), where


def heard(operation, written: protocol.Written, of: str, status: int = 200):
    """What a client makes of an answer."""
    headers = {"content-type": written.kind} | {k.decode(): v.decode() for k, v in written.headers}
    answer = {"status_code": status, "headers": headers, "body": written.body}
    return create_parser(of).parse(answer, operation.output_shape)


@pytest.mark.parametrize(("service", "of", "name"), OPERATIONS)
def test_every_operation_survives_the_wire(service, of, name):
    """What a client of botocore's asks arrives as it was asked, what is answered is heard as it was said."""
    operation = protocol.model(service).operation_model(name)
    parameters = sample(operation.input_shape) if operation.input_shape is not None else {}
    headers, body, where = sent(operation, parameters, of)
    if protocol.spoken(service, headers) != of:
        pytest.skip(f"no client of ours speaks {of} to {service}")
    found, read = protocol.read(service, headers, body, **where)
    assert (found.name, read) == (name, parameters)
    answer = sample(operation.output_shape) if operation.output_shape is not None else {}
    said = heard(operation, protocol.write(service, operation, answer, "id", of), of)
    said.pop("ResponseMetadata", None)
    assert said == answer


@pytest.mark.parametrize(("service", "of"), sorted({(service, of) for service, of, _ in OPERATIONS}))
def test_a_refusal_is_heard_in_every_protocol(service, of):
    """Code and words."""
    operation = protocol.model(service).operation_model(ASKED[service][0])
    said = heard(operation, protocol.write_error(service, ApiError("NoSuchÄ", "a & <b>"), "id", of), of, 400)
    assert said["Error"]["Code"] == "NoSuchÄ" or of == "rest-json"
    assert said["Error"]["Message"] == "a & <b>"


def test_rest_json_has_parameters_in_path_query_and_head(monkeypatch):
    """Labels, also greedy ones, lists in the query, flags in a header; a literal path wins over a label."""
    monkeypatch.setattr("sandboxd.simulator.protocol.rest.model", lambda _: REST)
    operation = REST.operation_model("GetThing")
    asked = {"Name": "a b/ä", "Rest": "c/d e", "Most": 7, "Kinds": ["x", "y&z"], "Fresh": True, "Body": "told"}
    headers, body, where = sent(operation, asked, "rest-json")
    found, read = protocol.rest.read("things", where["method"], where["path"], where["query"], headers, body)
    assert (found.name, read) == ("GetThing", asked)
    assert protocol.rest.read("things", "GET", "/things/all", "", {}, b"")[0].name == "ListThings"
    with pytest.raises(ApiError, match="no operation at GET /nowhere"):
        protocol.rest.read("things", "GET", "/nowhere", "", {}, b"")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(), inner, max_size=30),
    max_leaves=40,
)


@given(VALUES)
def test_cbor_survives(value):
    """Whatever has a form in CBOR comes back as it went in."""
    assert cbor.loads(cbor.dumps(value)) == value


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("9f0102ff", [1, 2]), ("bf6161f4ff", {"a": False}), ("7f61616162ff", "ab"), ("5f4101ff", b"\x01"), ("f93c00", 1.0),
        ("fa40200000", 2.5), ("c11a6745e780", datetime.fromtimestamp(0x6745E780, UTC)), ("f7", None), ("3818", -25),
    ],
)  # fmt: skip
def test_cbor_as_others_write_it(data, value):
    """Lengths that are not known beforehand, short floats, times: the examples of RFC 8949."""
    assert cbor.loads(bytes.fromhex(data)) == value


@given(st.binary(max_size=60))
def test_cbor_refuses_nonsense(data):
    """Bytes that are no CBOR are an error of ours, never another."""
    try:
        cbor.loads(data)
    except cbor.CborError:
        pass


@pytest.mark.parametrize(
    "data",
    [
        "1c",
        "61ff",
        "a101",
        "8201",
        "c001",
        "0000",
        "a1",
        "ff",
        "81" * 80,
        "f8ff",
        "a10102",
        "c11b7fffffffffffffff",
        "c1f97e00",
    ],
)
def test_cbor_says_what_is_wrong(data):
    """Unknown heads, cut values, keys that are no text, tags that nobody knows, nesting without end."""
    with pytest.raises(cbor.CborError):
        cbor.loads(bytes.fromhex(data))


@pytest.mark.parametrize("body", [b"\xff", cbor.dumps([1]), b"\xa1\x01\x02"])
def test_no_cbor_is_refused_in_aws_words(body):
    """A body that cannot be read is refused with a code."""
    with pytest.raises(ApiError, match="SerializationException"):
        protocol.rpc.read("cloudwatch", "/service/X/operation/ListMetrics", body)
