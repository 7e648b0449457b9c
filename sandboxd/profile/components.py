"""What a sandbox of a profile consists of, part by part, and why each part is there or not: what `plan` tells people. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sandboxd.model.profile import Profile, Route
from sandboxd.profile.uses import wanted


class Component(NamedTuple):
    """One part, in words."""

    name: str
    there: bool
    because: str


def components(profile: Profile, parameters: Mapping[str, Any]) -> list[Component]:
    """Every part that a profile can have, with the reason why it is there or not."""
    machines = [
        Component(f"machine {name}", True, one.summary or "the profile has it")
        for name, one in profile.machines.items()
    ]
    nat = Component(
        "NAT gateway", True, "the machines reach AWS and the internet through it; gone while nothing is started"
    )
    return [
        *machines,
        nat,
        *_ingress(profile, parameters),
        *_desktop(profile, parameters),
        *_inside(profile, parameters),
    ]


def _ingress(profile: Profile, parameters: Mapping[str, Any]) -> Iterator[Component]:
    every = profile.ingress.routes if profile.ingress is not None else ()
    asked = [route for route in every if wanted(route.when, parameters)]
    yield _for_routes("two Envoys", every, asked, parameters)
    http, rest = _of_layer(every, http=True), _of_layer(every, http=False)
    for name, some in (("load balancer and firewall of HTTP", http), ("network load balancer", rest)):
        yield _for_routes(name, some, [route for route in some if route in asked], parameters)
    for route in every:
        yield _when(
            f"route {route.name} ({route.layer})", route.when, parameters, f"to port {route.port} of {route.machine}"
        )


def _of_layer(routes: Sequence[Route], *, http: bool) -> list[Route]:
    return [route for route in routes if (route.layer == "http") == http]


def _for_routes(name: str, every: Sequence[Route], asked: Sequence[Route], parameters: Mapping[str, Any]) -> Component:
    if asked:
        return Component(name, True, f"for {_and([f'route {route.name}' for route in asked])}")
    off = dict.fromkeys(route.when for route in every if route.when is not None)
    if off:
        return Component(
            name, False, f"{_and([f'`{one}` is {_said(parameters, one)}' for one in off])}, and no other route needs it"
        )
    return Component(name, False, "the profile has no route that needs it")


def _desktop(profile: Profile, parameters: Mapping[str, Any]) -> Iterator[Component]:
    name = "Smart Client fleet"
    if profile.smart_client is None:
        yield Component(name, False, "the profile has no Smart Client")
    else:
        yield _when(name, profile.smart_client.when, parameters, "shared by all sandboxes of the account that have it")


def _inside(profile: Profile, parameters: Mapping[str, Any]) -> Iterator[Component]:
    for one in profile.constellations:
        yield _when(f"constellation {one.name}", one.when, parameters, f"installed on {one.machine}")
    for secret in profile.secrets:
        yield Component(f"secret {secret.name}", True, f"{secret.length} characters, made for this sandbox")
    for probe in profile.probes:
        yield Component(f"probe {probe.name}", True, f"{probe.kind} {probe.target} from {probe.machine} must answer")


def _when(name: str, when: str | None, parameters: Mapping[str, Any], because: str) -> Component:
    if when is None:
        return Component(name, True, because)
    words = f"`{when}` is {_said(parameters, when)}"
    return Component(name, wanted(when, parameters), f"{because}, as {words}" if wanted(when, parameters) else words)


def _said(parameters: Mapping[str, Any], name: str) -> str:
    return str(parameters.get(name, False)).lower()


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
