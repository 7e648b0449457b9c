"""Recovery does not give up: one account that cannot be read, or whose actor breaks, is tried again and shown; others go on."""

from itertools import pairwise

import pytest
import trio

from sandboxd.actors import account as account_actor
from sandboxd.actors import supervisor as supervisors
from sandboxd.lifecycle.messages import Recovered
from sandboxd.model.errors import Conflict, StoreError
from sandboxd.simulator.gate import Fault
from sandboxd.wire.requests import NewSandbox, NewTenant
from sandboxd.world import World, run
from tests.faults.oracle import Oracle
from tests.faults.scenario import ME, TENANT, People

HOURS = 12 * 3600.0
SILENT = Fault(code="Unavailable", status=503)


async def two_in_the_middle(world, nursery):
    """Two tenants in the middle of a create."""
    nursery.start_soon(world.keep_alive)
    both = [People(world, Oracle(world), profile="trial", names=["one"], rng=world.rng)]
    await both[0].onboard()
    await onboard(world, "other")
    for tenant in (TENANT, "other"):
        await create(world, tenant)
    await trio.sleep(20)
    return [house_account(world, tenant) for tenant in (TENANT, "other")]


async def onboard(world, tenant):
    request = NewTenant(name=tenant, email="ops@x.example")
    op = await world.ask(lambda house: house.desk.commands.onboard(request, ME, f"onboard {tenant}", "d"))
    assert await world.until(lambda house: house.desk.operation(op.id).state == "succeeded", patience=HOURS)


async def create(world, tenant):
    request = NewSandbox(name="bank", tenant=tenant, profile="trial")
    return await world.ask(lambda house: house.desk.commands.create(request, ME, f"create {tenant}", "d"))


def house_account(world, tenant):
    return world.house.shared.directory.tenant(tenant).account_id


def started(tenant):
    return lambda house: house.desk.sandbox(f"{tenant}/bank").state == "started"


def lives(main, seed):
    async def whole():
        world = World(seed=seed)
        async with trio.open_nursery() as nursery:
            await main(world, nursery)
            nursery.cancel_scope.cancel()

    run(whole, seed=seed)


def test_a_read_that_fails_once_strands_nobody(monkeypatch):
    """The first read of an account's snapshots fails: it is shown as being recovered, and both finish."""

    async def main(world, nursery):
        unlucky, _ = await two_in_the_middle(world, nursery)
        world.kill()
        load, failed = supervisors.Supervisor._show, []

        def once(self, account):
            if account == unlucky and not failed:
                failed.append(account)
                raise StoreError("the store cannot be read: EIO", 74)
            load(self, account)

        monkeypatch.setattr(supervisors.Supervisor, "_show", once)
        assert await world.until(lambda house: bool(failed), patience=HOURS)
        for tenant in (TENANT, "other"):
            assert await world.until(
                lambda house, t=tenant: t in {x.name for x in house.desk.tenants()}, patience=HOURS
            )
            assert await world.until(started(tenant), patience=HOURS)
        assert world.house.shared.trouble.reason(unlucky) is None
        assert world.deaths == 1

    lives(main, 1)


def test_an_actor_that_always_breaks_is_blocked_with_the_reason_and_others_finish(monkeypatch):
    """Tried again with back-off, shown in the account and refused to commands; when it works again it finishes, too."""

    async def main(world, nursery):
        unlucky, _ = await two_in_the_middle(world, nursery)
        world.kill()
        decide, tries = account_actor.decide, []

        def broken(state, message, now):
            if state.account_id == unlucky and isinstance(message, Recovered):
                tries.append(trio.current_time())
                raise ValueError("planted")
            return decide(state, message, now)

        with monkeypatch.context() as patch:
            patch.setattr(account_actor, "decide", broken)
            assert await world.until(started("other"), patience=HOURS)
            assert await world.until(lambda _: len(tries) > 5, patience=HOURS)
            gaps = [later - sooner for sooner, later in pairwise(tries)]
            assert gaps == sorted(gaps) and gaps[0] < 2 and gaps[-1] > 10, gaps
            shown = world.house.desk.account(unlucky)
            assert "try" in shown.reason and "because ValueError: planted" in shown.reason
            assert world.house.desk.in_trouble() == 1
            assert world.house.desk.sandbox(f"{TENANT}/bank").state == "initializing"
            with pytest.raises(Conflict, match="planted"):
                await world.ask(lambda house: house.desk.commands.command("delete", f"{TENANT}/bank", ME, "k", "d"))
        assert await world.until(started(TENANT), patience=HOURS)
        assert world.house.desk.account(unlucky).reason is None
        assert world.house.desk.in_trouble() == 0
        made = [entry for entry in world.simulated.log.since(0) if entry.operation == "CreateVpc" and not entry.error]
        assert len(made) == 2, "one for each account"

    lives(main, 2)


