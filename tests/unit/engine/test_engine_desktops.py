"""Fleets, stacks and the roles of their service, carried out by the engine: every mutation disturbed, and AppStream's own traps."""

import pytest
import trio
from desktoplab import FLEET, IMAGE, PAIR, ROLE, SHARED, STACK, UP, call, driver_of, fleet
from enginelab import REGION, Driver, Lab, shared
from operations import DESKTOPS_DOWN, DESKTOPS_UP

from sandboxd.aws.kinds import by_name, specs
from sandboxd.lifecycle.messages import Progress, Proof, Stay
from sandboxd.model.ports import AwsError
from sandboxd.model.resource import Step
from sandboxd.simulator.appstream import roles
from sandboxd.simulator.appstream.roles import NAME, POLICY
from sandboxd.simulator.consistency import Weather
from sandboxd.simulator.furnish import DESKTOP, MANAGEMENT

WAYS = ("lose", "drop", "late", "crash-before", "crash-after", "InternalError", "ThrottlingException")


async def up(lab, instances=1, **more):
    """Everything but the fleet, and that stopped."""
    driver = driver_of(lab, instances, **more)
    await driver.raise_all({FLEET: 0, PAIR: 0})
    while (ended := await driver.step(FLEET, "raise", 1)).left != "done":
        assert ended.how == "temporary", ended
    return driver


async def life(lab, up=(), down=()):
    """Up, down; return how often the daemon died."""
    async with trio.open_nursery() as lab.nursery:
        driver = driver_of(lab)
        for operation, action in up:
            lab.disturb(operation, action)
        deaths = await driver.through(driver.raise_all)
        await trio.sleep(400)
        assert lab.there() == UP
        assert (fleet(lab)["State"], driver.rows[FLEET].lo) == ("RUNNING", 2)
        for operation, action in down:
            lab.disturb(operation, action)
        deaths += await driver.through(driver.lower_all)
        await trio.sleep(400)
        assert lab.there() == {}
    assert not any(lab.faults.values()), "a disturbance was never met"
    return deaths


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", [*DESKTOPS_UP, "CreateRole", "AttachRolePolicy"])
async def test_disturbed_on_the_way_up(autojump_clock, operation, way):
    """One of each, in spite of everything."""
    assert await life(Lab(), up=[(operation, way)]) == way.startswith("crash")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", DESKTOPS_DOWN)
async def test_disturbed_on_the_way_down(autojump_clock, operation, way):
    """Nothing is left but the role, in spite of everything."""
    lab = Lab()
    assert await life(lab, down=[(operation, way)]) == way.startswith("crash")
    assert call(lab, "GetRole", service="iam", RoleName=NAME)["Role"]["Path"] == "/service-role/"


@pytest.mark.parametrize("seed", range(6))
async def test_in_bad_weather(autojump_clock, seed):
    """Reads that are late, blink and show what was: up, stopped, up again, and down."""
    lab = Lab(seed)
    driver = driver_of(lab)
    lab.world.weather = Weather(seed, chance=0.4)
    await driver.raise_all()
    await driver.lower_all({key: len(row.node.states) for key, row in driver.rows.items()} | {FLEET: 1})
    await driver.raise_all()
    await driver.lower_all()
    await trio.sleep(400)
    assert lab.there() == {}


# ---- A33
async def test_a33_what_keeps_a_fleet_from_starting_is_said_by_its_first_look(autojump_clock):
    """Too few addresses: the state is STARTING for ever, the errors say it, and it comes again until a person acts."""
    lab = Lab()
    lab.world.quotas["fleet_instances"] = 50
    driver = await up(lab, instances=12)
    began = lab.clock.now()
    ended = await driver.step(FLEET, "raise", 2)
    assert (ended.left, ended.how, ended.code) == ("spoiled", "permanent", "SUBNET_HAS_INSUFFICIENT_IP_ADDRESSES")
    assert "Free addresses in the fleet's subnets" in ended.reason
    assert lab.clock.now() - began < 15 * 60
    assert (await driver.step(FLEET, "lower", 1)).left == "done"
    assert fleet(lab)["State"] == "STOPPED"
    assert lab.reads.count("DescribeFleets") < 40


async def test_a33_what_a_former_start_said_does_not_fail_this_one(autojump_clock):
    """The entry is still listed; it has no time; it was there while the fleet stood."""
    lab = Lab()
    driver = await up(lab, share=True)
    call(lab, "UpdateImagePermissions", MANAGEMENT, Name=DESKTOP[0], SharedAccountId=lab.account,
         ImagePermissions={"allowFleet": False})  # fmt: skip
    assert (await driver.step(FLEET, "raise", 2)).code == "IMAGE_NOT_FOUND"
    assert (await driver.step(FLEET, "lower", 1)).left == "done"
    call(lab, "UpdateImagePermissions", MANAGEMENT, **SHARED, SharedAccountId=lab.account)
    assert [one["ErrorCode"] for one in fleet(lab)["FleetErrors"]] == ["IMAGE_NOT_FOUND"]
    assert (await driver.step(FLEET, "raise", 2)).left == "done"
    assert driver.rows[FLEET].facts["old"] == ""


