"""A whole model bank, and a second one beside it: what people are told of it, and what both share."""

from collections import Counter
from itertools import pairwise

import pytest
from enginelab import Lab
from houselab import living
from trio.testing import MockClock

from sandboxd.wire.requests import NewSandbox, PlanRequest

EVERYTHING = {"amq": True, "smart_client": True}


@pytest.fixture
def autojump_clock():
    """Hours in milliseconds."""
    return MockClock(autojump_threshold=0)


def counts(lab):
    return Counter(lab.there())


async def test_what_people_are_told_of_a_bank(autojump_clock, tmp_path):
    """Where it answers, what its Envoys run, and nothing of it once it is stopped."""
    lab = Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        assert (await life.create(profile="model-bank", **EVERYTHING)).state == "succeeded"
        ends = {one.name: one for one in life.desk.sandbox("acme/bank").endpoints}
        assert ends["api"].url == "http://api-bank.acme.sandbox.internal"
        assert ends["amq"].url.startswith("tcp://") and ends["amq"].url.endswith(":20000")
        assert ends["web"].via.endswith(".elb.amazonaws.com")
        seen = await life.desk.ingress(life.account)
        assert {one.state for one in seen.machines} == {"current"}
        assert len(seen.machines) == 2
        assert {(one.route, one.state) for one in seen.routes} == {
            ("api", "present"),
            ("web", "present"),
            ("amq", "present"),
        }
        assert (await life.command("stop")).state == "succeeded"
        assert life.desk.sandbox("acme/bank").endpoints == []
        assert (await life.desk.ingress(life.account)).machines == []
        assert life.desk.sandbox("acme/bank").cost.per_hour < 0.2
        assert (await life.command("delete")).state == "succeeded"
    assert lab.there() == {}


async def test_two_banks_share_what_stands_before_them(autojump_clock, tmp_path):
    """One of each load balancer and fleet, two Envoys, and each its own machines and ports; the last one takes it along."""
    lab = Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        assert (await life.create("one", profile="model-bank", **EVERYTHING)).state == "succeeded"
        before = counts(lab)
        assert (await life.create("two", profile="model-bank", **EVERYTHING)).state == "succeeded"
        more = counts(lab) - before
        assert {
            name: more[name] for name in ("load-balancer", "nat-gateway", "fleet", "web-acl", "vpc")
        } == dict.fromkeys(("load-balancer", "nat-gateway", "fleet", "web-acl", "vpc"), 0)
        assert more["machine"] == 2
        ports = {
            end.url.rpartition(":")[2]
            for name in ("one", "two")
            for end in life.desk.sandbox(f"acme/{name}").endpoints
            if end.name == "amq"
        }
        assert ports == {"20000", "20001"}
        assert (await life.command("delete", "acme/one")).state == "succeeded"
        assert counts(lab) == before
        assert len((await life.desk.ingress(life.account)).routes) == 3
        assert (await life.command("delete", "acme/two")).state == "succeeded"
    assert lab.there() == {}


async def test_a_plan_says_why_each_part_is_there_or_not(autojump_clock, tmp_path):
    """With the value of the parameter that decides."""
    lab = Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        wanted = NewSandbox(name="bank", tenant="acme", profile="model-bank", parameters={"amq": True})
        plan = await life.desk.plan(PlanRequest(verb="create", sandbox=wanted))
        told = {one.name: one for one in plan.components}
        assert told["network load balancer"].there
        assert (told["Smart Client fleet"].there, told["Smart Client fleet"].because) == (
            False,
            "`smart_client` is false",
        )
        assert plan.refusals == []
    assert lab.there() == {}


async def test_what_a_create_begins_to_cost_is_seen_while_it_runs(autojump_clock, tmp_path):
    """An event of a step carries the sandbox when its price has changed, and not otherwise; the last one is right."""
    lab = Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        assert (await life.create(profile="model-bank")).state == "succeeded"
        events = life.house.shared.feed.after(0)
        told = [one.data["sandbox"].cost.per_hour for one in events if "sandbox" in one.data]
        steps = [one for one in events if one.type.startswith("step.") and "sandbox" in one.data]
        assert 2 <= len(steps) <= 12
        assert all(one != other for one, other in pairwise(told[:-1]))
        assert told[-1] == life.desk.sandbox("acme/bank").cost.per_hour == max(told) > 1.0
