"""What people do in a schedule: they create, stop, start and delete, across each other, and retry what failed.

A person repeats a request with the same key where the connection was cut, as our clients do. What was acknowledged is
noted, and must still be known to the last daemon.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import trio
from msgspec import Struct

from sandboxd.daemon.house import House
from sandboxd.identity.peers import Caller
from sandboxd.model.errors import Refusal
from sandboxd.wire import things
from sandboxd.wire.requests import NewSandbox, NewTenant
from sandboxd.world import World
from tests.faults.oracle import NO_PARAMETERS, Oracle

ME = Caller("tester", 0, 0, (), "admin")
TENANT = "acme"
TENANTS = (TENANT, "beta", "corp")
PATIENCE = 6 * 3600.0
"""seconds after which an operation that is not over is lost"""
TRIES = 12
"""how often a person retries an operation that failed"""
LATEST = 160.0
"""seconds after which every late request has landed"""
OVER = ("succeeded", "failed", "cancelled")
Answer = things.Operation


class Sandbox(Struct):
    """One sandbox as its owner knows it."""

    name: str
    commands: int = 0
    exists: bool = False
    harmed: bool = False
    """somebody else took a machine away: what is promised of it is a person's business"""


class People:
    """Everybody who uses the account of one tenant; keeps what was acknowledged."""

    def __init__(
        self, world: World, oracle: Oracle, *, profile: str, names: list[str], rng: random.Random,
        parameters: Mapping[str, Any] = NO_PARAMETERS, tenant: str = TENANT,
    ) -> None:  # fmt: skip
        self._world, self._oracle, self._rng = world, oracle, rng
        self.profile, self.parameters, self.tenant = profile, parameters, tenant
        self._prefix = "" if tenant == TENANT else f"{tenant}-"
        self.sandboxes = {name: Sandbox(name) for name in names}
        self.account = ""
        self.acknowledged: list[str] = []
        self._keys = 0

    # ---- asking
    async def onboard(self, **limits: int) -> None:
        """The tenant gets an account."""
        request = NewTenant(name=self.tenant, email=f"ops@{self.tenant}.example", limits=limits)
        done = await self._do(lambda house, key: house.desk.commands.onboard(request, ME, key, "onboard"))
        self.account = done.account_id if done is not None else ""

    async def command(self, verb: str, name: str, *, wait: bool = True) -> str:
        """Give a command, and see it through unless told otherwise; return how it ended (`refused`, `asked` too)."""
        sandbox = self.sandboxes[name]
        sandbox.commands += 1
        if verb == "delete":
            self.give_up(name)
        number = sandbox.commands
        if verb == "create":
            request = NewSandbox(name=name, tenant=self.tenant, profile=self.profile, parameters=dict(self.parameters))
            ask = partial(_create, request)
        else:
            ask = partial(_command, verb, f"{self.tenant}/{name}")
        if not wait:
            return "asked" if await self._accepted(ask) is not None else "refused"
        done = await self._do(ask)
        if done is None:
            return "refused"
        if done.state == "succeeded" and number == sandbox.commands and not sandbox.harmed:
            self._oracle.promised(verb, self.account, done.target, self.profile, alone=len(self.sandboxes) == 1)
            if verb in ("create", "start"):
                self._oracle.keep(self.account, name, done.target)
        return done.state

    def give_up(self, name: str) -> None:
        """What is on its machines may go."""
        self._oracle.give_up(self.account, name)

    async def _accepted(self, ask: Callable[[House, str], Awaitable[Answer]]) -> Answer | None:
        """Ask until somebody answers; None where it is refused."""
        self._keys += 1
        key = f"{self._prefix}key-{self._keys}"
        for _ in range(200):
            try:
                answer = await self._world.ask(lambda house: ask(house, key))
            except Refusal as refusal:
                if refusal.status < 500:
                    return None
                await trio.sleep(30)
                continue
            self.acknowledged.append(answer.id)
            self._world.trace.note("answer", self.account, f"{answer.kind} is {answer.id}, {answer.state}")
            return answer
        self._oracle.lost.append("a request was answered with 'not now' 200 times")
        return None

    async def _do(self, ask: Callable[[House, str], Awaitable[Answer]]) -> Answer | None:
        """See a request through: retry what failed, as a person would."""
        operation = await self._accepted(ask)
        if operation is None:
            return None
        for _ in range(TRIES):
            state = await self._over(operation.id)
            if state != "failed":
                break
            await trio.sleep(self._rng.uniform(30, 300))
            if not await self._retry(operation.id):
                break
        return await self._world.ask(lambda house: _now(house, operation.id))

    async def _over(self, identifier: str) -> str:
        if not await self._world.until(lambda house: _state(house, identifier) in OVER, patience=PATIENCE):
            self._oracle.lost.append(f"{identifier} is not over after {PATIENCE / 3600:.0f} h")
        return await self._world.ask(lambda house: _state_now(house, identifier))

    async def _retry(self, identifier: str) -> bool:
        self._keys += 1
        key = f"{self._prefix}retry-{self._keys}"
        try:
            await self._world.ask(lambda house: house.desk.commands.retry(identifier, None, ME, key, "retry"))
        except Refusal:
            return False
        return True

    # ---- what they do
    async def wander(self, name: str, *, until: float) -> None:
        """Create, then stop, start, delete and create again in any order, sometimes without waiting."""
        rng, verb = self._rng, "create"
        await trio.sleep(rng.uniform(0, 60))
        while trio.current_time() < until:
            if verb == "restart":
                await self.command("stop", name)
                verb = "start"
            await self.command(verb, name, wait=rng.random() < 2 / 3)
            await self._rest(name, rng.choice([0.0, 1.0, rng.uniform(0, 60), rng.uniform(0, 600)]))
            verb = rng.choice(["restart", "restart", "stop", "start", "delete", "create"])

    async def _rest(self, name: str, seconds: float) -> None:
        """Wait; what was said of a sandbox before is still so after every late call has landed."""
        sandbox, before = self.sandboxes[name], await self._state(name)
        given = sandbox.commands
        await trio.sleep(seconds)
        quiet = given == sandbox.commands and not sandbox.harmed and before == await self._state(name)
        if seconds > LATEST and quiet and (identifier := await self._id(name)):
            self._oracle.believed(before, self.account, identifier)

    async def bring_up(self, name: str) -> str:
        """Whatever it is now, it shall be started."""
        for verb in ("retry", "create", "retry", "start", "retry"):
            if (state := await self._settled(name)) == "started":
                return state
            if verb == "retry":
                await self._retry_failed(name)
            else:
                await self.command(verb, name)
        return await self._settled(name)

    async def _retry_failed(self, name: str) -> None:
        """What failed and was left lying is tried again."""
        if (state := await self._state(name)).endswith("_failed") and state != "deleting_failed":
            operation = await self._world.ask(lambda house: _operation(house, name))
            if await self._retry(operation):
                await self._over(operation)

    async def remove(self, name: str) -> None:
        """Whatever it is now, it shall be gone."""
        if (state := await self._settled(name)) in ("", "deleted"):
            return
        ended = await self.command("delete", name)
        state = await self._settled(name)
        if state != "deleted":
            self._oracle.lost.append(f"{name} is {state} after a delete that {ended}")

    async def _settled(self, name: str) -> str:
        """The state of a sandbox once nothing runs for it."""
        await self._world.until(lambda house: _at_rest(house, name), patience=PATIENCE)
        return await self._state(name)

    async def _state(self, name: str) -> str:
        return await self._world.ask(lambda house: _sandbox(house, name))

    async def _id(self, name: str) -> str:
        return await self._world.ask(lambda house: _sandbox_id(house, name))

    async def check_believed(self) -> None:
        """What the daemon says of every sandbox at rest is so."""
        for name in self.sandboxes:
            state = await self._settled(name)
            if identifier := await self._id(name):
                self._oracle.believed(state, self.account, identifier)

    async def check_acknowledged(self) -> None:
        """Every acknowledged operation is known, and over."""
        for identifier in self.acknowledged:
            state = await self._world.ask(lambda house, one=identifier: _state_now(house, one))
            if state not in OVER:
                self._oracle.lost.append(f"{identifier} was acknowledged and is {state or 'unknown'}")


