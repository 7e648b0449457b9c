"""The proof that nothing is left: complete listings of every kind in every region, our tags verified, no filters used.

Another code path than the steps' own looks on purpose. What bears our authentic tags and should not be there, or not in
that state, is *found*. What is not ours is *unmanaged*: told with its price, and touched by nobody.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import trio
from msgspec import Struct, field

from sandboxd.aws import outcomes
from sandboxd.engine import tags
from sandboxd.engine.listings import LISTINGS, Item, Listing
from sandboxd.engine.meaning import forbidden
from sandboxd.engine.pace import back_off
from sandboxd.engine.paging import pages
from sandboxd.engine.ports import Owner, Ports
from sandboxd.engine.regions import open_regions
from sandboxd.lifecycle.messages import Found, Stay, Unmanaged
from sandboxd.model.keys import Key, extra_key
from sandboxd.model.ports import AwsError, Scope

TAGS = "sandboxd:tags"
"""member that a listed thing has its tags in, wherever AWS has them"""
TRIES = 4
"""how often one read is asked for"""


class Survey(Struct):
    """What an account has, of one or all regions."""

    found: list[Found] = field(default_factory=list)
    unmanaged: list[Unmanaged] = field(default_factory=list)
    networks: dict[str, bool] = field(default_factory=dict)
    """ids of our VPCs"""


async def survey(ports: Ports, who: Owner, regions: tuple[str, ...], expected: Mapping[Key, Stay]) -> Survey:
    """Return what is there and may not stay, and what is not ours; raise AwsError if any listing is not complete."""
    listed: dict[tuple[int, int], tuple[str, Listing, list[Item]]] = {}
    failed: list[AwsError] = []

    async def one(place: tuple[int, int], region: str, listing: Listing) -> None:
        try:
            listed[place] = (region, listing, await everything(ports, who, region, listing))
        except AwsError as error:
            failed.append(error)

    regions = await open_regions(partial(_asked, ports), who.account, ports.identity.role, regions)
    async with trio.open_nursery() as nursery:
        for number, region in enumerate(regions):
            for row, listing in enumerate(LISTINGS):
                if listing.everywhere and number:
                    continue
                nursery.start_soon(one, (number, row), region, listing)
    if failed:  # what a policy forbids says more than what is only late
        raise next((error for error in failed if forbidden(error.message, "")), failed[0])
    out = Survey()
    for place in sorted(listed):
        _read(ports, who, *listed[place], expected, out)
    for place in sorted(listed):
        _read_others(ports, who, *listed[place], out)
    return out


async def everything(ports: Ports, who: Owner, region: str, listing: Listing) -> list[Item]:
    """Return all that is alive of one kind; raise AwsError if the listing is not complete."""
    scope = Scope(who.account, region, ports.identity.role)
    found = await pages(partial(_asked, ports), scope, listing.service, listing.operation, listing.parameters)
    items = [item for page in found for item in listing.items(page) if listing.alive(item)]
    return [one for item in items for one in await _whole(ports, scope, listing, item)]


async def _asked(
    ports: Ports, scope: Scope, service: str, operation: str, parameters: Mapping[str, Any]
) -> Mapping[str, Any]:
    """One read, repeated where AWS was only busy: one of forty that fails would make all of them worth nothing."""
    tries = 0
    while True:
        tries += 1
        try:
            return dict(await ports.call(scope, service, operation, parameters))
        except AwsError as error:
            passes = error.outcome == "unknown" or error.code in outcomes.codes(service).throttled
            if not passes or tries >= TRIES:
                raise
            await ports.clock.sleep(back_off(tries, f"{scope.account} {operation}", longest=8.0))


async def _whole(ports: Ports, scope: Scope, listing: Listing, item: Item) -> list[Item]:
    """A thing with its tags; nothing when it went meanwhile."""
    if listing.whole is None:
        return [{**item, TAGS: listing.tags(item, {})}]
    try:
        answer = await _asked(ports, scope, listing.service, *listing.whole(item))
    except AwsError as error:
        if error.code in outcomes.codes(listing.service).unseen:
            return []
        raise
    return [{**item, TAGS: listing.tags(item, answer)}]


def _read(
    ports: Ports, who: Owner, _: str, listing: Listing, items: list[Item], expected: Mapping[Key, Stay], out: Survey
) -> None:
    """What is ours, and may not be there, or not in that state."""
    for item in items:
        mine = tags.verify(ports.identity, who.account, item[TAGS])
        if mine is None:
            continue
        identifier = str(item[listing.identity])
        if listing.kind == "vpc":
            out.networks[identifier] = True
        # a volume bears its machine's tags, and is none
        key = extra_key(mine.key, identifier) if listing.kind == "volume" else mine.key
        state = listing.state(item)
        if key in expected and expected[key].covers(identifier, state):
            continue
        facts = {name: str(item[member]) for name, member in listing.facts if member in item}
        own = {"generation": str(mine.generation), "seen": "1"}
        out.found.append(Found(key, mine.generation, listing.kind, identifier, facts | own, state))


def _read_others(ports: Ports, who: Owner, region: str, listing: Listing, items: list[Item], out: Survey) -> None:
    """What is not ours and costs something."""
    for item in items:
        if not (price := listing.price(item)) or tags.verify(ports.identity, who.account, item[TAGS]) is not None:
            continue
        network = listing.network(item)
        inside = network if network in out.networks else ""
        out.unmanaged.append(Unmanaged(listing.kind, str(item[listing.identity]), region, price, inside))
