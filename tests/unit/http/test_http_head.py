"""The pure checks over the raw head and the parsed request."""

import h11
import pytest

from sandboxd.http.faults import Fault, raw_answer
from sandboxd.http.head import end_of_head, fault_of

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (HEAD, len(HEAD)),
        (HEAD + b"rest", len(HEAD)),
        (HEAD[:-1], 0),
        (b"GET / HTTP/1.1\r", 0),
        (b"GET / HTTP/1.1\nHost: x\n\n", Fault.MALFORMED),
        (b"GET / HTTP/1.1\r\nHost: x\n\r\n\r\n", Fault.MALFORMED),
        (b"GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", Fault.MALFORMED),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\tfolded: y\r\n\r\n", Fault.MALFORMED),
        (b"GET / HTTP/1.1\r\nHost: x\ry\r\n\r\n", Fault.MALFORMED),
        (b"\x16\x03\x01\x02\x00", Fault.MALFORMED),
        (b"\r\n" + HEAD, Fault.MALFORMED),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 2000, Fault.HEAD_TOO_LARGE),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 2000 + b"\r\n\r\n", Fault.HEAD_TOO_LARGE),
        (HEAD + b"\n bare line feeds of a body are its own", len(HEAD)),
    ],
)
def test_a_head_is_whole_unfinished_or_refused(data: bytes, expected: object):
    """Every shape in which two parsers could disagree is refused before anything is parsed."""
    assert end_of_head(data, 1024) == expected


def request(target: bytes = b"/", version: bytes = b"1.1", **headers: str) -> h11.Request:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return h11.Request(method="POST", target=target, headers=[("Host", "x"), *named], http_version=version)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (request(), None),
        (request(content_length="1024"), None),
        (request(content_length="1025"), Fault.BODY_TOO_LARGE),
        (request(content_length="9" * 19), Fault.BODY_TOO_LARGE),
        (request(transfer_encoding="chunked"), None),
        (request(transfer_encoding="chunked", content_length="1"), Fault.FRAMING),
        (request(transfer_encoding="chunked", version=b"1.0"), Fault.FRAMING),
        (request(b"http://x/v1"), None),
        (request(b"http://y/v1"), Fault.TARGET),
        (request(b"//x/v1"), Fault.TARGET),
        (request(b"*"), Fault.TARGET),
        (request(b"x:443"), Fault.TARGET),
    ],
)
def test_a_well_formed_request_may_still_be_refused(asked: h11.Request, expected: Fault | None):
    """Ambiguous lengths, large bodies and targets that are no path."""
    assert fault_of(asked, 1024) == expected


@pytest.mark.parametrize("fault", list(Fault))
def test_each_fault_is_a_problem_document(fault: Fault):
    """The raw answer parses as HTTP and says how long it is."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    client.receive_data(raw_answer(fault, ((b"x-more", b"1"),)))
    answer, body = client.next_event(), client.next_event()
    assert (answer.status_code, body.data) == (fault.status, fault.body())
    assert dict(answer.headers)[b"content-type"] == b"application/problem+json"
    assert dict(answer.headers)[b"x-more"] == b"1"
    assert type(client.next_event()) is h11.EndOfMessage
