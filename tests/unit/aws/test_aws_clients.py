"""Clients are built on use, shared, and closed when their region has been quiet; never while somebody is calling."""

import trio

from sandboxd.aws.clients import GLOBAL, QUIET, RARE, SERVICES, Clients
from sandboxd.aws.kinds import KINDS
from sandboxd.engine.listings import LISTINGS

HOME, AWAY = "eu-central-1", "us-west-2"


class Shop:
    """Builds clients that know whether they are open."""

    def __init__(self):
        self.open, self.built = [], []

    async def build(self, stack, service, region):
        await trio.sleep(0.1)
        place = (service, region)
        self.built.append(place)
        self.open.append(place)
        stack.callback(self.open.remove, place)
        return place


async def test_one_client_for_all_who_ask_together(autojump_clock):
    """Built once, and IAM's in its one place."""
    shop = Shop()
    clients = Clients(build=shop.build, home=HOME)

    async def ask(service, region):
        async with clients.use(service, region) as client:
            assert client in shop.open

    async with trio.open_nursery() as nursery:
        for region in (HOME, AWAY):
            for service in ("ec2", "iam"):
                nursery.start_soon(ask, service, region)
                nursery.start_soon(ask, service, region)
    assert sorted(shop.built) == [("ec2", HOME), ("ec2", AWAY), ("iam", "us-east-1")]
    await clients.aclose()
    assert shop.open == []


async def test_another_region_is_let_go_when_it_is_quiet(autojump_clock):
    """Home and IAM stay; away goes, and comes back on use."""
    shop = Shop()
    clients = Clients(build=shop.build, home=HOME)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(clients.keep_tidy)
        for place in (("ec2", HOME), ("iam", AWAY), ("ec2", AWAY)):
            async with clients.use(*place):
                pass
        await trio.sleep(2 * QUIET)
        assert sorted(clients.places()) == sorted(shop.open) == [("ec2", HOME), ("iam", "us-east-1")]
        async with clients.use("ec2", AWAY) as client:
            await trio.sleep(3 * QUIET)
            assert client in shop.open
        nursery.cancel_scope.cancel()


def test_every_service_of_a_kind_and_of_a_listing_is_built_beforehand():
    """No step waits for the model of its service to be read."""
    called = {kind.service for kind in KINDS} | {listing.service for listing in LISTINGS}
    assert called <= {*SERVICES, *RARE}
    assert set(GLOBAL) <= {*SERVICES, *RARE}
