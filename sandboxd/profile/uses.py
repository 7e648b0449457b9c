"""What a profile asks of others: images, machine types, zones and ports."""

from collections.abc import Mapping
from typing import Any

from sandboxd.model.profile import Image, Profile


def wanted(when: str | None, parameters: Mapping[str, Any]) -> bool:
    """Whether a part is asked for."""
    return when is None or bool(parameters.get(when))


def images_of(profile: Profile, parameters: Mapping[str, Any] | None = None) -> dict[str, Image]:
    """Every image of its machines, its ingress and its Smart Client, by its ref; with parameters, those that are wanted."""
    images = [machine.image for machine in profile.machines.values()]
    everything = parameters is None
    if profile.ingress is not None and profile.ingress.image and (everything or has_ingress(profile, parameters or {})):
        images.append(profile.ingress.image)
    if profile.smart_client is not None and (everything or has_desktop(profile, parameters or {})):
        images.append(Image(desktop=profile.smart_client.image))
    return {image.ref: image for image in images}


def machine_types(profile: Profile) -> list[str]:
    """Every instance type of its machines, once."""
    return list(dict.fromkeys(machine.type for machine in profile.machines.values()))


def has_ingress(profile: Profile, parameters: Mapping[str, Any]) -> bool:
    """Whether load balancers and Envoys stand before it: a route is wanted."""
    routes = profile.ingress.routes if profile.ingress is not None else ()
    return any(wanted(route.when, parameters) for route in routes)


def has_desktop(profile: Profile, parameters: Mapping[str, Any]) -> bool:
    """Whether a Smart Client is wanted."""
    return profile.smart_client is not None and wanted(profile.smart_client.when, parameters)


def layer_4(profile: Profile, parameters: Mapping[str, Any]) -> list[str]:
    """The names of the routes that need a port of their own at the load balancer."""
    routes = profile.ingress.routes if profile.ingress is not None else ()
    return [route.name for route in routes if route.layer == "tcp" and wanted(route.when, parameters)]
