"""Several accounts of one daemon that are given the same things of the image account, and what is given by now."""

import json

import trio
from enginelab import REGION, Crash, Driver, Lab, shared

from sandboxd.aws.kinds import specs
from sandboxd.engine.ports import Owner
from sandboxd.simulator.furnish import MANAGEMENT
from sandboxd.simulator.policies import account_of, principals

IMAGE = "avaloq-core-2026.10"
REPOSITORIES = ("constellations/banking-apis", "constellations/web-banking")


def image_row(lab):
    """The image that is given."""
    return next(row for row in lab.world.rows.of(MANAGEMENT, REGION, "image") if row.data["name"] == IMAGE)


def key_of(lab):
    """The ARN of the key that encrypts it."""
    return lab.world.rows.find(image_row(lab).data["snapshot"]).data["key"]


def share_nodes(lab, repositories=REPOSITORIES):
    """An image, its key, and repositories."""
    s = specs()
    return [
        s["image-share"].node(shared("image"), {}, image=image_row(lab).id),
        s["key-grant"].node(shared("key"), {}, kms_key=key_of(lab)),
        *(s["repository-share"].node(shared(f"pull-{n}"), {}, repository=name) for n, name in enumerate(repositories)),
    ]


def repository(lab, name=REPOSITORIES[0]):
    """The row of a repository."""
    return next(row for row in lab.world.rows.of(MANAGEMENT, REGION, "repository") if row.data["name"] == name)


def pulling(lab, name=REPOSITORIES[0]):
    """The accounts that a repository's policy names, in their order, each as often as it is named."""
    text = repository(lab, name).data["policy"]
    return sorted(account_of(one) or one for one in principals(json.loads(text))) if text else []


def given(lab):
    """Who has what: launch permissions, grants, and each repository's accounts."""
    grants = lab.world.rows.of(MANAGEMENT, REGION, "grant")
    return {
        "image": sorted(image_row(lab).data["shared_with"]),
        "key": sorted(account_of(row.data["grantee"]) for row in grants),
        **{name: pulling(lab, name) for name in REPOSITORIES},
    }


def to(*accounts, repositories=REPOSITORIES):
    """What `given` says when exactly these accounts have everything once."""
    who = sorted(accounts)
    return {"image": who, "key": who, **{name: who if name in repositories else [] for name in REPOSITORIES}}


class House:
    """One driver an account, one engine for all."""

    def __init__(self, lab, accounts, **settings):
        self.lab, self.settings = lab, settings
        self.drivers = {one: Driver(lab, share_nodes(lab), **settings) for one in accounts}
        for account, driver in self.drivers.items():
            driver.who = Owner(account, f"tenant of {account}")
        self._one_engine()

    def _one_engine(self):
        engine = self.lab.engine(held=self._held, **self.settings)
        for driver in self.drivers.values():
            driver.engine = engine

    def _held(self, kind):
        return {
            account: [row for row in driver.rows.values() if row.node.kind == kind]
            for account, driver in self.drivers.items()
        }

    async def all(self, way, accounts=None):
        """`raise_all` or `lower_all` of these accounts at the same time, through as many deaths as there are."""
        await self._work([getattr(self.drivers[one], way) for one in accounts or self.drivers])

    async def both(self, down, up):
        """Some accounts leave while others come."""
        lowering = [self.drivers[one].lower_all for one in down]
        await self._work([*lowering, *(self.drivers[one].raise_all for one in up)])

    async def _work(self, jobs):
        while True:
            try:
                async with trio.open_nursery() as nursery:
                    for job in jobs:
                        nursery.start_soon(job)
            except* Crash:
                for driver in self.drivers.values():
                    driver.restart()
                self._one_engine()
                await trio.sleep(5)
            else:
                return


def members(lab):
    """The accounts of the pool."""
    return [one for one in lab.world.organization["accounts"] if one != MANAGEMENT]


def fresh(seed=1, pool=2) -> Lab:
    """A laboratory in which nothing is shared yet."""
    return Lab(seed, pool=pool, shared=False)
