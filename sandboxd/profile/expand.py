"""A profile becomes a blueprint: the resources of one sandbox, what they share, and what its roots require. Pure.

Names, roles and states are those of the kinds' specs; the specs come in from outside.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from sandboxd.model.kind import KindSpec
from sandboxd.model.profile import Profile
from sandboxd.model.records import Blueprint
from sandboxd.model.resource import Need
from sandboxd.profile import machines
from sandboxd.profile.draft import Draft
from sandboxd.profile.network import own_subnet, shared_network
from sandboxd.profile.uses import not_yet
from sandboxd.profile.ways import Ways, machine_ways


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
) -> Blueprint:
    """Return what one sandbox consists of; `images` says which image each ref of the profile means here.

    Its machines live in `zone`; `zones` are the two of the account, `ports` those of its layer-4 routes. Raises LimitReached when the address plan has no range of that `slot`.
    """
    draft = Draft(kinds=kinds, region=region, sandbox=sandbox_id, names={"shared": stage, "own": sandbox_name})
    identity = machines.identity(draft)
    way_out = [*shared_network(draft, profile, zones or (zone,)).out]
    way_out += own_subnet(draft, profile, (zone, *(one for one in zones if one != zone)), slot)
    groups = {name: machines.group(draft, name) for name in profile.machines}
    rules = Ways(draft)
    for name, machine in profile.machines.items():
        machine_ways(rules, name, machine, groups)
    ways = [*way_out, *rules.add()]
    made = [
        machines.machine(
            draft, name, one, images, {"groups": (groups[name],), "profile": (identity,), "way": tuple(ways)}
        )
        for name, one in profile.machines.items()
    ]
    return Blueprint(
        profile=profile.name,
        region=region,
        parameters=dict(parameters),
        nodes=tuple(draft.nodes),
        started=(*(Need(key, 2) for key in made), *(Need(key, 1) for key in ways)),
        kept=tuple(Need(key, 1) for key in made),
        slot=slot,
        zones=tuple(zones),
        ports=dict(ports or {}),
        not_yet=tuple(not_yet(profile, parameters)),
        heal=structs.asdict(profile.heal),
    )