async def _create(request: NewSandbox, house: House, key: str) -> Answer:
    return await house.desk.commands.create(request, ME, key, "create")


async def _command(verb: str, ref: str, house: House, key: str) -> Answer:
    return await house.desk.commands.command(verb, ref, ME, key, verb)  # type: ignore[arg-type]


def _state(house: House, identifier: str) -> str:
    known = house.shared.directory.operations.get(identifier)
    return known.state if known is not None else ""


async def _state_now(house: House, identifier: str) -> str:
    return _state(house, identifier)


async def _now(house: House, identifier: str) -> Answer:
    return house.shared.directory.operations[identifier]


async def _sandbox(house: House, name: str) -> str:
    found = [one for one in house.shared.directory.sandboxes.values() if one.name == name]
    return found[-1].state if found else ""


async def _operation(house: House, name: str) -> str:
    found = [one for one in house.shared.directory.sandboxes.values() if one.name == name]
    return found[-1].operation_id or ""


async def _sandbox_id(house: House, name: str) -> str:
    found = [one for one in house.shared.directory.sandboxes.values() if one.name == name]
    return found[-1].id if found else ""


def _at_rest(house: House, name: str) -> bool:
    found = [one for one in house.shared.directory.sandboxes.values() if one.name == name]
    if not found:
        return True
    operation = found[-1].operation_id
    return operation is None or _state(house, operation) in ("", *OVER)
