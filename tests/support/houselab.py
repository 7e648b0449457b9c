"""The daemon's parts over the laboratory: the engine's `Lab` as AWS, a real store without its thread, time that jumps."""

import logging
import random
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from enginelab import Lab

from sandboxd.daemon.house import House, Outside
from sandboxd.daemon.settings import Settings
from sandboxd.identity.peers import Caller
from sandboxd.store import open_store
from sandboxd.wire import things
from sandboxd.wire.requests import NewSandbox, NewTenant

MANAGEMENT = "111122223333"
ANN = Caller("ann", 1000, 1000, role="write")
DAY = 86400.0


class Inline:
    """Commits at once, without a thread: no thread's time jumps."""

    reason = None

    def __init__(self, store):
        self._store = store

    async def commit(self, batch):
        await trio.lowlevel.checkpoint()
        return self._store.commit([batch])[0]


class Life:
    """One life of a daemon, and what a person does with it."""

    def __init__(self, house):
        self.house, self.desk = house, house.desk

    async def onboard(self, name="acme"):
        return await self.over(await self.desk.commands.onboard(NewTenant(name=name, email="a@b"), ANN, None, ""))

    async def create(self, name="bank", tenant="acme", profile="trial", **parameters):
        return await self.over(await self.begin_create(name, tenant, profile, **parameters))

    async def begin_create(self, name="bank", tenant="acme", profile="trial", **parameters):
        wanted = NewSandbox(name=name, tenant=tenant, profile=profile, parameters=parameters)
        return await self.desk.commands.create(wanted, ANN, None, "")

    async def retry(self, operation):
        return await self.over(await self.desk.commands.retry(operation.id, None, ANN, None, ""))

    async def command(self, verb, ref="acme/bank", key=None, if_match=None):
        return await self.over(await self.begin(verb, ref, key, if_match))

    async def begin(self, verb, ref="acme/bank", key=None, if_match=None):
        return await self.desk.commands.command(verb, ref, ANN, key, verb, if_match)

    async def over(self, operation):
        with trio.fail_after(DAY):
            while self.desk.operation(operation.id).state == "running":
                await trio.sleep(5)
        return self.desk.operation(operation.id)

    @property
    def account(self):
        return self.desk.tenant("acme").account_id


@asynccontextmanager
async def living(lab: Lab, folder: Path):
    """A daemon on the lab; its store stays for the next life."""

    async def identify():
        return MANAGEMENT

    health = things.Health(status="ok", version="0", since="", stage="dev")
    with open_store(folder / "sandboxd.db") as store:
        outside = Outside(
            call=lab.call, identify=identify, clock=lab.clock, store=store, writer=Inline(store),
            randbits=random.Random(1).getrandbits,
        )  # fmt: skip
        async with trio.open_nursery() as nursery:
            house = House(
                settings=Settings(), outside=outside, nursery=nursery, log=logging.getLogger("houselab"), health=health
            )
            await house.start()
            nursery.start_soon(house.keep)
            yield Life(house)
            nursery.cancel_scope.cancel()