def test_an_operation_that_lost_its_task_is_counted_and_taken_up_again():
    """A task that vanishes without a word: found within a minute, and the create ends."""

    async def main(world, nursery):
        unlucky, _ = await two_in_the_middle(world, nursery)
        counted = []
        nursery.start_soon(watch, world, counted)
        actor = world.house.supervisor.actor(unlucky)
        assert await world.until(lambda _: bool(actor._inflight), patience=HOURS)
        actor._inflight.interrupt()
        assert await world.until(lambda _: any(counted), patience=600)
        assert await world.until(started(TENANT), patience=HOURS)
        await trio.sleep(120)
        assert world.house.desk.without_owner() == 0
        assert max(counted) == 1

    lives(main, 3)


async def watch(world, counted):
    while True:
        counted.append(world.house.desk.without_owner())
        await trio.sleep(30)


def test_every_operation_has_an_owner_all_its_life():
    """Create, stop, start, delete, with deaths between: the invariant holds whenever it is checked."""

    async def main(world, nursery):
        nursery.start_soon(world.keep_alive)
        people = People(world, Oracle(world), profile="trial", names=["one"], rng=world.rng)
        await people.onboard()
        found = []
        nursery.start_soon(again_and_again, world, found)
        for verb, state in (("create", "started"), ("stop", "stopped"), ("start", "started"), ("delete", "deleted")):
            await people.command(verb, "one", wait=False)
            await trio.sleep(world.rng.uniform(1, 40))
            world.kill()
            assert await world.until(
                lambda house, s=state: house.desk.sandbox(f"{TENANT}/one").state == s, patience=HOURS
            )
        assert len(found) > 10
        assert set(found) == {()}

    lives(main, 4)


async def again_and_again(world, found):
    while True:
        await trio.sleep(19)
        if world.house is not None and world.house.trust.given.is_set() and not world.life.is_dead:
            found.append(tuple(world.house.supervisor._ownerless()))


def test_a_sandbox_expires_though_the_daemon_was_restarted_at_rest():
    """Nothing runs when the daemon dies; the next one still knows when the sandbox is to go."""

    async def main(world, nursery):
        nursery.start_soon(world.keep_alive)
        people = People(world, Oracle(world), profile="trial", names=["one"], rng=world.rng)
        await people.onboard()
        assert await people.command("create", "one") == "succeeded"
        await world.ask(lambda house: house.desk.commands.extend(f"{TENANT}/one", 4 * 3600.0, ME, "extend", "d"))
        world.kill()
        assert await world.until(lambda house: house.desk.sandbox(f"{TENANT}/one").state == "deleted", patience=HOURS)

    lives(main, 5)


def test_what_takes_far_longer_than_usual_is_said_and_counted():
    """A gateway that AWS does not show for a quarter of an hour: `why` says overdue, a metric counts it, and it ends."""

    async def main(world, nursery):
        nursery.start_soon(world.keep_alive)
        await onboard(world, TENANT)
        await create(world, TENANT)
        world.simulated.hook = lambda q: SILENT if q.operation == "DescribeNatGateways" else None
        await trio.sleep(150)
        assert world.house.desk.overdue() == 0
        await trio.sleep(300)
        assert world.house.desk.overdue() == 1
        assert "overdue" in world.house.desk.why(f"{TENANT}/bank").answer
        world.simulated.hook = lambda _: None
        assert await world.until(started(TENANT), patience=HOURS)
        await trio.sleep(60)
        assert world.house.desk.overdue() == 0

    lives(main, 5)
