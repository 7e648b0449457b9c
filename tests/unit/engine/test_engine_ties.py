"""Whether machines still have the instance profile that they were launched with: seen twice, a person is told."""

import pytest
from enginelab import Driver, Lab, image_of, nodes, shared, zone_of

from sandboxd.lifecycle.messages import Untied

PROFILE = shared("instance-profile")


async def running():
    """A trial whose machine runs."""
    lab = Lab()
    made = Driver(lab, nodes(await image_of(lab), await zone_of(lab)))
    await made.raise_all()
    return made


def box_of(driver):
    return next(row for row in driver.rows.values() if row.node.kind == "machine")


def machine_of(driver):
    return driver.lab.world.rows.find(box_of(driver).facts["id"])


async def watched(driver):
    """What a watch tells."""
    said = []
    await driver.engine.watch(driver.who, [box_of(driver)], said.append, driver.rows, writes=True)
    return said


def untied(driver, reason):
    row = box_of(driver)
    return [Untied(row.node.key, row.generation, reason)]


async def test_a_machine_with_its_profile_is_well(autojump_clock):
    """That is said, for somebody may have put it right; it costs no call of its own."""
    driver = await running()
    before = len(driver.lab.calls)
    assert await watched(driver) == untied(driver, "")
    assert [call[0] for call in driver.lab.calls[before:]].count("DescribeInstances") == 1


@pytest.mark.parametrize("other", [{"Arn": "arn:x", "Id": "AIPA0"}, {}])
async def test_another_profile_or_none_is_told(autojump_clock, other):
    """With what to do about it."""
    driver = await running()
    machine_of(driver).data["profile"] = other
    (told,) = await watched(driver)
    name = driver.rows[PROFILE].facts["id"]
    assert told.reason.startswith(f"associate {name} with {machine_of(driver).id} ")
    assert ("another instance profile (AIPA0)" if other else "no instance profile") in told.reason


async def test_what_is_seen_once_only_is_not_told(autojump_clock, monkeypatch):
    """A stale answer is none."""
    driver = await running()
    answer, stale = driver.lab._answer, [True]

    def lagging(scope, service, operation, parameters):
        found = answer(scope, service, operation, parameters)
        if operation == "DescribeInstances" and stale:
            stale.pop()
            found["Reservations"][0]["Instances"][0].pop("IamInstanceProfile")
        return found

    monkeypatch.setattr(driver.lab, "_answer", lagging)
    assert await watched(driver) == untied(driver, "")
    assert stale == []


async def test_an_unanswered_look_says_nothing(autojump_clock):
    """Neither that it is well nor that it is not."""
    driver = await running()
    driver.lab.disturb("DescribeInstances", *["500"] * 9)
    assert [one for one in await watched(driver) if isinstance(one, Untied)] == []


async def test_nothing_is_said_while_the_profile_is_made(autojump_clock):
    """Then nobody knows what it should be."""
    driver = await running()
    machine_of(driver).data["profile"] = {}
    driver.rows[PROFILE].lo = 1
    assert await watched(driver) == []
