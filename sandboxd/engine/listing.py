"""The proof that nothing is left: complete listings of every kind in every region, our tags verified, no filters used.

Another code path than the steps' own looks on purpose: a literal table of describe calls and of what counts as alive.
Terminated machines, deleted gateways and what AWS itself put into the account do not count.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import trio
from msgspec import Struct

from sandboxd.engine import tags
from sandboxd.engine.ports import Owner, Ports
from sandboxd.lifecycle.messages import Found
from sandboxd.model.keys import Key
from sandboxd.model.ports import AwsError, Scope

Item = Mapping[str, Any]


class Listing(Struct, frozen=True):
    """One describe call of the proof."""

    kind: str
    operation: str
    member: str
    identity: str
    alive: Callable[[Item], bool] = lambda _: True
    within: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    """our fact -> member"""


def _state_is_not(*dead: str) -> Callable[[Item], bool]:
    return lambda item: item["State"] not in dead


LISTINGS = (
    Listing(
        "machine", "DescribeInstances", "Reservations", "InstanceId",
        lambda item: item["State"]["Name"] != "terminated", "Instances", (("address", "PrivateIpAddress"),),
    ),
    Listing("nat-gateway", "DescribeNatGateways", "NatGateways", "NatGatewayId", _state_is_not("deleted")),
    Listing("elastic-ip", "DescribeAddresses", "Addresses", "AllocationId", facts=(("address", "PublicIp"),)),
    Listing("vpc", "DescribeVpcs", "Vpcs", "VpcId"),
    Listing("subnet", "DescribeSubnets", "Subnets", "SubnetId", facts=(("zone", "AvailabilityZoneId"),)),
    Listing("internet-gateway", "DescribeInternetGateways", "InternetGateways", "InternetGatewayId"),
    Listing("route-table", "DescribeRouteTables", "RouteTables", "RouteTableId"),
    Listing("security-group", "DescribeSecurityGroups", "SecurityGroups", "GroupId"),
)  # fmt: skip
"""Routes, associations and rules have no life of their own: they go with their table or group."""


async def strays(ports: Ports, who: Owner, regions: tuple[str, ...], expected: Collection[Key]) -> tuple[Found, ...]:
    """Return everything alive with our authentic tags whose key may not stay; raise AwsError if a listing fails."""
    found: dict[tuple[int, int], list[Found]] = {}
    failed: list[AwsError] = []

    async def one(place: tuple[int, int], region: str, listing: Listing) -> None:
        scope = Scope(who.account, region, ports.identity.role)
        try:
            items = await _everything(ports, scope, listing)
        except AwsError as error:
            failed.append(error)
            return
        found[place] = [stray for item in items if (stray := _stray(ports, who, listing, item, expected))]

    async with trio.open_nursery() as nursery:
        for number, region in enumerate(regions):
            for row, listing in enumerate(LISTINGS):
                nursery.start_soon(one, (number, row), region, listing)
    if failed:
        raise failed[0]
    return tuple(stray for place in sorted(found) for stray in found[place])


async def _everything(ports: Ports, scope: Scope, listing: Listing) -> list[Item]:
    items: list[Item] = []
    more: dict[str, str] = {}
    while True:
        answer = await ports.call(scope, "ec2", listing.operation, more)
        items.extend(_items(answer, listing))
        if not answer.get("NextToken"):
            return items
        more = {"NextToken": answer["NextToken"]}


def _items(answer: Item, listing: Listing) -> Iterator[Item]:
    for outer in answer.get(listing.member) or ():
        yield from outer[listing.within] if listing.within else (outer,)


def _stray(ports: Ports, who: Owner, listing: Listing, item: Item, expected: Collection[Key]) -> Found | None:
    if not listing.alive(item):
        return None
    named = {one["Key"]: one["Value"] for one in item.get("Tags") or ()}
    mine = tags.verify(ports.identity, who.account, named)
    if mine is None or mine.key in expected:
        return None
    facts = {name: str(item[member]) for name, member in listing.facts if member in item}
    own = {"generation": str(mine.generation), "seen": "1"}
    return Found(mine.key, mine.generation, listing.kind, str(item[listing.identity]), facts | own)
