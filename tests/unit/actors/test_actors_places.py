"""Zones, ranges and quotas as a daemon handles them: against what AWS has, before anything is created."""

import pytest
import trio
from enginelab import REGION, Lab
from houselab import ANN, living
from trio.testing import MockClock

from sandboxd.model.errors import BadRequest, Refusal
from sandboxd.wire.requests import NewSandbox, PlanRequest


@pytest.fixture
def autojump_clock():
    """Hours in milliseconds."""
    return MockClock(autojump_threshold=0)


def rows(lab, life, kind):
    return [row for row in lab.world.rows.of(life.account, REGION, kind) if not row.is_gone(lab.clock.now())]


def subnets(lab, life):
    """range -> zone of everything that is not the default network's."""
    return {row.data["cidr"]: row.data["zone_id"] for row in rows(lab, life, "subnet") if not row.data["default"]}


def aws(lab, account, operation, **parameters):
    return lab.world.call(lab.world.caller(account), REGION, "ec2", operation, parameters)


# ---- zones
async def test_no_subnet_is_placed_where_the_type_is_not_offered(autojump_clock, tmp_path):
    """A22: the zones are chosen by what they offer, and frozen."""
    lab = Lab()
    lab.world.scarcity.not_offered["t3.micro"] = ("euc1-az1",)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        assert (await life.create()).state == "succeeded"
        assert set(subnets(lab, life).values()) == {"euc1-az2"}
        lab.world.scarcity.not_offered["t3.micro"] = ()
        assert (await life.create("two")).state == "succeeded"
        assert set(subnets(lab, life).values()) == {"euc1-az2"}


async def test_a_type_that_neither_zone_of_the_account_offers_is_refused_in_the_plan(autojump_clock, tmp_path):
    """A22: with the zones that would do, and without a call that changes anything."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create()
        lab.world.scarcity.not_offered["t3.micro"] = ("euc1-az1", "euc1-az2")
        before = len(lab.mutations)
        with pytest.raises(BadRequest, match="euc1-az1 and euc1-az2") as caught:
            await life.create("two")
        assert "euc1-az3 would offer them" in caught.value.hint
        assert len(lab.mutations) == before


async def test_a_zone_without_capacity_is_left_once(autojump_clock, tmp_path):
    """The sandbox starts in the other zone; of the first attempt nothing is left."""
    lab = Lab()
    lab.world.scarcity.exhausted["t3.micro"] = ("euc1-az1",)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        assert (await life.create()).state == "succeeded"
        assert subnets(lab, life) == {"10.0.0.0/24": "euc1-az1", "10.0.16.0/24": "euc1-az2"}
        assert [row.data["zone_id"] for row in rows(lab, life, "machine")] == ["euc1-az2"]
        assert (await life.command("delete")).state == "succeeded"
        assert subnets(lab, life) == {}


async def test_no_capacity_anywhere_fails_with_the_reason_and_a_retry_goes_on(autojump_clock, tmp_path):
    """AWS's own words, after the back-offs; when there is capacity again, a retry is enough."""
    lab = Lab()
    lab.world.scarcity.exhausted["t3.micro"] = ("euc1-az1", "euc1-az2")
    async with living(lab, tmp_path) as life:
        await life.onboard()
        operation = await life.create()
        assert operation.state == "failed"
        assert "sufficient t3.micro capacity" in operation.reason
        lab.world.scarcity.exhausted.clear()
        await life.desk.commands.retry(operation.id, None, ANN, None, "")
        while life.desk.operation(operation.id).state == "running":
            await trio.sleep(5)
        assert life.desk.sandbox("acme/bank").state == "started"


# ---- ranges
async def test_a_range_that_somebody_else_took_is_left_alone(autojump_clock, tmp_path):
    """A50: what AWS shows in our VPC is not handed out, whoever made it."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create()
        (vpc,) = [row for row in rows(lab, life, "vpc") if not row.data["default"]]
        aws(lab, life.account, "CreateSubnet", VpcId=vpc.id, CidrBlock="10.0.17.64/26")
        assert (await life.create("two")).state == "succeeded"
        assert sorted(subnets(lab, life)) == ["10.0.0.0/24", "10.0.16.0/24", "10.0.17.64/26", "10.0.18.0/24"]


async def test_sandboxes_asked_for_together_have_ranges_of_their_own(autojump_clock, tmp_path):
    """A50: two creates at the same moment while a third sandbox is deleting; exactly the planned number of subnets."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create("old")
        await life.begin("delete", "acme/old")
        async with trio.open_nursery() as nursery:
            for name in ("one", "two"):
                nursery.start_soon(life.create, name)
        assert [life.desk.sandbox(f"acme/{name}").state for name in ("one", "two")] == ["started"] * 2
        assert sorted(subnets(lab, life)) == ["10.0.0.0/24", "10.0.17.0/24", "10.0.18.0/24"]


