"""A60: EC2 says the same of an instance profile that it does not know yet and of one that is wrong; age and a look tell."""

import pytest
import trio
from enginelab import REGION, Driver, Lab, image_of, nodes, own, shared, zone_of

from sandboxd.aws.kinds.machine import KIND
from sandboxd.engine.unreached import AGAIN, LOOKS
from sandboxd.simulator.consistency import NEVER
from sandboxd.simulator.gate import Fault

PROFILE = shared("instance-profile")
NAME = "sandboxd-dev-machines"


async def but_the_machine():
    """Everything that a launch needs; the machine is not asked for yet."""
    lab = Lab()
    driver = Driver(lab, nodes(await image_of(lab), await zone_of(lab)))
    await driver.raise_all({own("acp"): 0})
    return lab, driver


def known_after(lab, seconds):
    """EC2 knows the profile so many seconds after it was made, whatever was drawn."""
    (row,) = lab.world.rows.of(lab.account, "aws-global", "instance-profile")
    row.data["ec2_from"] = row.created + seconds
    return row


def machines(lab):
    """Every machine that was ever launched."""
    return lab.world.rows.of(lab.account, REGION, "machine")


def age(lab):
    """Seconds since the profile was made."""
    (row,) = lab.world.rows.of(lab.account, "aws-global", "instance-profile")
    return lab.clock.now() - row.created


async def test_a_profile_that_ec2_knows_late_is_waited_for(autojump_clock):
    """150 seconds after it was made: one machine, with this profile."""
    lab, driver = await but_the_machine()
    row = known_after(lab, 150)
    ended = await driver.step(own("acp"), "raise", 2)
    assert ended.left == "done"
    assert [one.data["profile"]["Id"] for one in machines(lab)] == [row.id]
    assert machines(lab)[0].created >= row.data["ec2_from"]
    assert lab.mutations.count("RunInstances") > 1


async def test_a_profile_that_ec2_never_knows_fails_at_five_minutes(autojump_clock):
    """The failure names it, and nothing was launched."""
    lab, driver = await but_the_machine()
    known_after(lab, NEVER)
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "InvalidParameterValue")
    assert f"The instance-profile {NAME} was made" in ended.reason
    assert 300 <= age(lab) < 330
    assert machines(lab) == []


@pytest.mark.parametrize(
    "words", ["Volume of size 5GB is smaller than snapshot, expect size >= 8GB", "Invalid IAM role"]
)
async def test_every_other_invalid_value_fails_at_once(autojump_clock, words):
    """The code alone says nothing: one call, nothing launched."""
    lab, driver = await but_the_machine()
    known_after(lab, 0)
    fault = Fault(code="InvalidParameterValue", message=words)
    lab.world.hook = lambda q: fault if q.operation == "RunInstances" else None
    began = trio.current_time()
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "InvalidParameterValue")
    assert (lab.mutations.count("RunInstances"), trio.current_time() - began < 1) == (1, True)
    assert machines(lab) == []


async def test_a_profile_that_is_there_for_long_is_not_waited_for(autojump_clock):
    """It is wrong, not young."""
    lab, driver = await but_the_machine()
    known_after(lab, NEVER)
    await trio.sleep(300)
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.how, lab.mutations.count("RunInstances"), machines(lab)) == ("permanent", 1, [])


async def test_a_young_profile_whose_role_somebody_took_is_not_waited_for(autojump_clock):
    """Only as long as a look may be stale."""
    lab, driver = await but_the_machine()
    names = {"InstanceProfileName": NAME, "RoleName": NAME}
    lab.world.call(lab.world.caller(lab.account), REGION, "iam", "RemoveRoleFromInstanceProfile", names)
    began = trio.current_time()
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.how, lab.mutations.count("RunInstances"), machines(lab)) == ("permanent", 1, [])
    assert "no associated IAM Roles" in ended.reason
    assert trio.current_time() - began < LOOKS * AGAIN


def test_both_refusals_are_data_of_the_launch():
    """Code and text, of the one move that meets them."""
    launch = KIND.move(nodes()[-1], "raise", 0, 2)
    assert launch is not None
    assert {(one.code, one.role) for one in launch.unseen} == {
        ("InvalidParameterValue", "profile"),
        *(
            (code, "share")
            for code in ("AuthFailure", "InvalidAMIID.NotFound", "InvalidAMIID.Unavailable", "Client.InternalError")
        ),
    }
