"""Public fault reports, retold to the engine: each is the kind of fault, not only the instance (A3 … B28)."""

import pytest
import trio
from enginelab import REGION, Driver, Lab, image_of, nodes, own, shared, zone_of

from sandboxd.lifecycle.messages import Lost, Progress, Surveyed, Unknown
from sandboxd.model.ports import AwsError


async def lab_and_driver(**settings):
    lab = Lab()
    return lab, Driver(lab, nodes(await image_of(lab), await zone_of(lab)), **settings)


async def but_the_machine(**settings):
    lab, driver = await lab_and_driver(**settings)
    await driver.raise_all({own("acp"): 0})
    return lab, driver


def states(lab, kind="machine"):
    rows = lab.world.rows.of(lab.account, REGION, kind)
    return [state for row in rows if (state := row.state(lab.clock.now())) not in ("terminated", "deleted")]


# ---- tokens
async def test_a_mismatch_is_answered_by_a_look_not_by_a_fresh_token(autojump_clock):
    """A19: the first call had launched it; the token is taken by our own machine, which is adopted."""
    lab, driver = await but_the_machine()
    lab.disturb("RunInstances", "lose", "IdempotentParameterMismatch")
    assert (await driver.step(own("acp"), "raise", 2)).left == "done"
    assert states(lab) == ["running"]
    first, second = [parameters for operation, _, parameters in lab.calls if operation == "RunInstances"]
    assert first == second


async def test_a_mismatch_that_no_look_explains_is_a_mistake_of_ours(autojump_clock):
    """Something may be there: nothing is launched beside it, also not by a retry."""
    lab, driver = await but_the_machine()
    lab.disturb("RunInstances", "IdempotentParameterMismatch")
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.left, ended.how, ended.code) == ("between", "permanent", "IdempotentParameterMismatch")
    assert "report it" in ended.reason


async def test_a_dead_machine_says_why_under_its_token(autojump_clock):
    """A4: the cause stands at the dead machine only; no more than one repeat of the token, then the next generation."""
    lab, driver = await but_the_machine()
    real = lab.call

    async def call(scope, service, operation, parameters):
        answer = await real(scope, service, operation, parameters)
        asked = [one["Name"] for one in parameters.get("Filters", ())]
        if operation == "DescribeInstances" and asked == ["client-token"]:
            (one,) = answer["Reservations"][0]["Instances"]
            one["State"], one["StateReason"] = (
                {"Name": "terminated"},
                {"Code": "Server.InternalError", "Message": "broke"},
            )
        return answer

    driver.engine = lab.engine(call)
    lab.disturb("RunInstances", "lose", "IdempotentInstanceTerminated")
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.left, ended.code, ended.after) == ("absent", "Server.InternalError", 0.0)
    assert "broke" in ended.reason
    assert lab.mutations.count("RunInstances") == 2


async def test_every_attempt_of_a_generation_is_the_same_and_every_generation_another(autojump_clock):
    """A3: the token of one generation never goes out with another subnet."""
    lab, driver = await but_the_machine()
    lab.disturb("RunInstances", "RequestLimitExceeded", "InsufficientInstanceCapacity")
    assert (await driver.step(own("acp"), "raise", 2)).left == "nothing"
    assert (await driver.step(own("acp"), "raise", 2)).left == "done"
    sent = [parameters for operation, _, parameters in lab.calls if operation == "RunInstances"]
    assert sent[0] == sent[1]
    assert sent[0]["ClientToken"] != sent[2]["ClientToken"]


# ---- what is young
@pytest.mark.parametrize("code", ["InvalidElasticIpID.NotFound", "InvalidAllocationID.NotFound"])
async def test_an_address_that_is_not_known_yet_is_waited_for(autojump_clock, code):
    """A20: one address, one gateway."""
    lab, driver = await lab_and_driver()
    lab.disturb("CreateNatGateway", *[code] * 4)
    await driver.raise_all()
    assert (lab.mutations.count("AllocateAddress"), lab.there()["nat-gateway"]) == (1, 1)


async def test_an_address_that_is_not_known_yet_may_fail_the_gateway_later(autojump_clock):
    """A20, asynchronous: spoiled, lowered, made anew on the same address; none is allocated beside it."""
    lab, driver = await but_the_machine()
    nat = shared("nat")
    assert (await driver.step(nat, "lower", 0)).left == "done"
    real, spoiled = lab.call, []

    async def call(scope, service, operation, parameters):
        answer = await real(scope, service, operation, parameters)
        if operation == "DescribeNatGateways" and not spoiled:
            answer["NatGateways"][0] |= {"State": "failed", "FailureCode": "InvalidAllocationID.NotFound"}
            spoiled.append(True)
        return answer

    driver.engine = lab.engine(call)
    await trio.sleep(10)
    ended = await driver.step(nat, "raise", 1)
    assert (ended.left, ended.how, ended.code) == ("spoiled", "temporary", "InvalidAllocationID.NotFound")
    assert (await driver.step(nat, "lower", 0)).left == "done"
    await trio.sleep(10)
    assert (await driver.step(nat, "raise", 1)).left == "done"
    assert (lab.mutations.count("AllocateAddress"), states(lab, "nat-gateway")) == (1, ["available"])


