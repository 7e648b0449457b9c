"""From bytes to what a handler may see: headers, query and body, each strictly, each complaint with its place.

JSON here means RFC 8259 without its ambiguities: no duplicate members, no byte order mark, UTF-8 only, bounded depth,
and text is one line.
"""

import json
import re
from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from sandboxd.api.problems import escape, invalid, nearest
from sandboxd.api.route import Route
from sandboxd.http.limits import Receive
from sandboxd.model.errors import BadRequest, NotAllowed, Refusal
from sandboxd.wire.text import safe_text

_KEY = re.compile(r"[!-~]{1,255}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Headers:
    """The headers of a request; those that may come once only are refused when they come twice."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._all: dict[str, str] = {}
        for name, value in raw:
            key = name.decode("latin-1").lower()
            if key in self._all and key in ONCE:
                raise BadRequest("duplicate_header", f"The header {key} came twice.", status=400)
            self._all[key] = value.decode("latin-1")

    def get(self, name: str) -> str | None:
        """Return a header, by its name in lower case."""
        return self._all.get(name)

    def key(self) -> str | None:
        """Return the Idempotency-Key."""
        key = self._all.get("idempotency-key")
        if key is not None and not _KEY.fullmatch(key):
            raise BadRequest(
                "idempotency_key_invalid", "An Idempotency-Key has 1 to 255 visible ASCII characters.", status=400
            )
        return key

    def wants_json(self) -> bool:
        """Whether the client asks for JSON rather than a stream."""
        accept = self._all.get("accept", "")
        return "application/json" in accept and "text/event-stream" not in accept

    def refuse_browsers(self) -> None:
        """Raise when a web page is behind the request: nothing here is for browsers."""
        for name in ("origin", "referer"):
            if name in self._all:
                raise NotAllowed("browser_refused", f"Requests with the header {name} are refused on the socket.")


ONCE = ("content-type", "idempotency-key", "if-match", "last-event-id", "origin", "referer", "accept")


def decode_query(raw: bytes, route: Route) -> Any:
    """Return the query as the route's struct; None where it takes none."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, strict_parsing=bool(raw), errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise BadRequest("malformed_query", "The query is not well-formed.", status=400) from None
    values: dict[str, str] = {}
    known = [field.encode_name for field in fields(route.query)] if route.query else []
    for name, value in pairs:
        if name not in known:
            detail = f"There is no query parameter {safe_text(name)!r} here."
            raise BadRequest("unknown_parameter", detail, nearest(name, known), f"/{name}", 400)
        if name in values:
            raise BadRequest("duplicate_parameter", f"The query parameter {name!r} came twice.", "", f"/{name}", 400)
        values[name] = value
    if route.query is None:
        return None
    try:
        return msgspec.convert(values, route.query, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error, route.query, values, 400) from None


async def read_body(receive: Receive) -> bytes:
    """Return the whole body; its size is bounded by the server."""
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def decode_body(raw: bytes, route: Route, content_type: str | None) -> Any:
    """Return the body as the route's struct; where it takes none, nothing or `{}` may come."""
    wanted = route.request or Nothing
    if not raw.strip() and (route.optional or route.request is None):
        return wanted()
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal("not_json", "The body must be JSON.", "Send `Content-Type: application/json`.", status=415)
    try:
        body = msgspec.json.decode(raw, type=wanted)
    except msgspec.ValidationError as error:
        raise invalid(error, wanted, parse(raw)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(error) from None
    refuse_controls(parse(raw), "")
    return body


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """A body without members."""


def parse(raw: bytes) -> Any:
    """Return the plain value; raise for members that come twice, which two parsers may read in two ways."""
    try:
        return json.loads(raw.decode(), object_pairs_hook=_once, parse_int=partial(_short, int))
    except (ValueError, RecursionError) as error:
        raise malformed(error) from None


def refuse_controls(value: Any, pointer: str) -> None:
    """Raise for control characters anywhere: they are of use only against terminals and logs."""
    if isinstance(value, str):
        if _CONTROL.search(value):
            detail = f"{safe_text(repr(value), 80)} holds a control character."
            raise BadRequest("control_character", detail, "Text is one line of printable characters.", pointer or "/")
    elif isinstance(value, dict):
        for name, one in value.items():
            refuse_controls(name, f"{pointer}/*")
            refuse_controls(one, f"{pointer}/{escape(name)}")
    elif isinstance(value, list):
        for index, one in enumerate(value):
            refuse_controls(one, f"{pointer}/{index}")


def malformed(error: Exception) -> Refusal:
    """Return what to say of bytes that are not JSON."""
    said = "it is nested too deeply" if isinstance(error, RecursionError) else safe_text(str(error), 200)
    return Refusal("malformed_json", f"The body is not well-formed JSON: {said}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadRequest("duplicate_field", f"The field {safe_text(twice)!r} came twice.", "", f"/{twice}")
    return out


def _short(convert: type[int], digits: str) -> int | float:
    return convert(digits) if len(digits) < 1000 else float("inf")  # noqa: PLR2004 - only to be shown
