"""The world itself: the whole daemon in virtual time, its deaths, its one history per seed; and lives that once went wrong in it."""

import os
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
import trio

from sandboxd.model.errors import Conflict
from sandboxd.simulator import guest_envoy
from sandboxd.simulator.gate import Fault
from sandboxd.store import sqlite
from sandboxd.wire.requests import NewSandbox
from sandboxd.world import World, run
from tests.faults.disturb import Once
from tests.faults.oracle import Oracle
from tests.faults.scenario import ME, TENANT, People
from tests.faults.schedule import CALM, Case, schedule
from tests.faults.singles import singles

SEEDS = "from tests.faults.schedule import *; print([schedule(s, Case(faults=False)).trace for s in (1, 2, 3)])"


async def inhabited(world, nursery, name="one"):
    """A world with a tenant whose sandbox is started."""
    nursery.start_soon(world.keep_alive)
    people = People(world, Oracle(world), profile="trial", names=[name], rng=world.rng)
    await people.onboard()
    assert await people.command("create", name) == "succeeded"
    return people


def test_a_refused_command_does_not_silence_the_second_listing():
    """A start while a delete waits for its second empty listing is refused, and the delete ends all the same."""

    async def main():
        world = World(seed=1)
        async with trio.open_nursery() as nursery:
            people = await inhabited(world, nursery)
            await people.command("delete", "one", wait=False)
            with trio.fail_after(3600):
                while next_alarm(world.house, people.account) != "op":
                    await trio.sleep(1)
            with pytest.raises(Conflict):
                await world.ask(lambda house: house.desk.commands.command("start", f"{TENANT}/one", ME, "k", "d"))
            assert await people._settled("one") == "deleted"
            nursery.cancel_scope.cancel()

    run(main, seed=1)


def test_an_operation_that_is_no_longer_kept_is_shown_and_stays_over(monkeypatch):
    """After a restart, and newer ones than an actor keeps: its steps are there, its key answers, a retry is refused."""
    monkeypatch.setattr(sqlite, "LATEST_OPERATIONS", 1)

    async def main():
        world = World(seed=1)
        async with trio.open_nursery() as nursery:
            people = await inhabited(world, nursery)
            first = people.acknowledged[-1]
            for verb in ("stop", "start"):
                assert await people.command(verb, "one") == "succeeded"
            await world.restart()
            shown = await world.ask(lambda house: asked(house.desk.operation, first))
            assert (shown.kind, shown.state) == ("create", "succeeded")
            assert {step.state for step in shown.steps} == {"done"}
            assert first not in world.house.shared.directory.operations
            with pytest.raises(Conflict) as refused:
                await world.ask(lambda house: house.desk.commands.retry(first, None, ME, "again", "d"))
            assert refused.value.code == "superseded"
            again = NewSandbox(name="one", tenant=TENANT, profile="trial")
            known = await world.ask(lambda house: house.desk.commands.create(again, ME, "key-2", "create"))
            assert known.id == first
            nursery.cancel_scope.cancel()

    run(main, seed=1)


def test_a_late_delete_does_not_meet_the_next_life_of_the_same_name():
    """Soak seed 100130: a delete that lands a minute later, by name; the profile made anew waits until it cannot land any more."""

    async def main():
        world = World(seed=1)
        async with trio.open_nursery() as nursery:
            people = await inhabited(world, nursery)
            world.simulated.hook = Once("DeleteInstanceProfile", Fault(effect="late", reply="cut", after=140.0))
            assert await people.command("delete", "one") == "succeeded"
            assert await people.command("create", "one") == "succeeded"
            await trio.sleep(CALM)
            refused = [entry.operation for entry in world.simulated.log.since(0) if entry.error == "DeleteConflict"]
            assert refused == []
            people._oracle.whole(people.account, 1, "trial")
            assert people._oracle.findings == []
            nursery.cancel_scope.cancel()

    run(main, seed=1)


async def asked(what, *parts):
    return what(*parts)


def next_alarm(house, account):
    """What the account's next alarm is about: an operation's listing (`op`), or a resource."""
    state = house.supervisor.actor(account).state
    state.next_alarm()
    return state._timers[0][1].partition("_")[0] if state._timers else ""


@pytest.mark.parametrize("point", range(1, 24))
def test_a_claim_goes_on_wherever_the_daemon_died(point):
    """Moved, tagged, or about to be: the account ends with its tenant, by itself or after a retry."""

    async def main():
        points = iter(range(1, 10_000))
        world = World(seed=point, dies_at=lambda _: next(points) == point)
        async with trio.open_nursery() as nursery:
            people = await inhabited(world, nursery)
            assert people.account
            assert world.deaths == 1
            assert not world.broken
            nursery.cancel_scope.cancel()

    run(main, seed=point)


def test_no_thread_and_no_second_history():
    """The same seed gives the same trace in this process and in others, under any hash seed; and nothing leaves the loop."""
    before = threading.active_count()
    mine = [schedule(seed, Case(faults=False)).trace for seed in (1, 2, 3)]
    assert threading.active_count() <= before
    for hashes in ("0", "1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": hashes, "PYTHONPATH": str(Path.cwd())}
        said = subprocess.run([sys.executable, "-c", SEEDS], env=env, capture_output=True, text=True, check=True)
        assert said.stdout.strip() == str(mine)