async def test_a_lost_address_is_found_and_not_allocated_again(autojump_clock):
    """A34: the listing by tag is empty for a while; the settle time decides, not the first look."""
    lab, driver = await lab_and_driver()
    real, until = lab.call, trio.current_time() + 40

    async def call(scope, service, operation, parameters):
        answer = await real(scope, service, operation, parameters)
        return {"Addresses": []} if operation == "DescribeAddresses" and trio.current_time() < until else answer

    driver.engine = lab.engine(call)
    lab.disturb("AllocateAddress", "lose")
    assert (await driver.step(shared("eip"), "raise", 1)).left == "done"
    assert (lab.mutations.count("AllocateAddress"), lab.there()["elastic-ip"]) == (1, 1)


# ---- stale reads
class Stale:
    """DescribeInstances shows nothing for so many seconds."""

    def __init__(self, lab, seconds):
        self.lab, self.until = lab, trio.current_time() + seconds

    async def __call__(self, scope, service, operation, parameters):
        answer = await self.lab.call(scope, service, operation, parameters)
        stale = operation == "DescribeInstances" and trio.current_time() < self.until
        return {"Reservations": []} if stale else answer


@pytest.mark.parametrize(("way", "to"), [("raise", 2), ("lower", 1)])
async def test_a_stale_listing_during_a_start_or_stop_does_not_lose_the_machine(autojump_clock, way, to):
    """A39: also right after a restart; nothing is launched, nothing is given up."""
    lab, driver = await but_the_machine()
    await driver.step(own("acp"), "raise", 2)
    if way == "raise":
        await driver.step(own("acp"), "lower", 1)
    lab.disturb("StartInstances" if way == "raise" else "StopInstances", "crash-after")
    await driver.through(lambda: _once(driver, own("acp"), way, to))
    driver.engine = lab.engine(Stale(lab, 90))
    assert (await driver.resume(own("acp"))).left == "done"
    assert lab.mutations.count("RunInstances") == 1


async def _once(driver, key, way, to):
    if not driver.rows[key].flight:
        await driver.step(key, way, to)


async def test_a_stale_listing_at_rest_is_not_drift(autojump_clock):
    """A39: not shown for half a minute is no news; not shown for the settle time, by two reads, is."""
    lab, driver = await lab_and_driver()
    await driver.raise_all()
    said = []
    driver.engine = lab.engine(Stale(lab, 90))
    await driver.engine.watch(driver.who, list(driver.rows.values()), said.append)
    assert said == []
    began = trio.current_time()
    driver.engine = lab.engine(Stale(lab, 4000))
    await driver.engine.watch(driver.who, list(driver.rows.values()), said.append)
    assert [type(one) for one in said] == [Lost]
    assert trio.current_time() - began >= 300


@pytest.mark.parametrize("unanswered", [(2,), (2, 3), (1,)])
async def test_a_look_that_is_not_answered_neither_confirms_nor_clears(autojump_clock, unanswered):
    """Soak, seed 200023: a machine was seen terminated, the second look met a 503, and the loss was news only with the next watch."""
    lab, driver = await lab_and_driver()
    await driver.raise_all()
    machine, said, looks = driver.rows[own("acp")], [], []
    lab.world.call(
        lab.world.caller(lab.account), REGION, "ec2", "TerminateInstances", {"InstanceIds": [machine.facts["id"]]}
    )
    await trio.sleep(60)

    async def call(scope, service, operation, parameters):
        if operation == "DescribeInstances":
            looks.append(operation)
            if len(looks) in unanswered:
                raise AwsError("unknown", "Unavailable", "try again", 503)
        return await lab.call(scope, service, operation, parameters)

    driver.engine = lab.engine(call)
    await driver.engine.watch(driver.who, [machine], said.append)
    first_unanswered = unanswered == (1,)
    assert [(type(one), one.state) for one in said] == ([] if first_unanswered else [(Lost, 0)])
    assert len(looks) == (1 if first_unanswered else 2 + len(unanswered))


async def test_a_machine_that_runs_though_stopped_is_told(autojump_clock):
    """B28: the watch finds it too."""
    lab, driver = await lab_and_driver()
    await driver.raise_all()
    await driver.step(own("acp"), "lower", 1)
    machine, said = driver.rows[own("acp")], []
    caller = lab.world.caller(lab.account)
    lab.world.call(caller, REGION, "ec2", "StartInstances", {"InstanceIds": [machine.facts["id"]]})
    await trio.sleep(60)
    await driver.engine.watch(driver.who, [machine], said.append)
    assert [(type(one), one.found[0].state) for one in said] == [(Surveyed, 2)]


