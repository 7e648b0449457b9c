"""Several whole sandboxes in one account: what they share, what one of them does to the other (nothing), and what bills when none runs."""

import pytest
import trio
from enginelab import REGION, Lab
from houselab import living
from trio.testing import MockClock

from sandboxd.model.errors import Refusal
from sandboxd.profile import network
from sandboxd.simulator.guest import Fault

HOURLY = {
    "nat-gateway": ("pending", "available"), "elastic-ip": None, "load-balancer": None, "web-acl": None,
    "machine": ("pending", "running"), "fleet": ("STARTING", "RUNNING"),
}  # fmt: skip
"""kind -> the states in which it bills by the hour; None: all"""


@pytest.fixture
def autojump_clock():
    """Hours in milliseconds."""
    return MockClock(autojump_threshold=0)


def rows(lab, life, kind):
    now = lab.clock.now()
    return [row for row in lab.world.rows.of(life.account, REGION, kind) if not row.is_gone(now)]


def billing(lab, life):
    """What bills by the hour, disks aside."""
    now = lab.clock.now()
    return [
        row.id
        for kind, states in HOURLY.items()
        for row in rows(lab, life, kind)
        if states is None or row.state(now) in states
    ]


def served(lab, life):
    """Hosts that every running ingress machine answers to."""
    envoys = [row for row in rows(lab, life, "machine") if "envoy" in row.data.get("disk", {})]
    return [set(row.data["serves"]) for row in envoys if row.state(lab.clock.now()) == "running"]


def balancers(lab, life):
    return sorted(row.data["type"] for row in rows(lab, life, "load-balancer"))


def is_served(lab, life, sandbox):
    every = served(lab, life)
    return len(every) == 2 and all(any(f"web-{sandbox}." in host for host in hosts) for hosts in every)


# ---- the ingress, which all share
async def test_a16_one_machine_that_runs_the_old_version_keeps_the_sandbox_from_being_started(autojump_clock, tmp_path):
    """A16: its delivery ends with exit code 0; the reason says which machine, and both versions; a move into place is the cure."""
    lab, seen = Lab(shared=False), []

    def second(_account, verb, _now):
        if verb != "envoy-deliver":
            return None
        seen.append(verb)
        return Fault(0) if len(seen) > 1 else None

    lab.world.guest_hook = second
    async with living(lab, tmp_path) as life:
        await life.onboard()
        failed = await life.create(profile="training")
        assert (failed.code, life.desk.sandbox("acme/bank").state) == ("timed_out", "initializing_failed")
        (old,) = [
            row
            for row in rows(lab, life, "machine")
            if row.data.get("disk", {}).get("envoy", {}).get("runs") == "0-empty"
        ]
        assert f"{old.id}: Envoy still runs version 0-empty, wanted 1-" in failed.reason
        lab.world.guest_hook = lambda *_: None
        assert (await life.retry(failed)).state == "succeeded"
        assert is_served(lab, life, "bank")


async def test_a17_a_bad_host_fails_its_own_sandbox_and_the_neighbour_is_served_also_after_a_stop(
    autojump_clock, tmp_path
):
    """A17: Envoy's words at the one, both machines answer for the other, before and after the shared machines were stopped."""
    lab = Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        assert (await life.create("good", profile="training")).state == "succeeded"
        failed = await life.create("bad", profile="training")
        assert (failed.code, life.desk.sandbox("acme/bad").state) == ("ingress_rejected", "initializing_failed")
        assert "a host with 'bad' in it" in failed.reason
        assert life.desk.sandbox("acme/good").state == "started"
        assert is_served(lab, life, "good") and not is_served(lab, life, "bad")
        for name in ("bad", "good"):
            assert (await life.command("stop", f"acme/{name}")).state == "succeeded"
        assert billing(lab, life) == []
        assert (await life.command("start", "acme/good")).state == "succeeded"
        assert is_served(lab, life, "good") and not is_served(lab, life, "bad")
        for name in ("bad", "good"):
            await life.command("delete", f"acme/{name}")
        assert lab.there() == {}


# ---- ranges
async def test_a50_an_account_whose_ranges_are_all_taken_refuses_before_anything_is_made(
    autojump_clock, tmp_path, monkeypatch
):
    """A50: the address plan has room for so many sandboxes; the next one is told, and one that is deleted makes room."""
    monkeypatch.setattr(network, "_places", lambda _: 17)
    lab = Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        assert (await life.create("one")).state == "succeeded"
        before = len(lab.mutations)
        with pytest.raises(Refusal) as caught:
            await life.create("two")
        assert caught.value.hint
        assert len(lab.mutations) == before
        await life.command("delete", "acme/one")
        assert (await life.create("two")).state == "succeeded"


