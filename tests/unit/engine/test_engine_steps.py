"""Single steps of the engine in the situations that real AWS has in store."""

import trio
from enginelab import REGION, Driver, Lab, image_of, nodes, own, shared, zone_of

from sandboxd.lifecycle.messages import Called, Ended, Look, Lost, Progress, Proof, Unknown
from sandboxd.model.ports import AwsError
from sandboxd.model.resource import Mark


async def lab_and_driver(seed=1, **settings):
    lab = Lab(seed)
    return lab, Driver(lab, nodes(await image_of(lab), await zone_of(lab)), **settings)


async def up(driver, *names):
    for name in names:
        row = driver.rows[shared(name)]
        while row.lo < len(row.node.states) - 1:
            ended = await driver.step(shared(name), "raise", row.lo + 1)
            assert ended.left == "done", ended


async def test_a_gateway_that_fails_is_spoiled_with_its_cause(autojump_clock):
    """Made without an attached internet gateway: FailureCode is the reason, and lowering frees the address."""
    lab, driver = await lab_and_driver()
    await up(driver, "vpc", "public-a", "eip")
    ended = await driver.step(shared("nat"), "raise", 1)
    assert (ended.left, ended.code, ended.how) == ("spoiled", "Gateway.NotAttached", "temporary")
    assert "no Internet gateway attached" in ended.reason
    assert ended.facts["id"].startswith("nat-")
    assert lab.there()["nat-gateway"] == 1


async def test_a_machine_that_aws_gives_up_is_spoiled_with_its_state_reason(autojump_clock):
    """pending, then terminated with a reason that a client caused: permanent."""
    lab, driver = await lab_and_driver()
    real = lab.call

    async def call(scope, service, operation, parameters):
        answer = await real(scope, service, operation, parameters)
        if operation == "DescribeInstances":
            for reservation in answer["Reservations"]:
                for one in reservation["Instances"]:
                    one["State"] = {"Code": 48, "Name": "terminated"}
                    one["StateReason"] = {
                        "Code": "Client.InvalidKMSKey.InvalidState",
                        "Message": "The KMS key is disabled",
                    }
        return answer

    goals = {own("acp"): 0}
    await driver.raise_all(goals)
    driver.engine = lab.engine(call)
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.left, ended.how, ended.code) == ("spoiled", "permanent", "Client.InvalidKMSKey.InvalidState")
    assert "KMS key is disabled" in ended.reason


async def test_capacity_is_a_refusal_though_it_comes_as_500(autojump_clock):
    """The code decides: nothing happened, later again."""
    lab, driver = await lab_and_driver()
    await driver.raise_all({own("acp"): 0})
    lab.disturb("RunInstances", "InsufficientInstanceCapacity")
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.left, ended.how, ended.code) == ("nothing", "temporary", "InsufficientInstanceCapacity")
    assert not [message for message in driver.messages if isinstance(message, Unknown)]


async def test_a_quota_is_permanent_with_what_to_do(autojump_clock):
    """A person is asked."""
    lab, driver = await lab_and_driver()
    lab.disturb("CreateVpc", "VpcLimitExceeded")
    ended = await driver.step(shared("vpc"), "raise", 1)
    assert (ended.left, ended.how) == ("nothing", "permanent")
    assert "quota" in ended.reason


async def test_access_denied_becomes_permanent_after_some_attempts(autojump_clock):
    """A new role may not be known everywhere yet."""
    lab, driver = await lab_and_driver()
    lab.disturb("CreateVpc", "UnauthorizedOperation", "UnauthorizedOperation")
    ended = await driver.step(shared("vpc"), "raise", 1)
    assert ended.how == "temporary"
    driver.rows[shared("vpc")].marks["raise"] = Mark(attempts=8)
    ended = await driver.step(shared("vpc"), "raise", 1)
    assert ended.how == "permanent"