# ---- opposites
@pytest.mark.parametrize("way", ["late", "crash-late"])
async def test_an_old_start_that_is_still_on_its_way_does_not_come_after_the_stop(autojump_clock, way):
    """B28: its sender may be dead by then; the stop waits until it can no longer land."""
    lab, driver = await but_the_machine()
    lab.lands_after = 250.0
    async with trio.open_nursery() as lab.nursery:
        await driver.step(own("acp"), "raise", 2)
        await driver.step(own("acp"), "lower", 1)
        lab.disturb("StartInstances", way)
        await driver.through(lambda: _pursue(driver, own("acp"), "raise", 2))
        await driver.step(own("acp"), "lower", 1)
        await trio.sleep(600)
    assert states(lab) == ["stopped"]


@pytest.mark.parametrize("way", ["late", "crash-late"])
async def test_an_old_stop_that_is_still_on_its_way_does_not_come_after_the_start(autojump_clock, way):
    """The other way round."""
    lab, driver = await but_the_machine()
    lab.lands_after = 250.0
    async with trio.open_nursery() as lab.nursery:
        await driver.step(own("acp"), "raise", 2)
        lab.disturb("StopInstances", way)
        await driver.through(lambda: _pursue(driver, own("acp"), "lower", 1))
        await driver.step(own("acp"), "raise", 2)
        await trio.sleep(600)
    assert states(lab) == ["running"]


async def _pursue(driver, key, way, to):
    """Begin it, or take it up again."""
    ended = await (driver.resume(key) if driver.rows[key].flight else driver.step(key, way, to))
    assert ended.left == "done"


# ---- codes
async def test_a_throttle_with_503_is_no_unknown_outcome(autojump_clock):
    """A59: the code says that nothing happened; a delete is not repeated because a read was throttled."""
    lab, driver = await but_the_machine()
    lab.disturb("RunInstances", "RequestLimitExceeded")
    await driver.step(own("acp"), "raise", 2)
    lab.disturb("DescribeInstances", *["RequestLimitExceeded"] * 5)
    assert (await driver.step(own("acp"), "lower", 0)).left == "done"
    assert lab.mutations.count("TerminateInstances") == 1
    assert not [message for message in driver.messages if isinstance(message, Unknown)]


@pytest.mark.parametrize("code", ["ExpiredToken", "RequestExpired", "ExpiredTokenException"])
async def test_credentials_that_die_change_nothing(autojump_clock, code):
    """A37: ten minutes without an identity: the same bytes again, once there is one; the reason is said."""
    lab, driver = await but_the_machine()
    until = trio.current_time() + 600

    async def call(scope, service, operation, parameters):
        if trio.current_time() < until:
            lab.calls.append((operation, scope.account, dict(parameters)))
            raise AwsError("refused", code, "the security token included in the request is expired")
        return await lab.call(scope, service, operation, parameters)

    driver.engine = lab.engine(call)
    assert (await driver.step(own("acp"), "raise", 2)).left == "done"
    tokens = {parameters["ClientToken"] for operation, _, parameters in lab.calls if operation == "RunInstances"}
    assert (len(tokens), states(lab)) == (1, ["running"])
    said = {message.text for message in driver.messages if isinstance(message, Progress)}
    assert [text for text in said if "credentials" in text]
    assert not [message for message in driver.messages if isinstance(message, Unknown)]


# ---- what a machine says about itself
class Caused:
    """DescribeInstances gives stopped machines this cause."""

    def __init__(self, lab, code):
        self.lab, self.code = lab, code

    async def __call__(self, scope, service, operation, parameters):
        answer = await self.lab.call(scope, service, operation, parameters)
        if operation == "DescribeInstances":
            for one in [one for reservation in answer["Reservations"] for one in reservation["Instances"]]:
                if one["State"]["Name"] == "stopped":
                    one["StateReason"] = {"Code": self.code, "Message": "because"}
        return answer


@pytest.mark.parametrize("code", ["Client.InstanceInitiatedShutdown", "Server.ScheduledStop", "Server.InternalError"])
async def test_a_stopped_machine_at_rest_is_not_lost_for_its_cause(autojump_clock, code):
    """Whatever stopped it, it stands where we hold it: no drift, and surely not gone."""
    lab, driver = await lab_and_driver()
    await driver.raise_all()
    await driver.step(own("acp"), "lower", 1)
    driver.engine, said = lab.engine(Caused(lab, code)), []
    await driver.engine.watch(driver.who, [driver.rows[own("acp")]], said.append)
    assert said == []


async def test_a_machine_that_shut_itself_down_can_be_started(autojump_clock):
    """The daemon dies before it asked, and the first look still shows why the machine stopped: no failure of the start."""
    lab, driver = await lab_and_driver()
    await driver.raise_all()
    await driver.step(own("acp"), "lower", 1)
    lab.disturb("StartInstances", "crash-before")
    driver.engine = lab.engine(Caused(lab, "Client.InstanceInitiatedShutdown"))
    await driver.through(lambda: _once(driver, own("acp"), "raise", 2))
    driver.engine = lab.engine(Caused(lab, "Client.InstanceInitiatedShutdown"))
    assert (await driver.resume(own("acp"))).left == "done"
