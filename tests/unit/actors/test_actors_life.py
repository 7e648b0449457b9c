"""Whole lives through desk, actor, engine and store in time that jumps: what only their sum can show."""

import logging

import pytest
import trio
from enginelab import REGION, Lab
from houselab import ANN, DAY, living
from trio.testing import MockClock

from sandboxd.daemon.house import House
from sandboxd.lifecycle.messages import Progress
from sandboxd.model.errors import Refusal
from sandboxd.wire.etags import tag_of


@pytest.fixture
def autojump_clock():
    """Hours in milliseconds."""
    return MockClock(autojump_threshold=0)


def machines(lab, account):
    rows = lab.world.rows.of(account, REGION, "machine")
    return [state for row in rows if (state := row.state(lab.clock.now())) != "terminated"]


def aws(lab, account, operation, **parameters):
    return lab.world.call(lab.world.caller(account), REGION, "ec2", operation, parameters)


async def test_a_start_whose_reply_was_lost_does_not_outlive_the_stop(autojump_clock, tmp_path):
    """B28: somebody's StartInstances of ours lands long after the stop; the watch finds it, and it is stopped again."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create()
        assert (await life.command("stop")).state == "succeeded"
        (machine,) = lab.world.rows.of(life.account, REGION, "machine")
        aws(lab, life.account, "StartInstances", InstanceIds=[machine.id])
        await trio.sleep(7200)
        assert machines(lab, life.account) == ["stopped"]
        assert life.desk.sandbox("acme/bank").state == "stopped"


async def test_what_a_stop_met_before_it_was_taken_up_is_left_to_the_next_life(autojump_clock, tmp_path, monkeypatch):
    """Soak, seed 200067: a stop came while accounts were taken up, and the last one sent a call that nobody waited for."""

    async def never(_):
        await trio.sleep_forever()

    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        operation = await life.begin_create()
    with monkeypatch.context() as patched:
        patched.setattr(House, "_recover", never)
        async with living(lab, tmp_path) as life:
            sent = len(lab.mutations)
            await life.house.stop()
            await life.house.supervisor.recover()
            life.house.supervisor.ring(life.account)
            await life.house.supervisor.actor(life.account).start_over()
            await trio.sleep(300)
            assert len(lab.mutations) == sent
    async with living(lab, tmp_path) as life:
        assert (await life.over(operation)).state == "succeeded"


async def test_a_late_double_is_removed_after_a_restart_too(autojump_clock, tmp_path):
    """AllocateAddress lands after the settle time: the watch, durable, lists the account once more."""
    lab = Lab()
    lab.lands_after = 900.0
    async with trio.open_nursery() as lab.nursery:
        async with living(lab, tmp_path) as life:
            await life.onboard()
            lab.disturb("AllocateAddress", "late")
            lost = trio.current_time()
            assert (await life.create()).state == "succeeded"
            account = life.account
        async with living(lab, tmp_path):
            await trio.sleep(lost + 1000 - trio.current_time())
            addresses = lab.world.rows.of(account, REGION, "elastic-ip")
            assert len(addresses) == 2, "the laboratory is sensitive"
            await trio.sleep(900)
            assert len(lab.world.rows.of(account, REGION, "elastic-ip")) == 1


async def test_what_is_not_ours_is_shown_with_its_price_and_blocks_nothing(autojump_clock, tmp_path):
    """An address of somebody's in the tenant's account: delete succeeds, account show tells."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create()
        address = aws(lab, life.account, "AllocateAddress", Domain="vpc")["AllocationId"]
        assert (await life.command("delete")).state == "succeeded"
        (told,) = life.desk.account(life.account).unmanaged
        assert (told.kind, told.id, told.per_hour, told.network) == ("elastic-ip", address, 0.005, None)


async def test_what_is_in_the_way_is_named_and_a_retry_goes_on(autojump_clock, tmp_path):
    """A group of somebody's in our VPC: deleting_failed with its id, well before any deadline."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create()
        vpc = next(one.id for one in life.desk.account(life.account).resources if one.kind == "vpc")
        group = aws(lab, life.account, "CreateSecurityGroup", VpcId=vpc, GroupName="theirs", Description="x")["GroupId"]
        began = trio.current_time()
        failed = await life.command("delete")
        assert (failed.state, failed.code) == ("failed", "held_by_others")
        assert group in failed.reason
        assert trio.current_time() - began < 900
        aws(lab, life.account, "DeleteSecurityGroup", GroupId=group)
        await life.over(await life.desk.commands.retry(failed.id, None, ANN, None, ""))
        assert life.desk.sandbox("acme/bank").state == "deleted"


async def test_if_match_counts_in_the_turn_that_takes_the_command(autojump_clock, tmp_path):
    """Two stops with one tag at the same moment: the second one meets another state."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create()
        tag, codes = tag_of(life.desk.sandbox("acme/bank")), []

        async def stop():
            try:
                await life.begin("stop", if_match=tag)
            except Refusal as error:
                codes.append(error.code)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(stop)
            nursery.start_soon(stop)
        assert codes == ["precondition_failed"]