async def test_a54_the_rules_in_aws_are_those_that_are_wanted_no_more_and_no_less(autojump_clock, tmp_path):
    """A54: replies are lost and duplicates refused on the way; the default egress rule of every group of ours is gone."""
    lab = Lab(shared=False)
    lab.disturb("AuthorizeSecurityGroupIngress", "lose", "lose", "empty")
    lab.disturb("AuthorizeSecurityGroupEgress", "lose", "empty")
    async with living(lab, tmp_path) as life:
        await life.onboard()
        for name in ("one", "two"):
            await life.create(name, profile="model-bank", amq=True, smart_client=True)
        known = life.house.supervisor.actor(life.account).state.rows.values()
        wanted = {row.facts["id"] for row in known if row.node.kind == "security-group-rule" and row.lo}
        groups = {row.facts["id"] for row in known if row.node.kind == "security-group" and row.lo}
        described = lab.world.call(
            lab.world.caller(life.account), REGION, "ec2", "DescribeSecurityGroupRules", {"MaxResults": 1000}
        )["SecurityGroupRules"]
        assert {one["SecurityGroupRuleId"] for one in described if one["GroupId"] in groups} == wanted


# ---- idleness
@pytest.mark.parametrize(
    ("profile", "chosen"),
    [("trial", {}), ("training", {}), ("model-bank", {}), ("model-bank", {"amq": True, "smart_client": True})],
)
async def test_an_account_with_nothing_running_has_nothing_that_bills_by_the_hour(
    autojump_clock, tmp_path, profile, chosen
):
    """But disks, of its own machines and of the ingress; the price list says what they are, and nothing after a delete."""
    lab = Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        for name in ("one", "two"):
            await life.create(name, profile=profile, **chosen)
        assert billing(lab, life)
        await life.command("stop", "acme/one")
        assert billing(lab, life), "the other one runs on"
        await life.command("stop", "acme/two")
        assert billing(lab, life) == []
        disks = rows(lab, life, "volume")
        cost = [life.desk.sandbox(f"acme/{name}").cost for name in ("one", "two")]
        total = sum(row.data["size"] for row in disks) * 0.0952 / 730
        assert sum(one.per_hour for one in cost) == pytest.approx(total, rel=1e-3)
        assert [one.per_hour for one in cost] == [one.stopped_per_hour for one in cost]
        for name in ("one", "two"):
            await life.command("delete", f"acme/{name}")
        assert lab.there() == {}


# ---- two of them
async def test_layer_4_comes_with_the_one_that_has_it_and_goes_with_it(autojump_clock, tmp_path):
    """The network load balancer is there only while a sandbox with AMQ runs; the neighbour is served all the time."""
    lab = Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        assert (await life.create("plain", profile="model-bank")).state == "succeeded"
        assert balancers(lab, life) == ["application"]
        assert (await life.create("queue", profile="model-bank", amq=True)).state == "succeeded"
        assert balancers(lab, life) == ["application", "network"]
        assert (await life.command("stop", "acme/queue")).state == "succeeded"
        assert balancers(lab, life) == ["application"]
        assert is_served(lab, life, "plain") and not is_served(lab, life, "queue")
        assert (await life.command("start", "acme/queue")).state == "succeeded"
        assert balancers(lab, life) == ["application", "network"]
        assert (await life.command("delete", "acme/queue")).state == "succeeded"
        assert (balancers(lab, life), is_served(lab, life, "plain")) == (["application"], True)


async def test_one_is_stopped_while_the_other_is_created(autojump_clock, tmp_path):
    """Neither waits for the other's installer, and what both need stays."""
    lab = Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create("old", profile="model-bank", amq=True)
        new = await life.begin_create("new", profile="model-bank", smart_client=True)
        await trio.sleep(300)
        stop = await life.begin("stop", "acme/old")
        await trio.sleep(200)
        own = [row for row in rows(lab, life, "machine") if row.tags["sandboxd:sandbox"] == stop.target]
        assert [row.state(lab.clock.now()) for row in own] == ["stopped", "stopped"]
        assert balancers(lab, life) == ["application"]
        assert life.desk.operation(new.id).state == "running"
        assert (await life.over(stop)).state == "succeeded"
        assert (await life.over(new)).state == "succeeded"
        assert balancers(lab, life) == ["application"]
        assert is_served(lab, life, "new") and not is_served(lab, life, "old")


async def test_a_delete_during_the_installer_takes_everything_along(autojump_clock, tmp_path):
    """The installer is cut off; the neighbour stays as it is; nothing is left after the last one."""
    lab = Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create("stays", profile="training")
        created = await life.begin_create("goes", profile="model-bank", amq=True, smart_client=True)
        await trio.sleep(700)
        began = trio.current_time()
        assert (await life.command("delete", "acme/goes")).state == "succeeded"
        assert trio.current_time() - began < 900
        assert life.desk.operation(created.id).state != "running"
        assert (life.desk.sandbox("acme/stays").state, is_served(lab, life, "stays")) == ("started", True)
        assert (balancers(lab, life), rows(lab, life, "fleet")) == (["application"], [])
        await life.command("delete", "acme/stays")
        assert lab.there() == {}
