"""A storm of throttles over half of two hundred accounts: nothing fails, nobody is hammered, the others never notice."""

from statistics import median

import trio

from sandboxd.engine.buckets import bucket_of
from sandboxd.simulator.furnish import MANAGEMENT
from sandboxd.simulator.gate import Fault
from sandboxd.wire.requests import NewSandbox, NewTenant
from sandboxd.world import World, run
from tests.faults.scenario import ME

ACCOUNTS, BEGINS, ENDS = 200, 120.0, 420.0
THROTTLED = Fault(code="RequestLimitExceeded", message="Request limit exceeded.", status=503)


class Fleet:
    """Two hundred tenants, each of whom creates one sandbox at the same moment."""

    def __init__(self, world, accounts):
        self.world, self.accounts = world, accounts
        self.took = {}
        self.began = 0.0

    async def create(self, number):
        """One of them, from the request to `started`."""
        name, world = f"t{number}", self.world
        made = await world.ask(
            lambda h: h.desk.commands.create(
                NewSandbox(name="one", tenant=name, profile="trial"), ME, f"c{number}", "c"
            )
        )
        await self.over(made.id)
        self.took[made.account_id] = trio.current_time() - self.began

    async def live(self):
        """Onboard everybody, then create everywhere at once."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.world.keep_alive)
            async with trio.open_nursery() as tenants:
                for number in range(self.accounts):
                    tenants.start_soon(self.onboard, number)
            self.began = trio.current_time()
            async with trio.open_nursery() as creates:
                for number in range(self.accounts):
                    creates.start_soon(self.create, number)
            nursery.cancel_scope.cancel()

    async def onboard(self, number):
        """Claim an account."""
        request = NewTenant(name=f"t{number}", email="ops@x.example")
        made = await self.world.ask(lambda h: h.desk.commands.onboard(request, ME, f"o{number}", "o"))
        await self.over(made.id)

    async def over(self, identifier):
        """Return when an operation has succeeded."""
        with trio.fail_after(7200):
            while (found := self.world.house.shared.directory.operations[identifier]).state == "running":
                await trio.sleep(5)
        assert found.state == "succeeded", found


def test_a_storm_over_half_of_two_hundred_accounts(covered):
    """No operation fails; an account is asked no more than its bucket gives; the healthy take as long as in calm weather."""
    calm, stormy = lives(storm=False, accounts=40), lives(storm=True)
    hit = {account for n, account in enumerate(sorted(stormy.took)) if n % 2}
    usual = max(calm.took.values())
    healthy = [seconds for account, seconds in stormy.took.items() if account not in hit]
    assert len(stormy.took) == ACCOUNTS
    assert median(healthy) < 1.1 * median(calm.took.values())
    assert max(stormy.took[account] for account in hit) < ENDS + usual + 60
    counts = asked(stormy, hit)
    assert max(counts.values()) <= 1.1
    covered(
        "throttle storm", accounts=ACCOUNTS, throttled=len(hit), refused=stormy.refused,
        most_of_a_bucket=round(max(counts.values()), 3),
    )  # fmt: skip


def asked(fleet, hit):
    """How much of what its bucket gives each throttled account was asked for, by account and operation."""
    log, times = fleet.world.simulated.log, {}
    for entry in log.after(fleet.origin + BEGINS):
        if entry.at <= fleet.origin + ENDS and entry.account in hit and entry.service == "ec2":
            place = (entry.account, entry.operation)
            times[place] = times.get(place, 0) + 1
    given = {place: bucket_of("ec2", place[1]) for place in times}
    return {place: many / (given[place].burst + given[place].rate * (ENDS - BEGINS)) for place, many in times.items()}


def lives(*, storm, accounts=ACCOUNTS):
    """A fleet after its life."""

    async def main():
        world = World(seed=3, pool=accounts)
        fleet = Fleet(world, accounts)
        fleet.refused = 0

        hit = set(sorted(members(world))[1::2]) if storm else set()

        def hook(q):
            since = trio.current_time() - fleet.began
            if fleet.began and q.service == "ec2" and BEGINS <= since <= ENDS and q.account in hit:
                fleet.refused += 1
                return THROTTLED
            return None

        world.simulated.hook = hook
        await fleet.live()
        fleet.origin = world.simulated.clock.origin + fleet.began
        return fleet

    return run(main, seed=3)


def members(world):
    """The accounts of tenants."""
    return [number for number in world.simulated.organization["accounts"] if number != MANAGEMENT]