async def test_a_token_whose_machine_died_is_a_known_outcome(autojump_clock):
    """The next generation at once."""
    lab, driver = await lab_and_driver()
    await driver.raise_all({own("acp"): 0})
    lab.disturb("RunInstances", "lose", "IdempotentInstanceTerminated")
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.left, ended.after) == ("absent", 0.0)


async def test_ground_that_is_not_visible_yet_is_waited_for(autojump_clock):
    """InvalidVpcID.NotFound just after CreateVpc: the same call again, and it is said."""
    lab, driver = await lab_and_driver()
    await up(driver, "vpc")
    lab.disturb("CreateSubnet", "InvalidVpcID.NotFound", "InvalidVpcID.NotFound")
    ended = await driver.step(shared("public-a"), "raise", 1)
    assert ended.left == "done"
    assert lab.mutations.count("CreateSubnet") == 3
    assert [message for message in driver.messages if isinstance(message, Progress)]


async def test_throttles_are_sat_out(autojump_clock):
    """Nothing happened; the same again with growing pauses."""
    lab, driver = await lab_and_driver()
    lab.disturb("CreateVpc", *["RequestLimitExceeded"] * 6)
    began = trio.current_time()
    assert (await driver.step(shared("vpc"), "raise", 1)).left == "done"
    assert 20 < trio.current_time() - began < 90


async def test_not_found_says_gone_only_of_what_was_seen(autojump_clock):
    """A delete that is told NotFound of a thing made a second ago repeats until the settle time has passed."""
    lab, driver = await lab_and_driver()
    await up(driver, "vpc")
    row = driver.rows[shared("vpc")]
    row.facts.pop("seen", None)
    lab.disturb("DeleteVpc", *["InvalidVpcID.NotFound"] * 3)
    ended = await driver.step(shared("vpc"), "lower", 0)
    assert ended.left == "done"
    assert lab.mutations.count("DeleteVpc") == 4
    assert lab.there() == {}


async def test_not_found_of_an_old_thing_is_believed(autojump_clock):
    """Somebody else deleted it."""
    lab, driver = await lab_and_driver()
    await up(driver, "vpc")
    await trio.sleep(400)
    lab.disturb("DeleteVpc", "InvalidVpcID.NotFound")
    assert (await driver.step(shared("vpc"), "lower", 0)).left == "done"
    assert lab.mutations.count("DeleteVpc") == 1


async def test_what_holds_a_thing_is_named(autojump_clock):
    """DependencyViolation is a normal waiting state; people see which interface is in the way."""
    lab, driver = await lab_and_driver()
    await driver.raise_all()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(driver.step, own("subnet"), "lower", 0)
        await trio.sleep(30)
        said = [message.text for message in driver.messages if isinstance(message, Progress)]
        assert any("eni-" in text and "has dependencies" in text for text in said)
        await driver.step(own("acp"), "lower", 0)
    assert lab.there()["subnet"] == 1


async def test_an_opposite_waits_until_the_first_can_no_longer_land(autojump_clock):
    """Start after a stop whose first request was given up: it is not sent before the landing bound."""
    lab, driver = await lab_and_driver()
    await driver.raise_all()
    async with trio.open_nursery() as lab.nursery:
        lab.disturb("StopInstances", "late")
        stopping = trio.current_time()
        assert (await driver.step(own("acp"), "lower", 1)).left == "done"
        assert driver.rows[own("acp")].intent.unknown_at is not None
        assert (await driver.step(own("acp"), "raise", 2)).left == "done"
        assert trio.current_time() - stopping > 300
    await trio.sleep(300)
    assert driver.rows[own("acp")].lo == 2
    states = [row.state(lab.clock.now()) for row in lab.world.rows.of(lab.account, REGION, "machine")]
    assert states == ["running"]