async def test_a33_an_error_that_passes_is_shown_and_waited_for(autojump_clock):
    """INTERNAL_SERVICE_ERROR goes by itself; what could not be provisioned is made anew."""
    codes = set()
    for seed in range(8):
        lab = Lab()
        driver = await up(lab)
        lab.world.weather = Weather(seed, chance=0.0, mortal=1.0)
        ended = await driver.step(FLEET, "raise", 2)
        said = [one.text for one in driver.messages if isinstance(one, Progress)]
        if ended.left == "done":
            assert "STARTING, INTERNAL_SERVICE_ERROR" in said
        else:
            assert (ended.left, ended.how) == ("spoiled", "temporary")
        codes.add(ended.code)
    assert codes == {"", "FLEET_INSTANCE_PROVISIONING_FAILURE"}


async def test_a_fleet_that_still_reads_stopped_after_its_start_is_no_failure(autojump_clock):
    """The public waiter fails at once; ours waits."""
    lab = Lab()
    driver = await up(lab)
    real, began = lab.call, lab.clock.now()

    async def late(scope, service, operation, parameters):
        answer = await real(scope, service, operation, parameters)
        if operation == "DescribeFleets" and lab.clock.now() < began + 720:
            answer["Fleets"][0]["State"] = "STOPPED"
        return answer

    driver.engine = lab.engine(late, settle=900)
    assert (await driver.step(FLEET, "raise", 2)).left == "done"


# ---- A32
async def test_a32_an_association_that_nobody_knows_of_is_found_and_taken_away(autojump_clock):
    """The reply of AssociateFleet is lost and the daemon dies: delete takes away what AWS has, not what was noted."""
    async with trio.open_nursery() as nursery:
        lab = Lab()
        lab.nursery = nursery
        driver = await up(lab)
        lab.disturb("AssociateFleet", "crash-after")
        with pytest.raises(BaseExceptionGroup):
            async with trio.open_nursery() as inner:
                inner.start_soon(driver.step, PAIR, "raise", 1)
        driver.restart()
        driver.rows[PAIR].flight = None
        assert call(lab, "ListAssociatedStacks", FleetName="dev-desktop")["Names"] == ["dev-desktop"]
        await driver.lower_all()
        await trio.sleep(400)
        assert lab.there() == {}


async def test_what_an_association_holds_for_some_seconds_more_is_waited_for(autojump_clock):
    """ResourceInUse after DisassociateFleet is a normal waiting state."""
    lab = Lab()
    driver = await up(lab)
    await driver.step(PAIR, "raise", 1)
    await driver.step(PAIR, "lower", 0)
    assert (await driver.step(STACK, "lower", 0)).left == "done"
    assert lab.mutations.count("DeleteStack") > 1


async def test_a_fleet_that_is_gone_is_known_to_be_gone_without_the_settle_time(autojump_clock):
    """Its delete takes three minutes; a look that misses it proves nothing, the same call again does."""
    lab = Lab()
    driver = await up(lab)
    began = lab.clock.now()
    assert (await driver.step(FLEET, "lower", 0)).left == "done"
    assert lab.clock.now() - began < 230
    assert lab.mutations.count("DeleteFleet") == 2


async def test_a_look_that_misses_a_fleet_does_not_end_its_delete(autojump_clock):
    """The call that is sent again is refused as in use, so it is still there."""
    lab = Lab()
    driver = await up(lab)
    real, stale = lab.call, [True, True]

    async def blinking(scope, service, operation, parameters):
        if operation == "DescribeFleets" and lab.mutations.count("DeleteFleet") and stale:
            stale.pop()
            raise AwsError("refused", "ResourceNotFoundException", "by script", 400)
        return await real(scope, service, operation, parameters)

    driver.engine = lab.engine(blinking)
    assert (await driver.step(FLEET, "lower", 0)).left == "done"
    assert (stale, lab.there().get("fleet")) == ([], None)


# ---- roles
async def test_a_role_that_is_too_new_is_waited_for(autojump_clock):
    """InvalidRoleException says the same of a wrong one, which is not waited for; most often nobody asks too early."""
    lab = Lab()
    driver = await up(lab)
    assert lab.mutations.count("CreateFleet") == 1
    await driver.step(FLEET, "lower", 0)
    await trio.sleep(1000)
    call(lab, "DetachRolePolicy", service="iam", RoleName=NAME, PolicyArn=POLICY)
    ended = await driver.step(FLEET, "raise", 1)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "InvalidRoleException")


async def test_a_role_that_its_service_knows_late_is_asked_for_again(autojump_clock, monkeypatch):
    """Later than a role usually takes: the same refusal, until the fleet can be made."""
    monkeypatch.setattr(roles, "REACH", 150.0)
    lab = Lab()
    await up(lab)
    assert 1 < lab.mutations.count("CreateFleet") < 8


