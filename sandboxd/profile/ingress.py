"""How sandboxes are reached: balancers before two Envoys, a firewall before what speaks HTTP, and each sandbox's own ways through them. Pure.

HTTP goes firewall, load balancer, Envoy. What is no HTTP goes network load balancer, Envoy, and that balancer is there only
while a sandbox has such a route. What is about one sandbox is its own, also where it stands on something shared.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sandboxd.model.keys import Key
from sandboxd.model.profile import Ingress, Profile, Route
from sandboxd.model.resource import Need
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
    out: tuple[Key, ...]
    """what must be there before a private machine boots"""
    images: Mapping[str, str]
    shares: Mapping[str, tuple[Key, ...]]
    """image ref -> what must be shared before it can be launched"""
    machines: Mapping[str, Key]
    groups: Mapping[str, Key]


class Entrance(NamedTuple):
    """Keys of what is shared."""

    envoys: tuple[Key, ...]
    agents: tuple[Key, ...]
    group: Key


def routes_of(ingress: Ingress, parameters: Mapping[str, Any]) -> list[Route]:
    """The routes that are asked for."""
    return [route for route in ingress.routes if wanted(route.when, parameters)]


def ingress(
    draft: Draft, profile: Profile, parameters: Mapping[str, Any], on: Grounds, ways: Ways, ports: Mapping[str, int]
) -> list[Need]:
    """Add everything before the machines; return what a started sandbox requires of it."""
    asked = profile.ingress
    if asked is None or not (routes := routes_of(asked, parameters)):
        return []
    entrance = _envoys(draft, profile, asked, on)
    needs: list[Need] = []
    if any(route.layer == "http" for route in routes):
        needs += _http(draft, asked, on, ways, entrance)
    own = {route.name: _route(draft, route, on, entrance, ports) for route in routes}
    if any(route.layer != "http" for route in routes):
        needs += _layer_4(draft, asked, routes, on, ways, entrance, own, ports)
    for route in routes:
        open_ways.route_ways(ways, entrance.group, on.groups[route.machine], route.machine, route.port, "routes")
    return [*needs, *(Need(key, 1) for key in own.values())]


# ---- what is shared
def _envoys(draft: Draft, profile: Profile, asked: Ingress, on: Grounds) -> Entrance:
    group = open_ways.shared_group(draft, "envoy", "Envoy")
    assert asked.image is not None, "checked with the profile"
    ref = asked.image.ref
    envoys, agents = [], []
    for number, subnet in enumerate(on.network.ingress):
        links = {
            "subnet": (subnet,), "groups": (group,), "profile": (on.identity,), "share": on.shares.get(ref, ()),
            "way": (*on.out, on.network.ingress_ways[number]),
        }  # fmt: skip
        name = f"envoy-{LETTERS[number]}"
        envoys.append(
            draft.add(
                "machine", name, shared=True, links=links, image=on.images[ref], type=asked.type, disk=asked.disk,
                address=envoy_address(profile, number), stateless=True,
            )
        )  # fmt: skip
        agents.append(draft.add("agent", f"{name}-agent", shared=True, links={"machine": (envoys[-1],)}))
    return Entrance(tuple(envoys), tuple(agents), group)


def _http(draft: Draft, asked: Ingress, on: Grounds, ways: Ways, entrance: Entrance) -> list[Need]:
    group = open_ways.shared_group(draft, "alb", "load balancer of HTTP")
    front = FRONT_TLS if asked.certificate else FRONT
    open_ways.balancer_ways(ways, group, entrance.group, (front,), HTTP, asked.sources)
    links = {"subnets": on.network.public, "groups": (group,), "gateway": (draft.key("igw", shared=True),)}
    balancer = draft.add("load-balancer", "alb", shared=True, links=links, type="application")
    vpc = {"vpc": (draft.key("vpc", shared=True),)}
    targets = draft.add(
        "target-group", "web-tg", shared=True, links=vpc, protocol="HTTP", port=HTTP, health={"path": HEALTH}
    )
    secure = {"certificate": asked.certificate} if asked.certificate else {}
    listener = draft.add(
        "listener", "web-listener", shared=True, links={"balancer": (balancer,), "target": (targets,)}, port=front,
        protocol="HTTPS" if secure else "HTTP", **secure,
    )  # fmt: skip
    wall = draft.add("web-acl", "waf", shared=True, rate_limit=asked.rate_limit)
    before = draft.add("web-acl-association", "waf-assoc", shared=True, links={"acl": (wall,), "balancer": (balancer,)})
    joined = _registered(draft, "web", targets, listener, entrance, HTTP, entrance.agents, shared=True)
    return [Need(listener, 1), Need(before, 1), *joined]


def _registered(
    draft: Draft, name: str, targets: Key, listener: Key, entrance: Entrance, port: int, serves: Sequence[Key], *, shared: bool
) -> list[Need]:  # fmt: skip
    """Both Envoys behind a balancer: healthy once they serve, and the group is in use."""
    out = []
    for letter, envoy in zip(LETTERS, entrance.envoys, strict=False):
        links = {"group": (targets,), "machine": (envoy,), "serves": (*serves, listener)}
        out.append(Need(draft.add("target-registration", f"{name}-{letter}", shared=shared, links=links, port=port), 2))
    return out


# ---- what is one sandbox's
def _route(draft: Draft, route: Route, on: Grounds, entrance: Entrance, ports: Mapping[str, int]) -> Key:
    links = {"agents": entrance.agents, "machine": (on.machines[route.machine],)}
    return draft.add(
        "ingress-route", f"route-{route.name}", shared=False, links=links, route=route.name, layer=route.layer,
        host=draft.host(route.name), port=route.port, listen=ports.get(route.name, 0), encrypted=route.encrypted,
        connections=route.connections, **draft.people,
    )  # fmt: skip


def _layer_4(
    draft: Draft, asked: Ingress, routes: Sequence[Route], on: Grounds, ways: Ways, entrance: Entrance,
    own: Mapping[str, Key], ports: Mapping[str, int],
) -> list[Need]:  # fmt: skip
    group = open_ways.shared_group(draft, "nlb", "load balancer of layer 4")
    links = {"subnets": on.network.public, "groups": (group,), "gateway": (draft.key("igw", shared=True),)}
    balancer = draft.add("load-balancer", "nlb", shared=True, links=links, type="network")
    needs = []
    if any(route.layer == "tls" for route in routes):
        open_ways.passing_ways(ways, group, entrance.group, FRONT_TLS, TLS, asked.sources)
        needs += _passed(draft, "tls", balancer, entrance, FRONT_TLS, TLS, entrance.agents, shared=True)
    for route in routes:
        if route.layer == "tcp":
            port = ports[route.name]
            open_ways.layer_4_ways(ways, group, entrance.group, port, asked.sources)
            needs += _passed(draft, route.name, balancer, entrance, port, port, (own[route.name],), shared=False)
    return needs


def _passed(
    draft: Draft, name: str, balancer: Key, entrance: Entrance, front: int, back: int, serves: Sequence[Key], *, shared: bool
) -> list[Need]:  # fmt: skip
    """A port of the network load balancer, passed on to both Envoys."""
    vpc = {"vpc": (draft.key("vpc", shared=True),)}
    targets = draft.add("target-group", f"{name}-tg", shared=shared, links=vpc, protocol="TCP", port=back)
    links = {"balancer": (balancer,), "target": (targets,)}
    listener = draft.add("listener", f"{name}-listener", shared=shared, links=links, port=front, protocol="TCP")
    return [Need(listener, 1), *_registered(draft, name, targets, listener, entrance, back, serves, shared=shared)]