def test_a_death_cuts_the_ports():
    """From the instant of death on, nothing of that life is called, committed or answered."""

    async def main():
        world = World(seed=5)
        async with trio.open_nursery() as nursery:
            people = await inhabited(world, nursery)
            await people.command("stop", "one", wait=False)
            await trio.sleep(0.1)
            calls, syncs = world.trace.calls, world.disk.syncs
            world.kill()
            await trio.sleep(0.05)
            assert (world.trace.calls, world.disk.syncs) == (calls, syncs)
            assert await people._settled("one") == "stopped"
            nursery.cancel_scope.cancel()

    run(main, seed=5)


def test_what_somebody_changed_on_an_envoy_is_restored_within_one_watch():
    """Its hosts are served again, an event says so; nothing is asked of an account whose sandboxes are stopped."""

    async def main():
        world = World(seed=1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.keep_alive)
            people = People(world, Oracle(world), profile="training", names=["one"], rng=world.rng)
            await people.onboard()
            assert await people.command("create", "one") == "succeeded"
            one, other = envoys(world)
            await trio.sleep(world.settings.engine.watch)
            asked = reports(world)
            assert (asked[one.id], asked[other.id], deliveries(world)) == (1, 1, 2)
            guest_envoy.tamper(one, world.simulated.clock.now(), version="5-abcdef", hosts=("evil.example",))
            await trio.sleep(world.settings.engine.watch + 120)
            assert one.data["serves"] == other.data["serves"] != ("evil.example",)
            told = [entry for entry in world.trace.entries if b"step.drifted" in entry[4]]
            assert len(told) == 1
            assert one.id.encode() in told[0][4]
            assert await people.command("stop", "one") == "succeeded"
            before = reports(world).total()
            await trio.sleep(3 * world.settings.engine.watch)
            assert reports(world).total() == before
            nursery.cancel_scope.cancel()

    run(main, seed=1)


def envoys(world):
    """The machines that run Envoy."""
    rows = world.simulated.rows.everywhere("eu-central-1", "machine")
    return [row for row in rows if "envoy" in row.data.get("disk", {})]


def scripts(world, verb):
    """Machine -> how often it was sent a script of one kind."""
    rows = world.simulated.rows.everywhere("eu-central-1", "command")
    return Counter(row.refs["machine"] for row in rows if str(row.data["parameters"]["commands"][0]).startswith(verb))


def reports(world):
    """Machine -> how often it was asked what it runs."""
    return scripts(world, "#sandboxd envoy-report")


def deliveries(world):
    """How often something was delivered."""
    return scripts(world, "#sandboxd envoy-deliver").total()


def test_a_bank_whose_account_may_not_pull_launches_nothing_that_pulls():
    """The create fails with the repository's name and what to do; once that is done a retry goes on, and one pull each was enough."""

    async def main():
        world = World(seed=1)
        denied = Fault(
            code="AccessDeniedException", message="no service control policy allows the ecr:BatchGetImage action"
        )
        world.simulated.hook = lambda q: denied if q.operation == "BatchGetImage" else None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.keep_alive)
            people = People(world, Oracle(world), profile="model-bank", names=["one"], rng=world.rng)
            await people.onboard()
            await people.command("create", "one", wait=False)
            (operation,) = people.acknowledged[-1:]
            await people._over(operation)
            failed = world.house.shared.directory.operations[operation]
            assert failed.state == "failed"
            assert "constellations/" in failed.reason
            assert "service control policies" in failed.reason
            machines = world.simulated.rows.everywhere("eu-central-1", "machine")
            assert not [row for row in machines if row.tags["sandboxd:key"].endswith("/ocp")]
            world.simulated.hook = lambda _: None
            before = pulls(world)
            assert await people._retry(operation)
            await people._over(operation)
            assert await people._settled("one") == "started"
            assert pulls(world) - before == 4
            nursery.cancel_scope.cancel()

    run(main, seed=1)


def pulls(world):
    """How often somebody tried to pull."""
    return sum(entry[1] == "call" and entry[3].endswith(" BatchGetImage") for entry in world.trace.entries)


def test_a_copy_that_dies_lives_the_life_that_dies_there():
    """What is shown for every single crash is what `--crash-at` replays."""
    copies = list(singles(Case(), first=5, every=200))
    replayed = [
        schedule(1, Case(straight=True, faults=False, crash_at=point)) for point in range(5, 5 + 200 * len(copies), 200)
    ]
    assert len(copies) > 2
    assert [one.trace for one in copies] == [one.trace for one in replayed]
    assert {one.crashes for one in copies} == {1}


def test_what_a_copy_finds_is_told_with_the_point(monkeypatch):
    """Also when it breaks."""

    def broken(_oracle, _account):
        raise AssertionError("the oracle broke")

    monkeypatch.setattr(Oracle, "empty", broken)
    (found,) = [one.findings for one in singles(Case(), first=5, every=1000)]
    assert len(found) == 1
    assert found[0].startswith("--straight --no-faults --crash-at 5: lost: the schedule broke")
    assert "the oracle broke" in found[0]
