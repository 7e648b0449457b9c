"""A43: an explicit deny by a service control policy is told at once, in calls and in reads, and never taken for nothing."""

import pytest
from enginelab import REGION, Driver, Lab, image_of, nodes, own, shared, zone_of

from sandboxd.engine.meaning import forbidden
from sandboxd.lifecycle.messages import Proof
from sandboxd.model.ports import AwsError

POLICY = "arn:aws:organizations::111122223333:policy/o-abcdefghij/service_control_policy/p-examplepolicyid"
WORDS = (
    "You are not authorized to perform this operation. User: arn:aws:sts::1:assumed-role/x is not authorized to perform: "
    f"ec2:{{}} on resource: arn:aws:ec2:eu-central-1:1:instance/* with an explicit deny in a service control policy: {POLICY}"
)


def denying(lab, *operations):
    """The lab's call, but for what the policy denies."""

    async def call(scope, service, operation, parameters):
        if operation in operations:
            lab.calls.append((operation, scope.account, dict(parameters)))
            raise AwsError("refused", "UnauthorizedOperation", WORDS.format(operation), 403)
        return await lab.call(scope, service, operation, parameters)

    return call


async def lab_and_driver():
    lab = Lab()
    return lab, Driver(lab, nodes(await image_of(lab), await zone_of(lab)))


async def test_a43_a_launch_that_a_policy_denies_is_one_call_and_a_reason(autojump_clock):
    """Permanent at once, with action, resource and policy; the tags stand on instance and volume both."""
    lab, driver = await lab_and_driver()
    await driver.raise_all({own("acp"): 0})
    driver.engine = lab.engine(denying(lab, "RunInstances"))
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.left, ended.how) == ("nothing", "permanent")
    assert POLICY in ended.reason
    assert "ec2:RunInstances" in ended.reason
    assert lab.mutations.count("RunInstances") == 1
    (sent,) = [parameters for operation, _, parameters in lab.calls if operation == "RunInstances"]
    tagged = {one["ResourceType"]: one["Tags"] for one in sent["TagSpecifications"]}
    assert tagged["instance"] == tagged["volume"] == tagged["network-interface"]


async def test_a43_a_denied_read_ends_the_wait(autojump_clock):
    """What cannot be looked at is not there and not gone: the step ends, and says which policy."""
    lab, driver = await lab_and_driver()
    await driver.raise_all({shared("nat"): 0, shared("private-default"): 0, own("acp"): 0})
    driver.engine = lab.engine(denying(lab, "DescribeNatGateways"))
    ended = await driver.step(shared("nat"), "raise", 1)
    assert (ended.left, ended.how) == ("between", "permanent")
    assert POLICY in ended.reason


async def test_a43_a_denied_read_in_teardown_is_a_failure(autojump_clock):
    """Never nothing there: neither for the step, nor for the proof."""
    lab, driver = await lab_and_driver()
    await driver.raise_all()
    await driver.lower_all({key: 9 for key in driver.rows if key not in (own("acp"), shared("private-default"))})
    driver.engine = lab.engine(denying(lab, "DescribeNatGateways"))
    ended = await driver.step(shared("nat"), "lower", 0)
    assert (ended.how, driver.rows[shared("nat")].hi) == ("permanent", 1)
    heard = []
    await driver.engine.prove(driver.who, Proof("op_1", "sbx_01", 1), [REGION], driver.may_stay(), heard.append)
    (proved,) = heard
    assert proved.lasting
    assert POLICY in proved.failed


async def test_a_plain_denial_may_only_be_too_early(autojump_clock):
    """A new account's policies and roles arrive late: it is put off."""
    lab, driver = await lab_and_driver()
    lab.disturb("CreateVpc", "UnauthorizedOperation")
    assert (await driver.step(shared("vpc"), "raise", 1)).how == "temporary"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (WORDS.format("RunInstances"), POLICY),
        ("… with an explicit deny in a permissions boundary", "A policy"),
        ("You are not authorized", ""),
    ],
)
def test_the_policy_is_named_where_aws_names_it(words, named):
    """Else that there is one; a plain denial says nothing."""
    assert named in forbidden(words, "RunInstances")
    assert bool(forbidden(words, "RunInstances")) == bool(named)


async def test_a21_a_machine_that_died_of_a_storage_quota_names_it(autojump_clock):
    """A21: accepted, and terminated a moment later; only the reason of the state says why."""
    lab, driver = await lab_and_driver()
    await driver.raise_all({own("acp"): 0})

    async def call(scope, service, operation, parameters):
        answer = await lab.call(scope, service, operation, parameters)
        if operation == "DescribeInstances":
            for one in (m for r in answer["Reservations"] for m in r["Instances"]):
                one["State"] = {"Name": "terminated", "Code": 48}
                one["StateReason"] = {"Code": "Client.VolumeLimitExceeded", "Message": "Volume limit exceeded"}
        return answer

    driver.engine = lab.engine(call)
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.how, ended.code) == ("permanent", "Client.VolumeLimitExceeded")
    assert "Storage for General Purpose SSD" in ended.reason


@pytest.mark.parametrize(
    ("operation", "code", "quota"),
    [("CreateVpc", "VpcLimitExceeded", "L-F678F1CE"), ("AllocateAddress", "AddressLimitExceeded", "L-0263D0A3")],
)
async def test_a_quota_that_is_met_later_is_named(autojump_clock, operation, code, quota):
    """Permanent, with the code under which a person asks for more."""
    lab, driver = await lab_and_driver()
    lab.disturb(operation, code)
    ended = await driver.step(shared("vpc" if operation == "CreateVpc" else "eip"), "raise", 1)
    assert ended.how == "permanent"
    assert quota in ended.reason
