"""What is wrong with parts before Envoy sees them: each flaw names one part, so that it fails its own sandbox only.

Of two parts that want the same host or port the earlier one keeps it: the order given is the order of arrival.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from sandboxd.ingress.parts import Part, Place

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_HOST = 253
_PORTS = range(1, 65536)
_FREE_PORTS = range(1024, 65536)
"""Envoy runs without privileges"""


class Flaw(Struct, frozen=True):
    """Why a part cannot be in the configuration, and what to do."""

    part: str
    sandbox: str
    detail: str
    hint: str


def validate_parts(parts: Sequence[Part], place: Place | None = None) -> list[Flaw]:
    """Return every flaw; none means that Envoy takes the parts together."""
    return sift(parts, place)[1]


def sift(parts: Sequence[Part], place: Place | None = None) -> tuple[list[Part], list[Flaw]]:
    """Return the parts that are good together, in the order given, and what is wrong with the others."""
    place = place or Place()
    good: list[Part] = []
    flaws: list[Flaw] = []
    taken: dict[str, str] = {
        f"port {place.http}": "the shared HTTP listener",
        f"port {place.tls}": "the shared TLS listener",
    }
    for part in parts:
        found = [Flaw(part.key, part.sandbox, *one) for one in (*_alone(part), *_beside(part, taken))]
        flaws += found
        if not found:
            good.append(part)
            taken |= dict.fromkeys(_claims(part), part.key)
    return good, flaws


def _claims(part: Part) -> Iterator[str]:
    yield f"part {part.key}"
    yield f"port {part.listen}" if part.layer == "tcp" else f"{part.layer} host {part.host}"


def _beside(part: Part, taken: dict[str, str]) -> Iterator[tuple[str, str]]:
    for claim in _claims(part):
        if claim in taken:
            yield f"{part.key}: {claim} belongs to {taken[claim]}", "Give the route another name or port."


def _alone(part: Part) -> Iterator[tuple[str, str]]:
    for what, text in (("sandbox", part.sandbox), ("route", part.route)):
        if not _ID.fullmatch(text):
            yield f"{what} {text!r} is no name", "Letters, digits, - and _; at most 64."
    if part.port not in _PORTS:
        yield f"{part.key}: {part.port} is no port of a machine", "A port is 1 to 65535."
    if not _is_address(part.address):
        yield (
            f"{part.key}: {part.address!r} is no IPv4 address of a machine",
            "The machine's private address is needed.",
        )
    if part.connections < 0:
        yield f"{part.key}: {part.connections} is no number of connections", "0 means no limit."
    if part.layer == "tcp":
        if part.listen not in _FREE_PORTS:
            yield f"{part.key}: {part.listen} is no port to listen on", "A port is 1024 to 65535."
    elif words := _wrong_host(part.host):
        yield f"{part.key}: {words}", "A host is labels of a-z, 0-9 and -, at most 63 each and 253 in all."


def _wrong_host(host: str) -> str:
    if len(host) > _LONGEST_HOST:
        return f"the host {host[:40]!r}… has {len(host)} characters"
    labels: Iterable[str] = host.split(".")
    return "" if all(_LABEL.fullmatch(label) for label in labels) else f"{host!r} is no host name"


def _is_address(text: str) -> bool:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_multicast or address.is_link_local)
