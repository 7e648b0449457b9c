"""A profile becomes a blueprint: the resources of one sandbox, what they share, and what its roots require. Pure.

Names, roles and states are those of the kinds' specs; the specs come in from outside.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

from msgspec import structs

from sandboxd.model.errors import LimitReached
from sandboxd.model.keys import SHARED, Key, make_key
from sandboxd.model.kind import KindSpec
from sandboxd.model.profile import Machine, Profile, Rule
from sandboxd.model.records import Blueprint
from sandboxd.model.resource import Need, Node
from sandboxd.profile.uses import not_yet

ANYWHERE = "0.0.0.0/0"
_FIRST_OWN = 16
"""of the /24 subnets of the VPC: those before it are shared ones"""


class _Draft:
    """Nodes in the making: each stands on earlier ones only."""

    def __init__(self, *, kinds: Mapping[str, KindSpec], region: str, sandbox: str, names: dict[str, str]) -> None:
        self._kinds, self._region, self._sandbox, self._names = kinds, region, sandbox, names
        self.nodes: list[Node] = []

    def key(self, name: str, *, shared: bool) -> Key:
        return make_key(self._region, SHARED if shared else self._sandbox, name)

    def add(
        self,
        kind: str,
        name: str,
        *,
        shared: bool,
        links: Mapping[str, tuple[Key, ...]] | None = None,
        **parameters: Any,
    ) -> Key:
        key = self.key(name, shared=shared)
        spec = self._kinds[kind]
        named = {} if kind in _NAMELESS else {"name": self._name(kind, name, shared=shared)}
        self.nodes.append(spec.node(key, dict(links or {}), **(parameters | named)))
        return key

    def _name(self, kind: str, name: str, *, shared: bool) -> str:
        if kind in _OF_THE_ACCOUNT:
            return f"sandboxd-{self._names['shared']}-{self._region}-machines"
        return f"{self._names['shared' if shared else 'own']}-{name}"


_OF_THE_ACCOUNT = ("instance-role", "instance-profile")
"""named so that all regions of an account have names of their own; a profile and its role have the same"""
_NAMELESS = ("route", "route-table-association", "security-group-rule")


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
) -> Blueprint:
    """Return what one sandbox consists of; `images` says which image each ref of the profile means here.

    Raises LimitReached when the address plan has no range of that `slot`.
    """
    draft = _Draft(kinds=kinds, region=region, sandbox=sandbox_id, names={"shared": stage, "own": sandbox_name})
    identity = _identity(draft)
    ways = _shared(draft, profile, zone)
    ways += _own_subnet(draft, profile, zone, slot)
    groups = {name: _group(draft, name) for name in profile.machines}
    for name, machine in profile.machines.items():
        ways += _rules(draft, name, machine, groups)
    machines = [
        _machine(draft, name, one, images, {"groups": (groups[name],), "profile": (identity,), "way": tuple(ways)})
        for name, one in profile.machines.items()
    ]
    return Blueprint(
        profile=profile.name,
        region=region,
        parameters=dict(parameters),
        nodes=tuple(draft.nodes),
        started=(*(Need(key, 2) for key in machines), *(Need(key, 1) for key in ways)),
        kept=tuple(Need(key, 1) for key in machines),
        slot=slot,
        not_yet=tuple(not_yet(profile, parameters)),
        heal=structs.asdict(profile.heal),
    )


def _places(profile: Profile) -> int:
    """How many ranges of 256 addresses its network has."""
    return int(ipaddress.IPv4Network(profile.network.cidr).num_addresses >> 8)


def _subnet(profile: Profile, place: int) -> str:
    """One of these ranges."""
    return f"{ipaddress.IPv4Network(profile.network.cidr).network_address + (place << 8)}/24"


def _shared(draft: _Draft, profile: Profile, zone: str) -> list[Key]:
    """The VPC with its way out: what exists only while a sandbox needs it."""
    vpc = draft.add("vpc", "vpc", shared=True, cidr=profile.network.cidr)
    gateway = draft.add("internet-gateway", "igw", shared=True, links={"vpc": (vpc,)})
    subnet = draft.add("subnet", "public-a", shared=True, links={"vpc": (vpc,)}, cidr=_subnet(profile, 0), zone=zone)
    public = draft.add("route-table", "public", shared=True, links={"vpc": (vpc,)})
    way = draft.add(
        "route", "public-default", shared=True, links={"table": (public,), "gateway": (gateway,)}, destination=ANYWHERE
    )
    joined = draft.add(
        "route-table-association", "public-a-assoc", shared=True, links={"table": (public,), "subnet": (subnet,)}
    )
    private = draft.add("route-table", "private", shared=True, links={"vpc": (vpc,)})
    address = draft.add("elastic-ip", "eip", shared=True)
    nat = draft.add(
        "nat-gateway", "nat", shared=True, links={"subnet": (subnet,), "address": (address,), "gateway": (gateway,)}
    )
    out = draft.add(
        "route", "private-default", shared=True, links={"table": (private,), "nat": (nat,)}, destination=ANYWHERE
    )
    return [way, joined, out]


def _identity(draft: _Draft) -> Key:
    """What machines are allowed: first in the plan, because it takes minutes until EC2 knows a profile."""
    role = draft.add("instance-role", "instance-role", shared=True)
    return draft.add("instance-profile", "instance-profile", shared=True, links={"role": (role,)})


def _own_subnet(draft: _Draft, profile: Profile, zone: str, slot: int) -> list[Key]:
    vpc, private = draft.key("vpc", shared=True), draft.key("private", shared=True)
    places = _places(profile) - _FIRST_OWN
    if slot >= places:
        raise LimitReached(
            "address_plan_full",
            f"All {places} ranges for sandboxes in {profile.network.cidr} are taken.",
            "Delete a sandbox of this tenant, then try again.",
        )
    subnet = draft.add(
        "subnet", "subnet", shared=False, links={"vpc": (vpc,)}, cidr=_subnet(profile, _FIRST_OWN + slot), zone=zone
    )
    links = {"table": (private,), "subnet": (subnet,)}
    return [draft.add("route-table-association", "subnet-assoc", shared=False, links=links)]


def _group(draft: _Draft, machine: str) -> Key:
    vpc = draft.key("vpc", shared=True)
    return draft.add(
        "security-group", f"{machine}-sg", shared=False, links={"vpc": (vpc,)}, description=f"machine {machine}"
    )


def _rules(draft: _Draft, name: str, machine: Machine, groups: Mapping[str, Key]) -> list[Key]:
    out = []
    for direction in ("egress", "ingress"):
        rules: tuple[Rule, ...] = getattr(machine, direction)
        for number, rule in enumerate(rules, 1):
            links = {"group": (groups[name],)} | ({"peer": (groups[rule.peer],)} if rule.peer else {})
            key = draft.add(
                "security-group-rule", f"{name}-{direction}-{number}", shared=False, links=links, direction=direction,
                protocol="-1" if rule.protocol == "all" else rule.protocol, from_port=rule.port if rule.port is not None else -1,
                to_port=rule.to_port if rule.to_port is not None else rule.port if rule.port is not None else -1,
                cidr=rule.cidr, description=rule.description,
            )  # fmt: skip
            out.append(key)
    return out


def _machine(
    draft: _Draft, name: str, machine: Machine, images: Mapping[str, str], on: Mapping[str, tuple[Key, ...]]
) -> Key:
    links = {"subnet": (draft.key("subnet", shared=False),), **on}
    return draft.add(
        "machine",
        name,
        shared=False,
        links=links,
        image=images[machine.image.ref],
        type=machine.type,
        disk=machine.disk,
    )
