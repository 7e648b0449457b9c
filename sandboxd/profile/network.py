"""The network of an account in one region: what its sandboxes share, and what of it is one sandbox's own. Pure."""

import ipaddress

from sandboxd.model.errors import LimitReached
from sandboxd.model.keys import Key
from sandboxd.model.profile import Profile
from sandboxd.profile.draft import Draft

ANYWHERE = "0.0.0.0/0"
FIRST_OWN = 16
"""of the /24 subnets of the VPC: those before it are shared ones"""


def _places(profile: Profile) -> int:
    """How many ranges of 256 addresses its network has."""
    return int(ipaddress.IPv4Network(profile.network.cidr).num_addresses >> 8)


def _subnet(profile: Profile, place: int) -> str:
    """One of these ranges."""
    return f"{ipaddress.IPv4Network(profile.network.cidr).network_address + (place << 8)}/24"


def shared_network(draft: Draft, profile: Profile, zone: str) -> list[Key]:
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


def own_subnet(draft: Draft, profile: Profile, zone: str, slot: int) -> list[Key]:
    """The subnet of one sandbox, by its number in the account's address plan; raise LimitReached when there is none left."""
    vpc, private = draft.key("vpc", shared=True), draft.key("private", shared=True)
    places = _places(profile) - FIRST_OWN
    if slot >= places:
        raise LimitReached(
            "address_plan_full",
            f"All {places} ranges for sandboxes in {profile.network.cidr} are taken.",
            "Delete a sandbox of this tenant, then try again.",
        )
    subnet = draft.add(
        "subnet", "subnet", shared=False, links={"vpc": (vpc,)}, cidr=_subnet(profile, FIRST_OWN + slot), zone=zone
    )
    links = {"table": (private,), "subnet": (subnet,)}
    return [draft.add("route-table-association", "subnet-assoc", shared=False, links=links)]
