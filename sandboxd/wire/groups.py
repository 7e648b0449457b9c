"""What belongs together for people: resources and steps in groups, with names and kinds in plain words. Pure.

A kind that is not known here stands in the last group, under its own name: nothing is ever left out.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeVar

T = TypeVar("T")


class Group(NamedTuple):
    """A group of kinds."""

    id: str
    title: str
    kinds: tuple[str, ...] = ()


_ENVOYS: Final = Group("envoys", "Envoys")
_OTHER: Final = Group("other", "Other")
GROUPS: Final = (
    Group("network", "Network", (
        "vpc", "internet-gateway", "subnet", "route-table", "route-table-association", "route", "elastic-ip", "nat-gateway",
        "network-interface")),
    Group("rules", "Security groups", ("security-group", "security-group-rule")),
    Group("shares", "Images and keys", ("image-share", "key-grant", "repository-share", "desktop-share")),
    Group("roles", "Roles", ("instance-role", "instance-profile", "service-role", "service-linked-role", "region")),
    Group("machines", "Machines", ("machine", "volume", "agent")),
    _ENVOYS,
    Group("balancers", "Load balancers", (
        "load-balancer", "target-group", "listener", "target-registration", "web-acl", "web-acl-association")),
    Group("routes", "Routes in Envoy", ("ingress-route",)),
    Group("desktop", "Smart Client", ("appstream-stack", "appstream-fleet", "appstream-association")),
    Group("software", "Software", ("secret", "constellation")),
    Group("checks", "Checks", ("probe",)),
    _OTHER,
)  # fmt: skip
"""in the order in which a sandbox comes to life"""
_ORDER: Final = {kind: at for at, kind in enumerate(kind for group in GROUPS for kind in group.kinds)}
_OF_KIND: Final = {kind: group for group in GROUPS for kind in group.kinds}

_KINDS: Final = {
    "route-table-association": "route table of a subnet", "security-group-rule": "rule",
    "image-share": "image, shared", "key-grant": "key, shared", "repository-share": "container images, shared",
    "desktop-share": "desktop image, shared", "service-linked-role": "role of a service", "agent": "its agent",
    "target-registration": "target behind balancer", "web-acl": "firewall", "web-acl-association": "firewall in front",
    "ingress-route": "route in Envoy", "appstream-stack": "desktop stack", "appstream-fleet": "desktop fleet",
    "appstream-association": "fleet in its stack", "elastic-ip": "public address", "nat-gateway": "NAT gateway", "vpc": "VPC",
    "probe": "check",
}  # fmt: skip
_PREFIXES: Final = {
    "constellation": "constellation-", "secret": "secret-", "probe": "probe-", "ingress-route": "route-",
    "image-share": "image-", "key-grant": "key-", "repository-share": "repository-", "desktop-share": "desktop-",
}  # fmt: skip


def group_of(kind: str, name: str) -> Group:
    """Return where a resource belongs: what Envoy runs on is told apart from the sandbox's own machines."""
    if kind in ("machine", "agent") and name.startswith("envoy-"):
        return _ENVOYS
    return _OF_KIND.get(kind, _OTHER)


def kind_words(kind: str) -> str:
    """Return a kind as people say it."""
    return _KINDS.get(kind, kind.replace("-", " "))


def short_name(kind: str, name: str) -> str:
    """Return a name without what its kind says already."""
    short = name.removeprefix(_PREFIXES.get(kind, "")) or name
    if kind == "agent":
        short = short.removesuffix("-agent") or short
    return short.replace("+", "/") if kind == "repository-share" else short


def grouped(things: Iterable[tuple[str, str, T]]) -> list[tuple[Group, Sequence[T]]]:
    """Return things, given as kind, name and thing, by group, in the order of the groups; empty groups are left out."""
    found: dict[str, list[T]] = {}
    for kind, name, thing in things:
        found.setdefault(group_of(kind, name).id, []).append(thing)
    return [(group, found[group.id]) for group in GROUPS if group.id in found]


def by_kind(things: Iterable[tuple[str, str, T]]) -> list[tuple[Group, Sequence[T]]]:
    """Return things by group, and in a group those of a kind together."""
    return grouped(sorted(things, key=lambda one: _ORDER.get(one[0], len(_ORDER))))
