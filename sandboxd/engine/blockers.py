"""Names what holds a resource that AWS will not delete yet: for the people who wait, and to know when waiting is in vain.

Reads only. What AWS lets go by itself (interfaces of what was deleted) and what is ours is waited for; what somebody
else put there is not ours to remove, but for interfaces that stay nobody's (`ownerless.py`).
"""

from collections.abc import Iterator

import trio
from msgspec import Struct

from sandboxd.aws.kind import tags as tags_of
from sandboxd.engine import tags
from sandboxd.engine.aws_made import is_aws_made
from sandboxd.engine.context import Attempt
from sandboxd.engine.listing import TAGS, everything
from sandboxd.engine.listings import ENDPOINT_SERVICES, INTERFACE, INTERFACES, LISTINGS, VPC_LINKS, Item, Listing
from sandboxd.engine.ownerless import is_ownerless
from sandboxd.engine.paging import pages
from sandboxd.model.keys import parts
from sandboxd.model.ports import AwsError

MOST_NAMED = 3
MAPPED = "attachment.vpc-id"
"""an internet gateway is held by what has a public address in its VPC"""
SERVED = "NetworkLoadBalancerArns"
"""a load balancer is held by what is served through it"""
LAYER_4 = ":loadbalancer/net/"
"""part of the ARN of a network load balancer"""
_BESIDE = {"ec2": ("elbv2",)}
"""services whose things stand in another one's: their interfaces do not say whose they are"""
_HELD_BY = {MAPPED: MAPPED, "vpc-id": "VpcId", "subnet-id": "SubnetId", "group-id": "GroupId", SERVED: SERVED}


class Holders(Struct, frozen=True):
    """What is in the way."""

    named: tuple[str, ...] = ()
    """everything, in words"""
    others: tuple[str, ...] = ()
    """of it, what is not ours and does not go by itself"""
    ownerless: tuple[Item, ...] = ()
    """of it, interfaces that are nobody's"""

    def __str__(self) -> str:
        shown = ", ".join(self.named[:MOST_NAMED])
        more = f" and {len(self.named) - MOST_NAMED} more" if len(self.named) > MOST_NAMED else ""
        return f"Held by {shown}{more}." if self.named else ""


async def holders(a: Attempt) -> Holders:
    """Return what holds a resource; nothing where AWS does not say."""
    member = _HELD_BY.get(a.kind.interfaces, "")
    identifier = a.facts.get("vpc" if a.kind.interfaces == MAPPED else "id", "")
    if not member or not identifier:
        return Holders()
    if member == SERVED:
        return await _served(a, identifier)
    return await _among(a, identifier, member, _listings(a))


async def _served(a: Attempt, balancer: str) -> Holders:
    """What a load balancer is served through; API Gateway is asked about one of layer 4 that nothing else explains."""
    found = await _among(a, balancer, SERVED, [ENDPOINT_SERVICES])
    if found.named or LAYER_4 not in balancer:
        return found
    return await _among(a, balancer, SERVED, [VPC_LINKS])


def _listings(a: Attempt) -> list[Listing]:
    """What may hold it."""
    services = (a.kind.service, *_BESIDE.get(a.kind.service, ()))
    return [one for one in (*LISTINGS, INTERFACES) if one.kind != a.kind.spec.name and one.service in services]


async def _among(a: Attempt, identifier: str, member: str, listings: list[Listing]) -> Holders:
    found: dict[int, list[Item]] = {}

    async def one(place: int, listing: Listing) -> None:
        try:
            found[place] = await everything(a.ports, a.who, parts(a.node.key).region, listing)
        except AwsError:
            found[place] = []

    async with trio.open_nursery() as nursery:
        for place, listing in enumerate(listings):
            nursery.start_soon(one, place, listing)
    named, others = await _references(a, identifier) if member == "GroupId" else ([], [])
    ownerless = list[Item]()
    for place, listing in enumerate(listings):
        for item in found[place]:
            if identifier in _stands_on(listing, item, member) and not (listing.given(item) and listing != INTERFACES):
                named.append(_named(listing, item))
                if listing == INTERFACES and is_ownerless(a.who.account, item):
                    ownerless.append(item)
                elif _is_somebodys(a, listing, item):
                    others.append(_named(listing, item))
    return Holders(tuple(named), tuple(others), tuple(ownerless))


async def _references(a: Attempt, group: str) -> tuple[list[str], list[str]]:
    """Rules of other groups that name this one: all, and those that are not ours; in groups of ours, too, people add rules."""
    scope = a.ports.scope(a.kind, a.who.account, parts(a.node.key).region)
    try:
        found = await pages(a.ports.call, scope, "ec2", "DescribeSecurityGroupRules", {})
    except AwsError:
        return [], []
    named: list[str] = []
    others: list[str] = []
    for rule in (one for page in found for one in page.get("SecurityGroupRules") or ()):
        referenced = (rule.get("ReferencedGroupInfo") or {}).get("GroupId")
        if referenced == group != rule["GroupId"]:
            named.append(f"{rule['SecurityGroupRuleId']} (rule of {rule['GroupId']})")
            if tags.verify(a.ports.identity, a.who.account, tags_of(rule)) is None:
                others.append(named[-1])
    return named, others


def _stands_on(listing: Listing, item: Item, member: str) -> Iterator[str]:
    if member == "VpcId":
        yield listing.network(item)
    elif member == MAPPED:
        yield listing.network(item) if _is_public(item) else ""
    elif member == SERVED:
        yield from item.get(SERVED) or item.get("targetArns") or ()
    elif member == "SubnetId":
        yield str(item.get("SubnetId") or "")
        yield from (str(zone.get("SubnetId")) for zone in item.get("AvailabilityZones") or ())
    else:
        groups = item.get("Groups") or item.get("SecurityGroups") or ()
        yield from (group if isinstance(group, str) else str(group["GroupId"]) for group in groups)


def _is_public(item: Item) -> bool:
    addresses = [item, item.get("Association") or {}, *(item.get("NatGatewayAddresses") or ())]
    return any(one.get("PublicIp") or one.get("PublicIpAddress") for one in addresses)


def _is_somebodys(a: Attempt, listing: Listing, item: Item) -> bool:
    """Not ours, and nothing that goes with something of ours."""
    if listing.given(item) or is_aws_made(item):
        return False
    return tags.verify(a.ports.identity, a.who.account, item[TAGS]) is None


def _named(listing: Listing, item: Item) -> str:
    what = listing.kind
    if listing.kind == INTERFACE:
        what = item.get("Description") or (item.get("Attachment") or {}).get("InstanceId") or "no description"
    return f"{item[listing.identity]} ({what})"