async def test_a_turned_launch_leaves_nothing(autojump_clock):
    """Cancelled while it waits, the launch is terminated by its id."""
    lab, driver = await lab_and_driver()
    await driver.raise_all({own("acp"): 0})
    start = driver.begin(own("acp"), "raise", 2)
    with trio.move_on_after(5):
        await driver.carry_out(own("acp"), start)
    row = driver.rows[own("acp")]
    assert row.waiting
    assert row.facts["id"].startswith("i-")
    row.flight = None
    assert (await driver.step(own("acp"), "lower", 0)).left == "done"
    assert "machine" not in lab.there()


async def test_what_was_sent_is_never_cut_off(autojump_clock):
    """A cancellation in the middle of a call: the call is finished and its outcome told."""
    _, driver = await lab_and_driver()
    await driver.raise_all({own("acp"): 0})
    start = driver.begin(own("acp"), "raise", 2)
    with trio.move_on_after(0.1):
        await driver.carry_out(own("acp"), start)
    assert isinstance(driver.messages[-1], Called)
    assert driver.rows[own("acp")].facts["id"].startswith("i-")


async def test_a_call_that_never_returns_becomes_unknown(autojump_clock):
    """The deadline of one call."""
    lab, driver = await lab_and_driver()
    hung = []

    async def call(scope, service, operation, parameters):
        if operation == "CreateRouteTable" and not hung:
            hung.append(operation)
            await trio.sleep_forever()
        return await lab.call(scope, service, operation, parameters)

    await up(driver, "vpc")
    driver.engine = lab.engine(call)
    ended = await driver.step(shared("public"), "raise", 1)
    assert ended.left == "done"
    assert [message for message in driver.messages if isinstance(message, Unknown)]


async def test_the_parameters_are_frozen(autojump_clock):
    """A repeat in another life sends the same bytes, whatever the node would render now."""
    lab, driver = await lab_and_driver()
    await up(driver, "vpc")
    lab.disturb("CreateRouteTable", "crash-after")
    await driver.through(lambda: _only_once(driver, "public"))
    driver.rows[shared("public")].node.parameters["name"] = "changed"
    assert (await driver.resume(shared("public"))).left == "done"
    first, second = [parameters for operation, _, parameters in lab.calls if operation == "CreateRouteTable"]
    assert first == second


async def _only_once(driver, name):
    if not driver.rows[shared(name)].flight:
        await driver.step(shared(name), "raise", 1)


async def test_a_fresh_look_ends_a_step_as_it_stands(autojump_clock):
    """Past its deadline: still pending is timed out, with what is usual; come true is done."""
    _, driver = await lab_and_driver()
    await driver.raise_all({shared("nat"): 0, shared("private-default"): 0, own("acp"): 0})
    start = driver.begin(shared("nat"), "raise", 1)
    with trio.move_on_after(10):
        await driver.carry_out(shared("nat"), start)
    ended = []
    row = driver.rows[shared("nat")]
    await driver.engine.look(driver.who, row, Look(shared("nat"), row.run), ended.append)
    assert (ended[-1].left, ended[-1].how, ended[-1].code) == ("between", "permanent", "timed_out")
    assert "usually" in ended[-1].reason
    await trio.sleep(200)
    await driver.engine.look(driver.who, row, Look(shared("nat"), row.run), ended.append)
    assert isinstance(ended[-1], Ended)
    assert ended[-1].left == "done"


async def test_drift_is_told_after_two_looks(autojump_clock):
    """A machine stopped by hand, a VPC's route gone: each is told with what is left of it; the rest is quiet."""
    lab, driver = await lab_and_driver()
    await driver.raise_all()
    caller = lab.world.caller(lab.account)
    machine, route = driver.rows[own("acp")], driver.rows[shared("private-default")]
    found = []
    await driver.engine.watch(driver.who, list(driver.rows.values()), found.append)
    assert found == []
    calls = len(lab.reads)
    lab.world.call(caller, REGION, "ec2", "StopInstances", {"InstanceIds": [machine.facts["id"]]})
    table = {"RouteTableId": route.facts["table"], "DestinationCidrBlock": "0.0.0.0/0"}
    lab.world.call(caller, REGION, "ec2", "DeleteRoute", table)
    await trio.sleep(60)
    await driver.engine.watch(driver.who, list(driver.rows.values()), found.append)
    assert {(one.key, one.state) for one in found} == {(machine.node.key, 1), (route.node.key, 0)}
    assert all(isinstance(one, Lost) and one.reason for one in found)
    assert len(lab.reads) - calls <= 26


