"""The answers that the server gives by itself, as problem documents (RFC 9457) with stable codes.

One literal table: what went wrong, the HTTP status, and the sentence for the peer.
"""

import time
from email.utils import formatdate
from enum import Enum
from http import HTTPStatus

import h11
import msgspec

REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}


class Fault(Enum):
    """Status, code and detail of each."""

    MALFORMED = (400, "malformed_request", "The request is not well-formed HTTP.")
    FRAMING = (400, "ambiguous_length", "The length of the body is given in two ways or in a way not understood.")
    TARGET = (400, "bad_target", "The target of a request is a path; absolute forms, `*` and authorities are refused.")
    HEAD_TIMEOUT = (408, "head_timeout", "The head of the request did not arrive in time.")
    BODY_TIMEOUT = (408, "body_timeout", "The body of the request did not arrive in time.")
    BODY_TOO_LARGE = (413, "body_too_large", "The body of the request is larger than allowed.")
    HEAD_TOO_LARGE = (431, "head_too_large", "The head of the request is larger than allowed.")
    CRASHED = (500, "internal_error", "The request failed inside the daemon; its log has the reason.")
    CONNECTIONS = (503, "too_many_connections", "Too many connections are open; close some and try again.")

    @property
    def status(self) -> int:
        """HTTP status."""
        return self.value[0]

    def body(self) -> bytes:
        """Return the problem document."""
        status, code, detail = self.value
        title = HTTPStatus(status).phrase
        return msgspec.json.encode(
            {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
        )

    def headers(self, more: tuple[tuple[bytes, bytes], ...]) -> list[tuple[bytes, bytes]]:
        """Return the headers of an answer that also closes the connection."""
        return [
            (b"content-type", b"application/problem+json"),
            (b"content-length", b"%d" % len(self.body())),
            (b"date", http_date()),
            (b"connection", b"close"),
            *more,
        ]


class Refused(Exception):
    """The peer broke the protocol: the exchange ends with this fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


class Gone(Exception):
    """The peer is gone, or reads nothing any more."""


class Reset(Gone):
    """The application wants the connection to end with a reset instead of an end of stream."""


def fault_of_h11(error: h11.RemoteProtocolError) -> Fault:
    """Return the fault that h11 found."""
    return Fault.HEAD_TOO_LARGE if error.error_status_hint == Fault.HEAD_TOO_LARGE.status else Fault.MALFORMED


def raw_answer(fault: Fault, more: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """Return a whole answer for a connection on which no request was read."""
    head = b"HTTP/1.1 %d %b\r\n" % (fault.status, REASONS[fault.status])
    return head + b"".join(b"%b: %b\r\n" % pair for pair in fault.headers(more)) + b"\r\n" + fault.body()


def http_date() -> bytes:
    """Return now as HTTP writes it."""
    return formatdate(time.time(), usegmt=True).encode()
