"""Chaos by seed: everything comes, in its share, within the promised bounds, and the same seed does the same."""

from collections import Counter

import pytest
from simdesk import Desk

from sandboxd.simulator import ApiError, NoReply
from sandboxd.simulator.chaos import LANDING, MUTATIONS, READS, Chaos
from sandboxd.simulator.inventory import inventory


def storm(desk, calls, operation="CreateInternetGateway"):
    """What the caller hears of many calls."""
    heard = Counter()
    for _ in range(calls):
        try:
            desk.call(operation)
            heard["ok"] += 1
        except ApiError as error:
            heard[f"{error.code} {error.status}"] += 1
        except NoReply as none:
            heard[none.how] += 1
    return heard


def test_everything_comes_and_is_counted(desk):
    """Every kind of fault for changes and for reads, and what the caller hears adds up."""
    desk.world.quotas["internet_gateways"] = 10_000
    desk.world.hook = chaos = Chaos(5, rate=1.0)
    heard = storm(desk, 300)
    assert set(chaos.met) == set(MUTATIONS) and sum(chaos.met.values()) == 300 == sum(heard.values())
    assert set(heard) == {
        "cut", "reset", "hang", "empty", "truncated", "InternalError 500", "Unavailable 503", "RequestLimitExceeded 503",
    }  # fmt: skip
    chaos.met.clear()
    chaos.reads = 1.0
    storm(desk, 100, "DescribeVpcs")
    assert set(chaos.met) == set(READS)


def test_what_was_late_is_there_within_the_promised_time(desk):
    """Nothing is on its way any more `LANDING` seconds after the last call, and what came after is neither more nor less."""
    desk.world.quotas["internet_gateways"] = 10_000
    desk.world.hook = chaos = Chaos(5, rate=1.0)
    storm(desk, 300)
    before = len(inventory(desk.world))
    assert before >= sum(chaos.met[name] for name in ("lost after", "500 after", "empty", "truncated"))
    desk.later(LANDING)
    assert len(inventory(desk.world)) == before + chaos.met["late"]
    assert desk.world.next_landing() is None


def test_the_rate_is_that_of_changes_and_reads_are_hit_less(desk):
    """About a tenth, about a fortieth."""
    desk.world.quotas["internet_gateways"] = 10_000
    desk.world.hook = chaos = Chaos(1, rate=0.1)
    storm(desk, 1000)
    assert 70 <= sum(chaos.met.values()) <= 130
    chaos.met.clear()
    storm(desk, 1000, "DescribeVpcs")
    assert 10 <= sum(chaos.met.values()) <= 45


def test_from_its_end_on_it_leaves_everything_alone(desk):
    """`until` is a moment."""
    desk.world.hook = Chaos(1, rate=1.0, reads=1.0, until=desk.at + 10)
    assert "ok" not in storm(desk, 20, "DescribeVpcs")
    desk.later(10)
    assert storm(desk, 20, "DescribeVpcs") == {"ok": 20}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_does_the_same(seed):
    """Faults, ids, inventory."""
    worlds = []
    for _ in range(2):
        desk = Desk(seed=1)
        desk.world.hook = Chaos(seed, rate=0.5)
        storm(desk, 50)
        desk.later(LANDING)
        worlds.append([item["id"] for item in inventory(desk.world)])
    assert worlds[0] == worlds[1]