async def test_a_listing_that_fails_proves_nothing(autojump_clock):
    """One describe refused: the proof says so."""
    lab, driver = await lab_and_driver()
    lab.disturb("DescribeAddresses", "UnauthorizedOperation")
    found = []
    await driver.engine.prove(driver.who, Proof("op", "sbx", 7), [REGION], {}, found.append)
    assert found[0].failed
    assert found[0].number == 7


async def test_look_alikes_are_not_adopted(autojump_clock):
    """Somebody copies our tags onto a VPC of his own: its MAC does not fit, and a create makes ours beside it."""
    lab, driver = await lab_and_driver()
    await up(driver, "vpc")
    ours = next(row for row in lab.world.rows.of(lab.account, REGION, "vpc") if row.tags)
    forged = {**ours.tags, "sandboxd:generation": "2"}
    tags = [{"Key": key, "Value": value} for key, value in forged.items()]
    specs = [{"ResourceType": "vpc", "Tags": tags}]
    caller = lab.world.caller(lab.account)
    answer = lab.world.call(
        caller, REGION, "ec2", "CreateVpc", {"CidrBlock": "10.9.0.0/16", "TagSpecifications": specs}
    )
    await trio.sleep(400)
    assert (await driver.step(shared("vpc"), "lower", 0)).left == "done"
    lab.disturb("CreateVpc", "lose")
    ended = await driver.step(shared("vpc"), "raise", 1)
    assert ended.left == "done"
    assert driver.rows[shared("vpc")].generation == 2
    assert ended.facts["id"] != answer["Vpc"]["VpcId"]


async def test_a_name_that_somebody_else_has_is_a_conflict(autojump_clock):
    """A group of that name, not ours: permanent, naming it."""
    lab, driver = await lab_and_driver()
    await up(driver, "vpc")
    caller = lab.world.caller(lab.account)
    vpc = driver.rows[shared("vpc")].facts["id"]
    theirs = {"VpcId": vpc, "GroupName": "bank-acp", "Description": "theirs"}
    answer = lab.world.call(caller, REGION, "ec2", "CreateSecurityGroup", theirs)
    ended = await driver.step(own("acp-sg"), "raise", 1)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "InvalidGroup.Duplicate")
    assert answer["GroupId"] in ended.reason


async def test_a_rebound_route_leads_to_the_new_gateway(autojump_clock):
    """The gateway is remade; one ReplaceRoute, read back active."""
    _, driver = await lab_and_driver()
    await driver.raise_all({own("acp"): 0})
    old = driver.rows[shared("nat")].facts["id"]
    assert (await driver.step(shared("nat"), "lower", 0)).left == "done"
    await trio.sleep(10)  # the address is let go some seconds after the gateway is deleted
    assert (await driver.step(shared("nat"), "raise", 1)).left == "done"
    assert driver.rows[shared("nat")].facts["id"] != old
    ended = await driver.step(shared("private-default"), "rebind", 1)
    assert ended.left == "done"
    assert driver.rows[shared("private-default")].facts["target"] == driver.rows[shared("nat")].facts["id"]


async def test_unreachable_aws_puts_the_step_off(autojump_clock):
    """Nothing was sent: temporary, and nothing unknown."""
    lab, driver = await lab_and_driver()

    async def call(*_):
        raise AwsError("refused", "Unreachable", "connection refused")

    driver.engine = lab.engine(call)
    ended = await driver.step(shared("vpc"), "raise", 1)
    assert (ended.left, ended.how, ended.code) == ("nothing", "temporary", "Unreachable")
    assert not [message for message in driver.messages if isinstance(message, Unknown)]