async def test_one_key_is_one_retry_one_cancel_one_extension(autojump_clock, tmp_path):
    """The second request with a key is answered as the first was; another body under it is refused."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        lab.disturb("CreateVpc", "VpcLimitExceeded")
        failed = await life.create()
        commands = life.desk.commands
        lab.disturb("CreateVpc", "VpcLimitExceeded")
        for _ in range(2):
            assert (await commands.retry(failed.id, None, ANN, "k1", "d")).id == failed.id
        await life.over(failed)
        assert not lab.faults["CreateVpc"]
        assert (await commands.retry(failed.id, None, ANN, "k1", "d")).state == "failed", "not once more"
        with pytest.raises(Refusal) as caught:
            await commands.cancel(failed.id, ANN, "k1", "other")
        assert caught.value.code == "idempotency_key_reused"
        first = await commands.extend("acme/bank", 60, ANN, "k2", "e")
        assert (await commands.extend("acme/bank", 60, ANN, "k2", "e")).expires_at == first.expires_at


async def test_credentials_that_are_gone_for_an_hour_fail_nothing(autojump_clock, tmp_path):
    """A37: every call is refused for an hour in the middle of a create; it goes on by itself."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        dark = [trio.current_time() + 60, trio.current_time() + 3700]
        real = lab.call

        async def call(scope, service, operation, parameters):
            lab.disturb(operation, *(["ExpiredToken"] if dark[0] < trio.current_time() < dark[1] else []))
            return await real(scope, service, operation, parameters)

        life.house.shared.engine._ports.call._call = call
        operation = await life.create()
        assert operation.state == "succeeded"
        assert trio.current_time() < dark[1] + 1200
        assert len(machines(lab, life.account)) == 1


async def test_serve_says_what_goes_on(autojump_clock, tmp_path, caplog):
    """resumed n, blocked m: one line at the start of the next life."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(life.create)
            await trio.sleep(30)
            nursery.cancel_scope.cancel()
    with caplog.at_level(logging.INFO, "houselab"):
        async with living(lab, tmp_path) as life:
            with trio.fail_after(DAY):
                while life.desk.sandbox("acme/bank").state != "started":
                    await trio.sleep(5)
            assert "resumed 1 operations, blocked 0" in caplog.text
    assert len(machines(lab, life.account)) == 1


async def test_a_delete_believes_no_index_of_tags(autojump_clock, tmp_path):
    """A61: ghosts are listed there and a young stray volume is not; the delete takes its normal time, the proof finds the volume."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create()
        await trio.sleep(600)
        began = trio.current_time()
        (first,) = (one.id for one in lab.world.rows.of(life.account, REGION, "machine"))
        stray = stray_volume(lab, life.account, first)
        indexed = tagged_by_index(lab, life.account)
        assert first in indexed
        assert stray not in indexed, "the laboratory is as bad as AWS"
        assert (await life.command("delete")).state == "succeeded"
        assert trio.current_time() - began < NORMAL_DELETE
        assert lab.world.rows.find(stray) is None
        assert first in tagged_by_index(lab, life.account), "a ghost, for hours"
        assert not lab.there()
    assert "GetResources" not in {operation for operation, *_ in lab.calls}


NORMAL_DELETE = 500.0
"""seconds: machine and NAT gateway go, two listings 60 s apart; the volume that the first one finds is gone when no read has
shown it for the settle time, 300 s"""


def stray_volume(lab, account, machine):
    """A volume that bears its machine's tags, made this moment and attached to nothing."""
    (disk,) = lab.world.rows.of(account, REGION, "volume")
    stray = lab.world.rows.make("volume", account, REGION, lab.clock.now())
    stray.data, stray.tags = dict(disk.data), dict(lab.world.rows.find(machine).tags)
    return stray.id


def tagged_by_index(lab, account):
    """The ids that the tagging API shows."""
    caller = lab.world.caller(account)
    found = lab.world.call(caller, REGION, "resourcegroupstaggingapi", "GetResources", {})
    return [one["ResourceARN"].rpartition("/")[2] for one in found["ResourceTagMappingList"]]


@pytest.mark.parametrize("operation", ["CreateRole", "CreateInstanceProfile"])
async def test_a_role_that_lands_after_everything_was_deleted_is_removed(autojump_clock, tmp_path, operation):
    """The account is listed once more after the watch time, IAM too."""
    lab = Lab()
    lab.lands_after = 900.0
    async with trio.open_nursery() as lab.nursery, living(lab, tmp_path) as life:
        await life.onboard()
        lab.disturb(operation, "late")
        lost = trio.current_time()
        assert (await life.create()).state == "succeeded"
        assert (await life.command("delete")).state == "succeeded"
        await trio.sleep(lost + 1000 - trio.current_time())
        kind = {"CreateRole": "role"}.get(operation, "instance-profile")
        assert lab.there() == {kind: 1}, "the laboratory is sensitive"
        await trio.sleep(900)
        assert lab.there() == {}


async def test_a_step_never_shows_what_another_step_of_its_resource_saw(autojump_clock, tmp_path):
    """A fleet that is stopped is not STARTING, though that was the last that its start saw; nor is what a former attempt says late."""
    lab = Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        assert (await life.create(profile="model-bank", smart_client=True)).state == "succeeded"
        actor = life.house.supervisor.actor(life.account)
        (fleet,) = [key for key, row in actor.state.rows.items() if row.node.kind == "appstream-fleet"]
        assert actor.progress[fleet].startswith("STARTING"), "the laboratory is sensitive"
        stop, shown = await life.begin("stop"), []
        while life.desk.operation(stop.id).state == "running":
            steps = [one for one in life.desk.operation(stop.id).steps if one.kind == "appstream-fleet"]
            shown += [(one.state, one.reason or "") for one in steps if one.state in ("calling", "waiting")]
            if shown:
                actor.post(Progress(fleet, actor.state.rows[fleet].run - 1, "STARTING, said a former attempt"))
            await trio.sleep(1)
        assert ("waiting", "") in shown and ("waiting", "STOPPING") in shown
        assert [reason for _, reason in shown if "STARTING" in reason] == []