async def test_a_role_that_the_account_has_already_is_as_good(autojump_clock):
    """Whoever made it, with or without its policy; and lowering it forgets it."""
    lab = Lab()
    trust = '{"Statement": [{"Principal": {"Service": "appstream.amazonaws.com"}}]}'
    call(lab, "CreateRole", service="iam", RoleName=NAME, Path="/service-role/", AssumeRolePolicyDocument=trust)
    driver = driver_of(lab)
    await driver.raise_all({key: 0 for key in driver.rows if key != ROLE} | {ROLE: 2})
    assert lab.mutations == ["CreateRole", "AttachRolePolicy"]
    calls = len(lab.calls)
    assert (await driver.step(ROLE, "lower", 0)).left == "done"
    assert len(lab.calls) == calls


LINKED = "AWSServiceRoleForApplicationAutoScaling_AppStreamFleet"


class Linking(Lab):
    """An account in which a service's own role is made by the name of the service, and read some seconds later."""

    visible, made = 0.0, False

    async def call(self, scope, service, operation, parameters):
        if operation == "CreateServiceLinkedRole":
            self.calls.append((operation, scope.account, dict(parameters)))
            if self.made:
                raise AwsError(
                    "refused", "InvalidInput", f"Service role name {LINKED} has been taken in this account", 400
                )
            self.made, self.visible = True, self.clock.now() + 20
            return {"Role": {"RoleName": LINKED}}
        if operation == "GetRole" and parameters["RoleName"] == LINKED:
            if not self.made or self.clock.now() < self.visible:
                raise AwsError("refused", "NoSuchEntity", "not there", 404)
            return {"Role": {"RoleName": LINKED, "RoleId": "AROA1"}}
        return await super().call(scope, service, operation, parameters)


@pytest.mark.parametrize("made", [False, True])
async def test_a46_the_role_linked_to_a_service_is_there_when_it_can_be_read(autojump_clock, made):
    """Made once by the service's name; `has been taken` says that it is there; it is never deleted."""
    lab = Linking()
    lab.made = made
    key = shared("scaling-role")
    service = "appstream.application-autoscaling.amazonaws.com"
    driver = Driver(lab, [specs()["service-linked-role"].node(key, {}, service=service, name=LINKED)])
    assert (await driver.step(key, "raise", 1)).left == "done"
    assert driver.rows[key].facts["id"] == LINKED
    assert made or lab.clock.now() >= lab.visible
    assert (await driver.step(key, "lower", 0)).left == "done"
    assert lab.mutations == ["CreateServiceLinkedRole"]


# ---- the proof of zero
async def test_a_fleet_that_runs_and_should_be_stopped_is_found(autojump_clock):
    """By complete listings of fleets, their tags asked for one by one; what is not ours is told with its price."""
    lab = Lab()
    driver = await up(lab)
    expected = {key: Stay(row.hi, row.facts.get("id", "")) for key, row in driver.rows.items() if row.hi}
    asked = {"InstanceType": "stream.standard.large", "ImageArn": IMAGE, "ComputeCapacity": {"DesiredInstances": 2}}
    call(lab, "CreateFleet", Name="theirs", **asked)
    for name in ("dev-desktop", "theirs"):
        call(lab, "StartFleet", Name=name)
    said = []
    await driver.engine.prove(driver.who, Proof("op", "sbx_01", 1), [REGION], expected, said.append)
    (found,) = said[0].found
    assert (found.key, found.id, found.state) == (FLEET, "dev-desktop", 2)
    (other,) = [one for one in said[0].unmanaged if one.kind == "appstream-fleet"]
    assert (other.id, other.price) == ("theirs", "desktop.stream.standard.large*2")


def test_what_a_fleet_costs_depends_on_its_type_and_number():
    """And only while it runs."""
    node = specs()["appstream-fleet"].node(FLEET, {}, type="stream.standard.large", instances=3)
    assert node.prices == {2: "desktop.stream.standard.large*3"}


def test_a_start_may_be_turned_round():
    """STARTING may be stopped: a delete does not sit out twelve minutes."""
    kind = by_name()["appstream-fleet"]
    assert kind.spec.turns
    node = kind.spec.node(FLEET, {})
    assert kind.move(node, *Step("lower", 1)[:1], 2, 1).operation == "StopFleet"


async def test_a_start_is_turned_round_while_it_waits(autojump_clock):
    """Stopped two minutes into the start: it is gone after some minutes more, not after twelve."""
    lab = Lab()
    driver = await up(lab)
    call(lab, "StartFleet", Name="dev-desktop")
    row = driver.rows[FLEET]
    row.hi = 2
    await trio.sleep(120)
    began = lab.clock.now()
    assert (await driver.step(FLEET, "lower", 1)).left == "done"
    assert lab.clock.now() - began < 480
    assert fleet(lab)["State"] == "STOPPED"
