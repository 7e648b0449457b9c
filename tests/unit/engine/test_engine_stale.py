"""Looks that show less than AWS says: what a lost call did is not denied because a read lags behind."""

import trio
from enginelab import REGION, Driver, Lab, image_of, nodes, shared, zone_of
from msgspec import structs

from sandboxd.lifecycle.messages import Surveyed
from sandboxd.model.ports import Scope

PROFILE, GATEWAY, SUBNET = shared("instance-profile"), shared("igw"), shared("public-a")
NO_CAPACITY = {"Code": "Server.InsufficientInstanceCapacity", "Message": "Insufficient capacity."}


async def begun(key, state):
    """Everything that a resource stands on, and itself in a lower state."""
    lab = Lab()
    driver = Driver(lab, nodes(await image_of(lab), await zone_of(lab)))
    await driver.raise_all({key: state} | {node: 0 for node in driver.rows if node not in (key, *GROUND[key])})
    return lab, driver


GROUND = {PROFILE: (shared("instance-role"),), GATEWAY: (shared("vpc"),), SUBNET: (shared("vpc"),)}


def waited(driver, key):
    """The next step of a resource, to be sent only when a call of a former life can no longer land."""
    start = driver.begin(key, "raise", 2)
    row = driver.rows[key]
    row.intent = structs.replace(row.intent, opposite_at=driver.lab.clock.now())
    return start


async def test_what_a_lost_call_did_is_waited_for_though_its_step_is_old(autojump_clock, monkeypatch):
    """Soak seed 112302: after 300 s of waiting the reply is lost, AWS says `it is there`, and one look still shows it without."""
    lab, driver = await begun(PROFILE, 1)
    start = waited(driver, PROFILE)
    lab.disturb("AddRoleToInstanceProfile", "lose")
    answer, stale = lab._answer, [True]

    def lagging(scope, service, operation, parameters):
        found = answer(scope, service, operation, parameters)
        if operation == "GetInstanceProfile" and stale and lab.mutations.count("AddRoleToInstanceProfile") > 1:
            stale.pop()
            found = {"InstanceProfile": found["InstanceProfile"] | {"Roles": []}}
        return found

    monkeypatch.setattr(lab, "_answer", lagging)
    ended = await driver.carry_out(PROFILE, start)
    assert ended.left == "done"
    assert stale == []


async def test_what_is_found_attached_is_detached_from_what_it_is_attached_to(autojump_clock):
    """Soak seed 110453: a watch shows the gateway attached, and that is enough to take it off its VPC."""
    lab, driver = await begun(GATEWAY, 1)
    row, posted = driver.rows[GATEWAY], []
    vpc = driver.rows[shared("vpc")].facts["id"]
    lab.world.rows.refer(lab.world.rows.find(row.facts["id"]), vpc=vpc)
    await driver.engine.watch(driver.who, [row], posted.append)
    (survey,) = posted
    assert isinstance(survey, Surveyed)
    (found,) = survey.found
    assert (found.state, found.facts["vpc"]) == (2, vpc)
    row.hi = row.lo = 2
    assert (await driver.step(GATEWAY, "lower", 1)).left == "done"
    assert lab.calls[-1][0] in ("DetachInternetGateway", "DescribeInternetGateways")
    assert "vpc" not in lab.world.rows.find(row.facts["id"]).refs


async def test_the_ghost_of_a_former_life_does_not_hide_what_a_lost_call_made(autojump_clock, monkeypatch):
    """Soak seed 100104: the range conflicts with what our own lost call made, and a stale read shows the predecessor there."""
    lab, driver = await begun(SUBNET, 1)
    row = driver.rows[SUBNET]
    former = row.facts["id"]
    await trio.sleep(300)
    shown = lab._answer(Scope(lab.account, REGION), "ec2", "DescribeSubnets", {"SubnetIds": [former]})
    assert (await driver.step(SUBNET, "lower", 0)).left == "done"
    lab.disturb("CreateSubnet", "lose")
    answer, stale = lab._answer, [True]

    def lagging(scope, service, operation, parameters):
        if operation == "DescribeSubnets" and stale:
            stale.pop()
            return shown
        return answer(scope, service, operation, parameters)

    monkeypatch.setattr(lab, "_answer", lagging)
    ended = await driver.step(SUBNET, "raise", 1)
    assert (ended.left, stale) == ("done", [])
    assert row.facts["id"] != former
    assert lab.there()["subnet"] == 1


async def test_what_only_a_ghost_showed_is_made_anew(autojump_clock, monkeypatch):
    """Soak seed 200373: a deleted profile was still shown, and taken for begun; nothing could be put into it, however often it was tried."""
    lab, driver = await begun(PROFILE, 1)
    name = {"InstanceProfileName": driver.rows[PROFILE].facts["id"]}
    ghost = lab._answer(Scope(lab.account, "us-east-1"), "iam", "GetInstanceProfile", name)
    lab.world.call(lab.world.caller(lab.account), "us-east-1", "iam", "DeleteInstanceProfile", name)
    answer, until = lab._answer, trio.current_time() + 90

    def lagging(scope, service, operation, parameters):
        stale = operation == "GetInstanceProfile" and trio.current_time() < until
        return ghost if stale else answer(scope, service, operation, parameters)

    monkeypatch.setattr(lab, "_answer", lagging)
    ended = await driver.step(PROFILE, "raise", 2)
    assert (ended.left, ended.how, ended.code) == ("absent", "temporary", "gone")
    await driver.step(PROFILE, "raise", 1)
    assert (await driver.step(PROFILE, "raise", 2)).left == "done"


async def test_why_a_former_start_failed_is_no_answer_to_the_next(autojump_clock, monkeypatch):
    """Soak seed 210436: a start that was begun found no capacity; each attempt read that again, and none asked to start."""
    lab = Lab()
    driver = Driver(lab, nodes(await image_of(lab), await zone_of(lab)))
    await driver.raise_all()
    box, row = next((key, row) for key, row in driver.rows.items() if row.node.kind == "machine")
    assert (await driver.step(box, "lower", 1)).left == "done"
    answer = lab._answer

    def with_its_cause(scope, service, operation, parameters):
        found = answer(scope, service, operation, parameters)
        if operation == "DescribeInstances":
            for one in found["Reservations"]:
                stood = [machine for machine in one["Instances"] if machine["State"]["Name"] == "stopped"]
                for machine in stood:
                    machine["StateReason"] = NO_CAPACITY
        return found

    monkeypatch.setattr(lab, "_answer", with_its_cause)
    row.hi = 2
    assert (await driver.step(box, "raise", 2)).left == "done"
    assert lab.mutations.count("StartInstances") == 1
    assert lab.world.rows.find(row.facts["id"]).state(lab.clock.now()) == "running"
