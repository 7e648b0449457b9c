"""The network of an account in one region: what its sandboxes share, and what of it is one sandbox's own. Pure.

The address plan: of the VPC's ranges of 256 addresses the first 16 are shared, each sandbox has one of the others.
What an older release made keeps its place, its key and its name.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sandboxd.model.errors import LimitReached
from sandboxd.model.keys import Key
from sandboxd.model.profile import Profile
from sandboxd.profile.draft import Draft

ANYWHERE = "0.0.0.0/0"
FIRST_OWN = 16
"""of the /24 subnets of the VPC: those before it are shared ones"""
PLACES = {"public": 0, "ingress": 2, "desktop": 4}
"""shared subnets by their use -> their place in the first zone; the one in the second zone has the next"""
ENVOY_HOST = 10
"""of its ingress subnet: the first addresses are AWS's"""


class Network(NamedTuple):
    """Keys of what is shared, by use; the second zone's beside the first's where there are two."""

    out: tuple[Key, ...]
    """what must be there before a private machine of the account boots"""
    public: tuple[Key, ...]
    """subnets of load balancers and of the NAT gateway"""
    entrance: tuple[Key, ...]
    """what must be there before something in a public subnet is reached from outside"""
    ingress: tuple[Key, ...] = ()
    ingress_ways: tuple[Key, ...] = ()
    desktop: tuple[Key, ...] = ()
    desktop_ways: tuple[Key, ...] = ()


def _base(profile: Profile) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(profile.network.cidr)


def _places(profile: Profile) -> int:
    """How many ranges of 256 addresses its network has."""
    return int(_base(profile).num_addresses >> 8)


def _subnet(profile: Profile, place: int) -> str:
    """One of these ranges."""
    return f"{_base(profile).network_address + (place << 8)}/24"


def envoy_address(profile: Profile, number: int) -> str:
    """The fixed address of the first or second Envoy machine: load balancers and rules find it again after a stop."""
    return str(_base(profile).network_address + ((PLACES["ingress"] + number) << 8) + ENVOY_HOST)


def slots_in(profile: Profile, shown: Iterable[str]) -> frozenset[int]:
    """The numbers of the address plan that these ranges of the VPC touch, whoever has them."""
    first = int(_base(profile).network_address) >> 8
    out: set[int] = set()
    for cidr in shown:
        taken = ipaddress.IPv4Network(cidr)
        begin, end = int(taken.network_address) >> 8, int(taken.broadcast_address) >> 8
        out.update(range(begin - first - FIRST_OWN, end - first - FIRST_OWN + 1))
    return frozenset(slot for slot in out if slot >= 0)


def shared_network(
    draft: Draft, profile: Profile, zones: Sequence[str], *, ingress: bool = False, desktop: bool = False
) -> Network:
    """The VPC with its way out, and what is asked for besides; raise ValueError for an ingress in one zone only."""
    if ingress and len(zones) < 2:  # noqa: PLR2004 - load balancers stand in two zones
        raise ValueError("load balancers need two zones")
    vpc = draft.add("vpc", "vpc", shared=True, cidr=profile.network.cidr)
    gateway = draft.add("internet-gateway", "igw", shared=True, links={"vpc": (vpc,)})
    subnet = _shared_subnet(draft, profile, zones, "public", 0)
    public = draft.add("route-table", "public", shared=True, links={"vpc": (vpc,)})
    way = draft.add(
        "route", "public-default", shared=True, links={"table": (public,), "gateway": (gateway,)}, destination=ANYWHERE
    )
    joined = _join(draft, "public", "public-a", subnet)
    private = draft.add("route-table", "private", shared=True, links={"vpc": (vpc,)})
    address = draft.add("elastic-ip", "eip", shared=True)
    nat = draft.add(
        "nat-gateway", "nat", shared=True, links={"subnet": (subnet,), "address": (address,), "gateway": (gateway,)}
    )
    out = draft.add(
        "route", "private-default", shared=True, links={"table": (private,), "nat": (nat,)}, destination=ANYWHERE
    )
    network = Network(out=(way, joined, out), public=(subnet,), entrance=(way, joined))
    if ingress:
        network = _with_ingress(draft, profile, zones, network)
    return _with_desktop(draft, profile, zones, network) if desktop else network


def _with_ingress(draft: Draft, profile: Profile, zones: Sequence[str], network: Network) -> Network:
    """A second public subnet for load balancers, and a private one for an Envoy in each zone."""
    second = _shared_subnet(draft, profile, zones, "public", 1)
    joined = _join(draft, "public", "public-b", second)
    subnets = tuple(_shared_subnet(draft, profile, zones, "ingress", n) for n in (0, 1))
    ways = tuple(_join(draft, "private", f"ingress-{_LETTERS[n]}", one) for n, one in enumerate(subnets))
    return network._replace(
        public=(*network.public, second), entrance=(*network.entrance, joined), ingress=subnets, ingress_ways=ways
    )


def _with_desktop(draft: Draft, profile: Profile, zones: Sequence[str], network: Network) -> Network:
    """Private subnets for the instances of a fleet."""
    subnets = tuple(_shared_subnet(draft, profile, zones, "desktop", n) for n, _ in enumerate(zones[:2]))
    ways = tuple(_join(draft, "private", f"desktop-{_LETTERS[n]}", one) for n, one in enumerate(subnets))
    return network._replace(desktop=subnets, desktop_ways=ways)


_LETTERS = "ab"


def _shared_subnet(draft: Draft, profile: Profile, zones: Sequence[str], use: str, number: int) -> Key:
    links = {"vpc": (draft.key("vpc", shared=True),)}
    cidr = _subnet(profile, PLACES[use] + number)
    return draft.add("subnet", f"{use}-{_LETTERS[number]}", shared=True, links=links, cidr=cidr, zone=zones[number])


def _join(draft: Draft, table: str, name: str, subnet: Key) -> Key:
    links = {"table": (draft.key(table, shared=True),), "subnet": (subnet,)}
    return draft.add("route-table-association", f"{name}-assoc", shared=True, links=links)


def own_subnet(draft: Draft, profile: Profile, zones: Sequence[str], slot: int) -> list[Key]:
    """The subnet of one sandbox, by its number in the account's address plan; raise LimitReached when there is none left.

    All its machines live in the first of these zones; the second, if there is one, is for when that has no capacity.
    """
    vpc, private = draft.key("vpc", shared=True), draft.key("private", shared=True)
    places = _places(profile) - FIRST_OWN
    if slot >= places:
        raise LimitReached(
            "address_plan_full",
            f"All {places} ranges for sandboxes in {profile.network.cidr} are taken.",
            "Delete a sandbox of this tenant, then try again.",
        )
    spare = {"spare": zones[1]} if len(zones) > 1 else {}
    cidr = _subnet(profile, FIRST_OWN + slot)
    subnet = draft.add("subnet", "subnet", shared=False, links={"vpc": (vpc,)}, cidr=cidr, zone=zones[0], **spare)
    links = {"table": (private,), "subnet": (subnet,)}
    return [draft.add("route-table-association", "subnet-assoc", shared=False, links=links)]
