"""A8: GuardDuty puts an endpoint and a group into our VPC, and puts them back; a delete leaves nothing all the same."""

import pytest
import trio
from enginelab import REGION, Lab
from houselab import living
from trio.testing import MockClock

from sandboxd.model.ports import AwsError


@pytest.fixture
def autojump_clock():
    """Hours in milliseconds."""
    return MockClock(autojump_threshold=0)


def there(lab, life, kind):
    lab.world.call(lab.world.caller(life.account), REGION, "ec2", "DescribeVpcs", {})  # what is due comes with a look
    rows = lab.world.rows.of(life.account, REGION, kind)
    return [row for row in rows if not row.is_gone(lab.clock.now())]


def groups(lab, life):
    return [row for row in there(lab, life, "security-group") if row.data["name"].startswith("GuardDuty")]


async def test_a8_a_delete_removes_what_guard_duty_left(autojump_clock, tmp_path):
    """A8: no drift, no double, no cost while the sandbox runs; endpoint, group and VPC go, although it comes back once."""
    lab = Lab()
    lab.world.guard_duty.is_on = True
    async with living(lab, tmp_path) as life:
        await life.onboard()
        assert (await life.create()).state == "succeeded"
        await trio.sleep(900)
        aws = there(lab, life, "endpoint")
        assert len(aws) == 1, "the laboratory is sensitive"
        assert life.desk.sandbox("acme/bank").health == "ok"
        state = life.house.supervisor.actor(life.account).state
        assert state.account.unmanaged == ()
        assert (await life.command("stop")).state == "succeeded"
        assert len(there(lab, life, "endpoint")) == 1
        assert (await life.command("delete")).state == "succeeded"
        assert lab.there() == {}
        assert groups(lab, life) == []


async def test_a8_a_second_sandbox_goes_although_the_vpc_stays(autojump_clock, tmp_path):
    """Its subnet is held, too; the neighbour runs on."""
    lab = Lab()
    lab.world.guard_duty.is_on = True
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create()
        await life.create("two")
        await trio.sleep(900)
        assert len(there(lab, life, "endpoint")) == 1
        assert (await life.command("delete", "acme/two")).state == "succeeded"
        assert life.desk.sandbox("acme/bank").state == "started"


async def test_a8_where_the_organization_forbids_it_the_delete_says_so(autojump_clock, tmp_path):
    """Both ids and the setting; once it is allowed, a retry is enough."""
    lab = Lab()
    lab.world.guard_duty.is_on = True
    real, forbidden = lab.call, True

    async def call(scope, service, operation, parameters):
        if operation == "DeleteVpcEndpoints" and forbidden:
            raise AwsError("refused", "UnauthorizedOperation", "with an explicit deny in a service control policy", 403)
        return await real(scope, service, operation, parameters)

    lab.call = call
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create()
        await trio.sleep(900)
        (endpoint,), (group,) = there(lab, life, "endpoint"), groups(lab, life)
        operation = await life.command("delete")
        assert (operation.state, life.desk.sandbox("acme/bank").state) == ("failed", "deleting_failed")
        assert endpoint.id in operation.reason
        assert group.id in operation.reason
        assert "automatic agent" in operation.reason
        forbidden = False
        assert (await life.command("delete", key="again")).state == "succeeded"
        assert lab.there() == {}
