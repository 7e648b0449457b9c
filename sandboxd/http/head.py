"""What is refused before the application sees a request: pure checks over the raw head and the parsed request.

h11 reads bare line feeds, folded headers and absolute targets as older texts allow; here they are shapes in which two
parsers may disagree, and are refused.
"""

import re

import h11

from sandboxd.http.faults import Fault

_END = b"\r\n\r\n"
_ODD_LINES = re.compile(rb"(?<!\r)\n|\r(?!\n)|\n[ \t]")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_FIRST_VISIBLE = 0x21


def end_of_head(data: bytes, limit: int) -> int | Fault:
    """Return how many bytes the head has, 0 while it is not whole, or why it never will be acceptable."""
    if data[0] < _FIRST_VISIBLE:
        return Fault.MALFORMED
    at = data.find(_END)
    if at < 0:
        if _BARE_LF.search(data):
            return Fault.MALFORMED
        return Fault.HEAD_TOO_LARGE if len(data) > limit else 0
    if at + len(_END) > limit:
        return Fault.HEAD_TOO_LARGE
    return Fault.MALFORMED if _ODD_LINES.search(data, 0, at + 2) else at + len(_END)


def origin_form(request: h11.Request) -> bytes | None:
    """Return the target as a path, or None where it has none.

    The absolute form counts where it names the very host of the request: servers must accept it (RFC 9112, 3.2.2).
    """
    target = bytes(request.target)
    if target.startswith(b"http://"):
        authority, slash, rest = target[7:].partition(b"/")
        hosts = [value for name, value in request.headers if name == b"host"]
        target = b"/" + rest if slash and hosts == [authority] else b""
    return target if target.startswith(b"/") and not target.startswith(b"//") else None


def fault_of(request: h11.Request, body_bytes: int) -> Fault | None:
    """Return why a well-formed request is refused, or None."""
    if request.http_version not in (b"1.1", b"1.0"):
        return Fault.MALFORMED
    if origin_form(request) is None:
        return Fault.TARGET
    length = chunked = False
    for name, value in request.headers:
        if name == b"content-length":
            length = True
            if int(value) > body_bytes:
                return Fault.BODY_TOO_LARGE
        elif name == b"transfer-encoding":
            chunked = True
    if chunked and (length or request.http_version != b"1.1"):
        return Fault.FRAMING
    return None