async def test_a_lost_reply_of_a_subnet_makes_no_second_one(autojump_clock, tmp_path):
    """A50: the conflict is with our own subnet, which is found by its range."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        lab.disturb("CreateSubnet", "lose")
        assert (await life.create()).state == "succeeded"
        assert sorted(subnets(lab, life)) == ["10.0.0.0/24", "10.0.16.0/24"]


# ---- quotas
async def test_a_quota_that_is_too_low_is_refused_before_anything_is_created(autojump_clock, tmp_path):
    """With its name, code, what there is and what is needed; the same in the plan, which tells all quotas."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        lab.world.quotas["vcpus"] = 1
        before = len(lab.mutations)
        with pytest.raises(Refusal) as caught:
            await life.create()
        assert (caught.value.code, caught.value.status) == ("quota_too_low", 409)
        assert "is 1 vCPU; 0 are used, and the sandbox needs 2 more" in caught.value.detail
        assert "at least 2 (ec2 L-1216C47A" in caught.value.hint
        assert len(lab.mutations) == before
        plan = await planned(life)
        assert [one.code for one in plan.refusals] == ["quota_too_low"]
        told = {one["name"]: (one["limit"], one["need"]) for one in plan.quotas if one["limit"] is not None}
        assert told["Running On-Demand Standard instances"] == (1.0, 2.0)
        assert told["EC2-VPC Elastic IPs"] == (5.0, 1.0)


async def planned(life, verb="create", name="bank"):
    if verb == "create":
        wanted = NewSandbox(name=name, tenant="acme", profile="trial")
        return await life.desk.plan(PlanRequest(verb="create", sandbox=wanted))
    return await life.desk.plan(PlanRequest(verb=verb, target=f"acme/{name}"))


async def test_a_second_sandbox_counts_what_the_first_is_about_to_take(autojump_clock, tmp_path):
    """Two at once where there is room for one: the second is refused, shared things are counted once."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        lab.world.quotas["vcpus"], lab.world.quotas["elastic_ips"] = 3, 1
        wanted = NewSandbox(name="one", tenant="acme", profile="trial")
        await life.desk.commands.create(wanted, ANN, None, "")
        with pytest.raises(Refusal, match="2 are about to be"):
            await life.create("two")
        while life.desk.sandbox("acme/one").state != "started":
            await trio.sleep(5)
        lab.world.quotas["vcpus"] = 4
        await trio.sleep(700)
        assert (await life.create("two")).state == "succeeded"


async def test_the_plan_of_a_start_tells_the_quotas(autojump_clock, tmp_path):
    """Somebody may have used them up while the sandbox was stopped."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create()
        await life.command("stop")
        await trio.sleep(700)
        lab.world.quotas["elastic_ips"] = 0
        plan = await planned(life, "start")
        assert [one.code for one in plan.refusals] == ["quota_too_low"]
        assert {one["name"] for one in plan.quotas} == {
            "Running On-Demand Standard instances", "EC2-VPC Elastic IPs", "NAT gateways per Availability Zone",
        }  # fmt: skip


async def test_a_sandbox_tells_what_it_costs_in_both_states(autojump_clock, tmp_path):
    """Stopped, its disk is left; running, machine, gateway and address are added."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create()
        cost = life.desk.sandbox("acme/bank").cost
        assert (
            cost.per_hour == cost.running_per_hour == pytest.approx(0.012 + 8 * 0.0952 / 730 + 0.052 + 0.005, rel=1e-3)
        )
        await life.command("stop")
        cost = life.desk.sandbox("acme/bank").cost
        assert cost.per_hour == cost.stopped_per_hour == pytest.approx(8 * 0.0952 / 730, rel=1e-3)
        await life.command("delete")
        assert life.desk.sandbox("acme/bank").cost.stopped_per_hour is None
