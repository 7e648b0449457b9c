"""A profile becomes a blueprint: the resources of one sandbox, what they share, and what its roots require. Pure.

Names, roles and states are those of the kinds' specs; the specs come in from outside.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import structs

from sandboxd.model.keys import Key
from sandboxd.model.kind import KindSpec
from sandboxd.model.profile import Image, Profile
from sandboxd.model.records import Blueprint
from sandboxd.model.resource import Need
from sandboxd.profile import machines
from sandboxd.profile.desktop import Desktop, desktop
from sandboxd.profile.draft import Draft
from sandboxd.profile.ingress import Grounds, ingress
from sandboxd.profile.installer import installed
from sandboxd.profile.network import own_subnet, shared_network
from sandboxd.profile.sharing import shares
from sandboxd.profile.uses import has_desktop, has_ingress
from sandboxd.profile.ways import Ways, machine_ways

STOPPED, RUNNING = 1, 2


def expand(
    profile: Profile,
    parameters: Mapping[str, Any],
    *,
    kinds: Mapping[str, KindSpec],
    region: str,
    zone: str,
    slot: int,
    sandbox_id: str,
    sandbox_name: str,
    stage: str,
    images: Mapping[str, str],
    zones: Sequence[str] = (),
    ports: Mapping[str, int] | None = None,
    tenant: str = "",
    keys: Mapping[str, Iterable[str]] | None = None,
    repositories: Iterable[str] = (),
) -> Blueprint:
    """Return what one sandbox consists of; `images` says which image each ref of the profile means here.

    Its machines live in `zone`; `zones` are the two of the account, `ports` those of its layer-4 routes. `keys` says, by the
    id of an image of the image account, which keys encrypt its disks; `repositories` are those of its containers. Raises LimitReached when the address plan has no range of that `slot`.
    """
    names = {"shared": stage, "own": sandbox_name, "tenant": tenant, "domain": _domain(profile)}
    draft = Draft(kinds=kinds, region=region, sandbox=sandbox_id, names=names)
    identity = machines.identity(draft)
    with_desktop = has_desktop(profile, parameters)
    network = shared_network(
        draft, profile, zones or (zone,), ingress=has_ingress(profile, parameters), desktop=with_desktop
    )
    groups = {name: machines.group(draft, name) for name in profile.machines}
    ways = [*network.out, *own_subnet(draft, profile, (zone, *(one for one in zones if one != zone)), slot)]
    ways += _rules(draft, profile, groups)
    given = shares(draft, images.values(), keys or {}, repositories)
    made = machines.made(draft, profile, groups, images, given, {"profile": (identity,), "way": tuple(ways)})
    entrance = ingress(draft, profile, parameters, Grounds(network, identity, images, given, made, groups, ports or {}))
    fleet = (
        desktop(draft, profile.smart_client, network, groups, _desktop_image(profile, images))
        if with_desktop
        else Desktop()
    )
    inside = installed(draft, profile, parameters, made, given["repositories"], (*entrance, *fleet.started))
    shared = tuple(Need(key, 1) for key in dict.fromkeys(key for some in given.values() for key in some))
    up = (*(Need(key, RUNNING) for key in made.values()), *(Need(key, 1) for key in ways))
    return Blueprint(
        profile=profile.name,
        region=region,
        parameters=dict(parameters),
        nodes=tuple(draft.nodes),
        started=(*up, *entrance, *fleet.started, *inside.started, *shared),
        kept=(*(Need(key, STOPPED) for key in made.values()), *fleet.kept, *inside.kept, *shared),
        slot=slot,
        zones=tuple(zones),
        ports=dict(ports or {}),
        heal=structs.asdict(profile.heal),
    )


def _desktop_image(profile: Profile, images: Mapping[str, str]) -> str:
    """The ARN of the Smart Client's image, as it was resolved."""
    return images.get(Image(desktop=profile.smart_client.image).ref, "") if profile.smart_client is not None else ""


def _domain(profile: Profile) -> str:
    return profile.ingress.domain if profile.ingress is not None else ""


def _rules(draft: Draft, profile: Profile, groups: Mapping[str, Key]) -> list[Key]:
    """The ways that the profile leaves open for its machines."""
    rules = Ways(draft)
    for name, machine in profile.machines.items():
        machine_ways(rules, name, machine, groups)
    return rules.add()
