"""Which connections the security groups of an account leave open; everything else is closed, both ways. Pure.

Rules are written into a `Ways` and become resources together: as AWS would keep them, and equal ones once. A rule that
is about one sandbox is that sandbox's own, also where it stands in a shared group, and goes with it.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sandboxd.model.keys import Key
from sandboxd.model.profile import Machine, Port, Rule
from sandboxd.profile.draft import Draft

HTTPS = 443
LONGEST = 255
"""characters of a rule's description"""
_PORTLESS = -1


class Ports(NamedTuple):
    """Protocol and ports as AWS keeps them."""

    protocol: str
    first: int = _PORTLESS
    last: int = _PORTLESS


class _Way(NamedTuple):
    group: Key
    direction: str
    ports: Ports
    peer: Key
    cidr: str


class _Named(NamedTuple):
    name: str
    shared: bool
    words: tuple[str, ...]


def tcp(first: Port, last: Port | None = None) -> Ports:
    """One port, or a range."""
    return Ports("tcp", first, first if last is None else last)


def ports_of(rule: Rule) -> Ports:
    """What a rule of a profile says: all traffic has no ports."""
    if rule.protocol == "all":
        return Ports("-1")
    first = _PORTLESS if rule.port is None else rule.port
    return Ports(rule.protocol, first, first if rule.to_port is None else rule.to_port)


def network_of(cidr: str) -> str:
    """A range as AWS keeps it: by the address of its network."""
    return str(ipaddress.IPv4Network(cidr, strict=False))


class Ways:
    """Rules in the making, by what they say."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._ways: dict[_Way, _Named] = {}

    def open(
        self, group: Key, direction: str, ports: Ports, name: str, *, peer: Key = "", cidr: str = "",
        words: str = "", shared: bool = False,
    ) -> None:  # fmt: skip
        """Leave a way open; one that says the same as an earlier one adds its words to that."""
        way = _Way(group, direction, ports, peer, network_of(cidr) if cidr else "")
        if (known := self._ways.get(way)) is None:
            self._ways[way] = _Named(name, shared, (words,) if words else ())
        elif words and words not in known.words:
            self._ways[way] = known._replace(words=(*known.words, words))

    def between(
        self, source: Key, target: Key, ports: Ports, names: tuple[str, str], words: str, *, shared: bool
    ) -> None:
        """Let one group open connections to another: a rule at each end."""
        self.open(source, "egress", ports, names[0], peer=target, words=words, shared=shared)
        self.open(target, "ingress", ports, names[1], peer=source, words=words, shared=shared)

    def add(self) -> list[Key]:
        """Add the rules to the draft; return their keys, those that are the sandbox's own and those that are shared."""
        return [self._add(way, named) for way, named in self._ways.items()]

    def _add(self, way: _Way, named: _Named) -> Key:
        links = {"group": (way.group,)} | ({"peer": (way.peer,)} if way.peer else {})
        return self._draft.add(
            "security-group-rule", named.name, shared=named.shared, links=links, direction=way.direction,
            protocol=way.ports.protocol, from_port=way.ports.first, to_port=way.ports.last, cidr=way.cidr or None,
            description="; ".join(named.words)[:LONGEST],
        )  # fmt: skip


# ---- machines
def machine_ways(ways: Ways, name: str, machine: Machine, groups: Mapping[str, Key]) -> None:
    """What the profile leaves open for a machine: to ranges outside, and between machines of the sandbox."""
    for direction in ("egress", "ingress"):
        rules: tuple[Rule, ...] = getattr(machine, direction)
        for number, rule in enumerate(rules, 1):
            peer = groups[rule.peer] if rule.peer else ""
            ways.open(
                groups[name], direction, ports_of(rule), f"{name}-{direction}-{number}", peer=peer,
                cidr=rule.cidr or "", words=rule.description,
            )  # fmt: skip


# ---- ingress
def shared_group(draft: Draft, name: str, words: str) -> Key:
    """A security group of what sandboxes share."""
    links = {"vpc": (draft.key("vpc", shared=True),)}
    return draft.add("security-group", f"{name}-sg", shared=True, links=links, description=words)


def balancer_ways(
    ways: Ways, balancer: Key, envoy: Key, fronts: Iterable[Port], back: Port, sources: Iterable[str]
) -> None:
    """The load balancer of HTTP: allowed sources reach it, it reaches the Envoys."""
    for front in fronts:
        from_sources(ways, balancer, front, sources, "alb", words="allowed sources", shared=True)
    ways.between(balancer, envoy, tcp(back), ("alb-to-envoy", "envoy-from-alb"), "HTTP and health", shared=True)


def envoy_out(ways: Ways, envoy: Key) -> None:
    """The Envoys reach AWS through the NAT gateway, and nothing else outside."""
    words = "Systems Manager, through the NAT gateway"
    ways.open(envoy, "egress", tcp(HTTPS), "envoy-out", cidr="0.0.0.0/0", words=words, shared=True)


def from_sources(
    ways: Ways, group: Key, port: Port, sources: Iterable[str], name: str, *, words: str, shared: bool
) -> None:
    """Allowed sources reach a load balancer on a port."""
    for number, source in enumerate(sources, 1):
        ways.open(group, "ingress", tcp(port), f"{name}-from-{number}-{port}", cidr=source, words=words, shared=shared)


def layer_4_ways(ways: Ways, balancer: Key, envoy: Key, port: Port, sources: Iterable[str]) -> None:
    """The port that a sandbox has at the load balancer of layer 4, and at the Envoys: its own, and closed without it."""
    from_sources(ways, balancer, port, sources, "nlb", words="allowed sources", shared=False)
    ways.between(
        balancer, envoy, tcp(port), (f"nlb-to-envoy-{port}", f"envoy-from-nlb-{port}"), "layer 4", shared=False
    )


def passing_ways(ways: Ways, balancer: Key, envoy: Key, front: Port, back: Port, sources: Iterable[str]) -> None:
    """TLS that is passed on unopened: one port at the load balancer of layer 4 for all sandboxes."""
    from_sources(ways, balancer, front, sources, "nlb", words="allowed sources", shared=True)
    ways.between(balancer, envoy, tcp(back), ("nlb-to-envoy-tls", "envoy-from-nlb-tls"), "TLS", shared=True)


def route_ways(ways: Ways, envoy: Key, machine: Key, name: str, port: Port, words: str) -> None:
    """The Envoys reach a machine on the port of a route; several routes to one port are one rule."""
    names = (f"envoy-to-{name}-{port}", f"{name}-from-envoy-{port}")
    ways.between(envoy, machine, tcp(port), names, words, shared=False)


# ---- desktop
def desktop_ways(ways: Ways, desktop: Key, machine: Key, name: str, ports: Ports, words: str) -> None:
    """The fleet is let into one sandbox, on the ports of its Smart Client."""
    what = f"{ports.first}" if ports.first == ports.last else f"{ports.first}-{ports.last}"
    names = (f"desktop-to-{name}-{what}", f"{name}-from-desktop-{what}")
    ways.between(desktop, machine, ports, names, words, shared=False)
