"""How sandboxes are reached: balancers before two Envoys, a firewall before what speaks HTTP, and each sandbox's own ways through them. Pure.

HTTP goes firewall, load balancer, Envoy. What is no HTTP goes network load balancer, Envoy, and that balancer is there only
while a sandbox has such a route. What is about one sandbox is its own, also where it stands on something shared.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sandboxd.model.keys import Key
from sandboxd.model.profile import Ingress, Profile, Route
from sandboxd.model.resource import Need
from sandboxd.profile import roles
from sandboxd.profile import ways as open_ways
from sandboxd.profile.draft import Draft
from sandboxd.profile.network import Network, envoy_address
from sandboxd.profile.uses import wanted
from sandboxd.profile.ways import Ways

HTTP, TLS = 8080, 8443
"""ports of Envoy that sandboxes share"""
FRONT, FRONT_TLS = 80, 443
LETTERS = "ab"
HEALTH = "/healthz"


class Grounds(NamedTuple):
    """What of the rest of a blueprint the ingress stands on."""

    network: Network
    identity: Key
    images: Mapping[str, str]
    shares: Mapping[str, tuple[Key, ...]]
    """image as it was resolved -> what must be shared before it can be launched"""
    machines: Mapping[str, Key]
    groups: Mapping[str, Key]
    ports: Mapping[str, int]
    """layer-4 route -> its port at the load balancer"""


class _Groups(NamedTuple):
    """Security groups: of the Envoys, and of the load balancers that are wanted."""

    envoy: Key
    http: Key = ""
    layer_4: Key = ""


class _Entrance(NamedTuple):
    """The Envoys, and their agents."""

    envoys: tuple[Key, ...]
    agents: tuple[Key, ...]


def ingress(draft: Draft, profile: Profile, parameters: Mapping[str, Any], on: Grounds) -> list[Need]:
    """Add everything before the machines; return what a started sandbox requires of it."""
    asked = profile.ingress
    routes = [route for route in asked.routes if wanted(route.when, parameters)] if asked is not None else []
    if asked is None or not routes:
        return []
    groups = _groups(draft, routes)
    rules = _rules(draft, asked, routes, groups, on)
    entrance = _envoys(draft, profile, asked, groups, on, tuple(key for key in rules if draft.is_shared(key)))
    own = {route.name: _route(draft, route, on, entrance) for route in routes}
    needs = [Need(key, 1) for key in (*on.network.entrance, *rules, *own.values())]
    if groups.http:
        needs += _http(draft, asked, groups.http, on, entrance)
    if groups.layer_4:
        needs += _layer_4(draft, routes, groups.layer_4, on, entrance, own)
    return needs


def _groups(draft: Draft, routes: Sequence[Route]) -> _Groups:
    layers = {route.layer for route in routes}
    envoy = open_ways.shared_group(draft, "envoy", "Envoy")
    http = open_ways.shared_group(draft, "alb", "load balancer of HTTP") if "http" in layers else ""
    layer_4 = open_ways.shared_group(draft, "nlb", "load balancer of layer 4") if layers - {"http"} else ""
    return _Groups(envoy, http, layer_4)


def _rules(draft: Draft, asked: Ingress, routes: Sequence[Route], groups: _Groups, on: Grounds) -> list[Key]:
    ways = Ways(draft)
    open_ways.envoy_out(ways, groups.envoy)
    if groups.http:
        open_ways.balancer_ways(ways, groups.http, groups.envoy, (_front(asked),), HTTP, asked.sources)
    if any(route.layer == "tls" for route in routes):
        open_ways.passing_ways(ways, groups.layer_4, groups.envoy, FRONT_TLS, TLS, asked.sources)
    for route in routes:
        if route.layer == "tcp":
            open_ways.layer_4_ways(ways, groups.layer_4, groups.envoy, on.ports[route.name], asked.sources)
        open_ways.route_ways(ways, groups.envoy, on.groups[route.machine], route.machine, route.port, "routes")
    return ways.add()


def _front(asked: Ingress) -> int:
    return FRONT_TLS if asked.certificate else FRONT


# ---- what is shared
def _envoys(
    draft: Draft, profile: Profile, asked: Ingress, groups: _Groups, on: Grounds, rules: tuple[Key, ...]
) -> _Entrance:
    assert asked.image is not None, "checked with the profile"
    ref, envoys, agents = asked.image.ref, list[Key](), list[Key]()
    for number, subnet in enumerate(on.network.ingress):
        links = {
            "subnet": (subnet,), "groups": (groups.envoy,), "profile": (on.identity,), "share": on.shares.get(on.images[ref], ()),
            "way": (*on.network.out, on.network.ingress_ways[number], *rules),
        }  # fmt: skip
        name = f"envoy-{LETTERS[number]}"
        envoy = draft.add(
            "machine", name, shared=True, links=links, image=on.images[ref], type=asked.type, disk=asked.disk,
            address=envoy_address(profile, number), stateless=True, boot="envoy",
        )  # fmt: skip
        envoys.append(envoy)
        agents.append(draft.add("agent", f"{name}-agent", shared=True, links={"machine": (envoy,)}))
    return _Entrance(tuple(envoys), tuple(agents))


def _http(draft: Draft, asked: Ingress, group: Key, on: Grounds, entrance: _Entrance) -> list[Need]:
    links = _before(draft, group, on)
    balancer = draft.add("load-balancer", "alb", shared=True, links=links, type="application")
    vpc = {"vpc": (draft.key("vpc", shared=True),)}
    targets = draft.add("target-group", "web-tg", shared=True, links=vpc, protocol="HTTP", port=HTTP, health=HEALTH)
    secure = {"certificate": asked.certificate} if asked.certificate else {}
    listener = draft.add(
        "listener", "web-listener", shared=True, links={"balancer": (balancer,), "target": (targets,)},
        port=_front(asked), protocol="HTTPS" if secure else "HTTP", **secure,
    )  # fmt: skip
    wall = draft.add("web-acl", "waf", shared=True, rate_limit=asked.rate_limit, rules=asked.managed_rules)
    before = draft.add("web-acl-association", "waf-assoc", shared=True, links={"acl": (wall,), "balancer": (balancer,)})
    joined = _registered(draft, "web", targets, listener, entrance, HTTP, entrance.agents, shared=True)
    return [Need(listener, 1), Need(before, 1), *joined]


def _before(draft: Draft, group: Key, on: Grounds) -> dict[str, tuple[Key, ...]]:
    """What a load balancer stands on."""
    role = roles.add(draft, roles.BALANCING)
    gateway = draft.key("igw", shared=True)
    return {"subnets": on.network.public, "groups": (group,), "gateway": (gateway,), "role": (role,)}


def _registered(
    draft: Draft, name: str, targets: Key, listener: Key, entrance: _Entrance, port: int, serves: Sequence[Key], *, shared: bool
) -> list[Need]:  # fmt: skip
    """Both Envoys behind a balancer: healthy once they serve, and the group is in use."""
    out = []
    for letter, envoy in zip(LETTERS, entrance.envoys, strict=False):
        links = {"group": (targets,), "machine": (envoy,), "serves": (*serves, listener)}
        key = draft.add("target-registration", f"{name}-{letter}", shared=shared, links=links, port=port)
        out.append(Need(key, 2))
    return out


# ---- what is one sandbox's
def _route(draft: Draft, route: Route, on: Grounds, entrance: _Entrance) -> Key:
    links = {"agents": entrance.agents, "machine": (on.machines[route.machine],)}
    reached = {"listen": on.ports[route.name]} if route.layer == "tcp" else {"host": draft.host(route.name)}
    return draft.add(
        "ingress-route", f"route-{route.name}", shared=False, links=links, route=route.name, layer=route.layer,
        port=route.port, encrypted=route.encrypted, connections=route.connections, **reached, **draft.people,
    )  # fmt: skip


def _layer_4(
    draft: Draft, routes: Sequence[Route], group: Key, on: Grounds, entrance: _Entrance, own: Mapping[str, Key]
) -> list[Need]:
    links = _before(draft, group, on)
    balancer = draft.add("load-balancer", "nlb", shared=True, links=links, type="network")
    needs: list[Need] = []
    if any(route.layer == "tls" for route in routes):
        needs += _passed(draft, "tls", balancer, entrance, (FRONT_TLS, TLS), entrance.agents, shared=True)
    for route in routes:
        if route.layer == "tcp":
            port = on.ports[route.name]
            needs += _passed(draft, route.name, balancer, entrance, (port, port), (own[route.name],), shared=False)
    return needs


def _passed(
    draft: Draft, name: str, balancer: Key, entrance: _Entrance, ports: tuple[int, int], serves: Sequence[Key], *, shared: bool
) -> list[Need]:  # fmt: skip
    """A port of the network load balancer, passed on to both Envoys."""
    front, back = ports
    vpc = {"vpc": (draft.key("vpc", shared=True),)}
    targets = draft.add("target-group", f"{name}-tg", shared=shared, links=vpc, protocol="TCP", port=back)
    links = {"balancer": (balancer,), "target": (targets,)}
    listener = draft.add("listener", f"{name}-listener", shared=shared, links=links, port=front, protocol="TCP")
    return [Need(listener, 1), *_registered(draft, name, targets, listener, entrance, back, serves, shared=shared)]
