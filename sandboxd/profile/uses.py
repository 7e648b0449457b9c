"""What a profile asks of others: images, machine types, and what this release does not make yet."""

from collections.abc import Mapping
from typing import Any

from sandboxd.model.profile import Image, Profile


def wanted(when: str | None, parameters: Mapping[str, Any]) -> bool:
    """Whether a part is asked for."""
    return when is None or bool(parameters.get(when))


def images_of(profile: Profile) -> dict[str, Image]:
    """Every image of its machines and of its ingress, by its ref."""
    images = [machine.image for machine in profile.machines.values()]
    if profile.ingress is not None and profile.ingress.image is not None:
        images.append(profile.ingress.image)
    return {image.ref: image for image in images}


def machine_types(profile: Profile) -> list[str]:
    """Every instance type of its machines, once."""
    return list(dict.fromkeys(machine.type for machine in profile.machines.values()))


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
