"""A51: an interface in our subnet that stays nobody's is removed after ten minutes; what is somebody's is never touched."""

import pytest
import trio
from enginelab import REGION, Crash, Lab
from houselab import living
from trio.testing import MockClock

TEN_MINUTES = 600


@pytest.fixture
def autojump_clock():
    """Hours in milliseconds."""
    return MockClock(autojump_threshold=0)


def by_hand(lab, life, operation, **parameters):
    """What somebody does in the tenant's account, without our tags."""
    return lab.world.call(lab.world.caller(life.account), REGION, "ec2", operation, parameters)


def subnet_of(lab, life):
    """The sandbox's own subnet."""
    state = life.house.supervisor.actor(life.account).state
    return next(row.facts["id"] for key, row in state.rows.items() if "/sbx" in key and row.node.kind == "subnet")


async def with_interface(lab, life, **more):
    """A sandbox, and an interface that somebody left in its subnet."""
    await life.onboard()
    assert (await life.create()).state == "succeeded"
    made = by_hand(lab, life, "CreateNetworkInterface", SubnetId=subnet_of(lab, life), Description="left by a build")
    interface = lab.world.rows.find(made["NetworkInterface"]["NetworkInterfaceId"])
    interface.data |= more
    return interface


def touched(lab):
    return [
        (operation, sent["NetworkInterfaceId"])
        for operation, _, sent in lab.calls
        if operation in ("DeleteNetworkInterface", "DetachNetworkInterface")
    ]


def first(lab, operation):
    return next(entry.at for entry in lab.world.log.since(0) if entry.operation == operation)


async def said(life):
    return [event for event in await life.desk.history(0, 1000) if event.type == "step.found"]


async def test_a51_an_interface_that_stays_nobodys_is_removed_and_the_delete_ends(autojump_clock, tmp_path):
    """Once, after ten minutes and no sooner, with an event that names it; nothing is left."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        interface = await with_interface(lab, life)
        subnet = subnet_of(lab, life)
        assert lab.there()["interface"] == 1, "the laboratory is sensitive"
        assert (await life.command("delete")).state == "succeeded"
        assert touched(lab) == [("DeleteNetworkInterface", interface.id)]
        waited = first(lab, "DeleteNetworkInterface") - first(lab, "DeleteSubnet")
        assert TEN_MINUTES <= waited < 2 * TEN_MINUTES
        assert lab.there() == {}
        (event,) = await said(life)
        assert f"{interface.id} (left by a build, in {subnet}, nobody's for 10 min)" in event.message


async def test_a51_what_a_service_manages_is_named_and_never_touched(autojump_clock, tmp_path):
    """Attached to nothing, and its service's all the same: no call about it; when it has gone, a retry is enough."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        interface = await with_interface(lab, life, requester="amazon-elb")
        operation = await life.command("delete")
        assert (operation.state, touched(lab)) == ("failed", [])
        assert interface.id in operation.reason
        lab.world.rows.drop(interface)
        assert (await life.command("delete", key="again")).state == "succeeded"
        assert (lab.there(), touched(lab)) == ({}, [])


async def test_a51_what_finds_an_owner_meanwhile_is_untouched(autojump_clock, tmp_path):
    """Attached after eight minutes, it is somebody's and named; detached again, ten more minutes begin."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        interface = await with_interface(lab, life)
        begun = await life.begin("delete")
        while not any(entry.operation == "DeleteSubnet" for entry in lab.world.log.since(0)):
            await trio.sleep(1)
        await trio.sleep(TEN_MINUTES - 120)
        lab.world.rows.refer(interface, machine="i-theirs")
        operation = await life.over(begun)
        assert (operation.state, touched(lab)) == ("failed", [])
        assert interface.id in operation.reason
        lab.world.rows.unrefer(interface, "machine")
        again = lab.clock.now()
        assert (await life.command("delete", key="again")).state == "succeeded"
        assert first(lab, "DeleteNetworkInterface") >= again + TEN_MINUTES
        assert lab.there() == {}


async def test_a51_what_is_attached_at_the_last_moment_is_let_be(autojump_clock, tmp_path):
    """AWS refuses to delete it: it is no stray any more, and what holds the subnet is somebody's."""
    lab = Lab()
    real = lab.call

    async def call(scope, service, operation, parameters):
        if operation == "DeleteNetworkInterface":
            lab.world.rows.refer(lab.world.rows.find(parameters["NetworkInterfaceId"]), machine="i-theirs")
        return await real(scope, service, operation, parameters)

    lab.call = call
    async with living(lab, tmp_path) as life:
        interface = await with_interface(lab, life)
        operation = await life.command("delete")
        assert operation.state == "failed"
        assert f"{interface.id} (left by a build)" in operation.reason
        assert touched(lab) == [("DeleteNetworkInterface", interface.id)]
        rows = life.house.supervisor.actor(life.account).state.rows
        assert [key for key in rows if interface.id in key] == []


@pytest.mark.parametrize(
    "how", ["lose", "drop", "InternalError", "RequestLimitExceeded", "crash-before", "crash-after"]
)
async def test_a51_a_removal_whose_reply_is_lost_is_finished(autojump_clock, tmp_path, how):
    """Whatever becomes of the call or the daemon: it goes by its id, and nothing is left."""
    lab = Lab()
    lab.disturb("DeleteNetworkInterface", how)
    ended = []

    async def lives():
        async with living(lab, tmp_path) as life:
            if not life.desk.sandboxes():
                await with_interface(lab, life)
                await life.begin("delete")
            ended.append(await life.over(life.desk.operations()[-1]))

    try:
        await lives()
    except* Crash:
        await lives()
    assert [one.state for one in ended] == ["succeeded"]
    assert lab.there() == {}


@pytest.mark.parametrize("after", [300, 560, 601, 615, 630, 660])
async def test_a51_a_death_on_the_way_only_makes_it_later(autojump_clock, tmp_path, after):
    """The minutes are counted anew, or the row is there already; both end the same."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await with_interface(lab, life)
        begun = await life.begin("delete")
        while not any(entry.operation == "DeleteSubnet" for entry in lab.world.log.since(0)):
            await trio.sleep(1)
        await trio.sleep(after)
    async with living(lab, tmp_path) as life:
        assert (await life.over(begun)).state == "succeeded"
    assert lab.there() == {}
    assert len(touched(lab)) >= 1
