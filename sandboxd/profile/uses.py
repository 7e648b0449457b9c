"""What a profile asks of others: images, machine types, and what this release does not make yet."""

from collections.abc import Mapping
from typing import Any

from sandboxd.model.profile import Image, Profile


def wanted(when: str | None, parameters: Mapping[str, Any]) -> bool:
    """Whether a part is asked for."""
    return when is None or bool(parameters.get(when))


def images_of(profile: Profile) -> dict[str, Image]:
    """Every image of its machines, by its ref."""
    return {machine.image.ref: machine.image for machine in profile.machines.values()}


def machine_types(profile: Profile) -> list[str]:
    """Every instance type of its machines, once."""
    return list(dict.fromkeys(machine.type for machine in profile.machines.values()))


def has_ingress(profile: Profile, parameters: Mapping[str, Any]) -> bool:
    """Whether load balancers and Envoys stand before it: a route is wanted."""
    routes = profile.ingress.routes if profile.ingress is not None else ()
    return any(wanted(route.when, parameters) for route in routes)


def layer_4(profile: Profile, parameters: Mapping[str, Any]) -> list[str]:
    """The names of the routes that need a port of their own at the load balancer."""
    routes = profile.ingress.routes if profile.ingress is not None else ()
    return [route.name for route in routes if route.layer == "tcp" and wanted(route.when, parameters)]


def not_yet(profile: Profile, parameters: Mapping[str, Any]) -> list[str]:
    """Parts that are asked for and that this release does not make, in words."""
    out = [
        f"constellation {one.name} (installer)" for one in profile.constellations if wanted(one.when, parameters)
    ]  # fmt: skip
    if profile.ingress is not None:
        routes = [one for one in profile.ingress.routes if wanted(one.when, parameters)]
        out += [f"ingress route {one.name} ({one.layer})" for one in routes]
    if profile.smart_client is not None and wanted(profile.smart_client.when, parameters):
        out.append("Smart Client fleet")
    out += [f"secret {one.name}" for one in profile.secrets]
    return out + [f"probe {one.name} ({one.kind})" for one in profile.probes]
