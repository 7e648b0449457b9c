"""The files of one configuration: what Envoy watches, and what it is asked to judge first. Same parts, same bytes.

`--mode validate` reads the bootstrap only, never the watched files: so the same resources are judged as a static configuration,
all together, and each sandbox's alone, to know whose part is bad.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from sandboxd.ingress.flaws import validate_parts
from sandboxd.ingress.parts import Part, Place
from sandboxd.ingress.resources import ROUTES, Words, clusters, listeners, routes, typed
from sandboxd.model.errors import BadRequest

TYPES = {
    "cds.json": "config.cluster.v3.Cluster",
    "rds.json": "config.route.v3.RouteConfiguration",
    "lds.json": "config.listener.v3.Listener",
}
"""what stands in each file that Envoy watches, in the order of moving into place: what is referred to comes first"""
EMPTY = "0-empty"
"""version of what a new machine runs"""


class Content(Struct, frozen=True, kw_only=True):
    """One configuration: `version` is `<sequence>-<digest>`, `parts` the keys of what it contains."""

    version: str
    parts: tuple[str, ...]
    files: Mapping[str, bytes]
    """name → one line of JSON: the three of `TYPES`, `check`, and `check:<sandbox>`"""


def content(parts: Sequence[Part], sequence: int, place: Place | None = None) -> Content:
    """Return the configuration of these parts; raise BadRequest where they cannot be together (`sift` first)."""
    place = place or Place()
    if flaws := validate_parts(parts, place):
        detail = f"These routes cannot be in one configuration: {'; '.join(one.detail for one in flaws)}"
        raise BadRequest("ingress_invalid", detail, "Look at the names and ports of the routes in the profile.")
    ordered = sorted(parts, key=lambda part: part.key)
    made = _resources(ordered, place)
    digest = hashlib.sha256(encode({name: list(one) for name, one in made.items()})).hexdigest()[:12]
    return Content(
        version=f"{sequence}-{digest}",
        parts=tuple(part.key for part in ordered),
        files=_watched(made, f"{sequence}-{digest}") | _judged(ordered, place),
    )


def first_files(place: Place) -> dict[str, bytes]:
    """Return what a new machine watches before anything was delivered: health, and 404 for every host."""
    return _watched(_resources([], place), EMPTY)


def bootstrap(place: Place) -> bytes:
    """Return the file that Envoy starts with; it never changes while the machine lives."""
    watched = {
        f"{name}_config": _source(place, f"{name}.json") for name in ("cds", "lds")
    }  # a source that is moved into place is read again; editing in place is not seen, on purpose
    return encode(_static(place, dynamic_resources=watched))


def encode(words: Any) -> bytes:
    """Return one line of JSON, the same for the same words."""
    return json.dumps(words, sort_keys=True, separators=(",", ":")).encode()


def _resources(parts: Sequence[Part], place: Place) -> dict[str, Sequence[Words]]:
    asks = {"rds": {"route_config_name": ROUTES, "config_source": _source(place, "rds.json")}}
    return {
        "cds.json": clusters(parts),
        "rds.json": [routes(parts)],
        "lds.json": listeners(parts, place, asks),
    }


def _watched(made: Mapping[str, Sequence[Words]], version: str) -> dict[str, bytes]:
    said = {name: [typed(kind, **one) for one in made[name]] for name, kind in TYPES.items()}
    return {name: encode({"version_info": version, "resources": some}) for name, some in said.items()}


def _judged(parts: Sequence[Part], place: Place) -> dict[str, bytes]:
    owners = dict.fromkeys(part.sandbox for part in parts)
    alone = {f"check:{owner}": [part for part in parts if part.sandbox == owner] for owner in owners}
    return {name: _check(some, place) for name, some in {"check": parts, **alone}.items()}


def _check(parts: Iterable[Part], place: Place) -> bytes:
    some = list(parts)
    static = {"clusters": clusters(some), "listeners": listeners(some, place, {"route_config": routes(some)})}
    return encode(_static(place, static_resources=static))


def _static(place: Place, **words: Any) -> Words:
    most = {
        "@type": "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        "max_active_downstream_connections": place.connections,
    }
    monitor = {"name": "envoy.resource_monitors.global_downstream_max_connections", "typed_config": most}
    return {
        "node": {"id": "ingress", "cluster": "ingress"},
        "admin": {"address": {"pipe": {"path": place.admin}}},
        "overload_manager": {"resource_monitors": [monitor]},
        **words,
    }


def _source(place: Place, name: str) -> Words:
    return {"resource_api_version": "V3", "path_config_source": {"path": f"{place.folder}/{name}"}}
