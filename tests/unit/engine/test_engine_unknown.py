"""Every mutation of a life, disturbed in every way: lost replies, lost requests, late landings, deaths around the call.

What counts is the account: exactly one of each when it is up, nothing when it is down.
"""

import pytest
import trio
from enginelab import Driver, Lab, image_of, nodes, zone_of
from operations import DOWN, FULL, UP

WAYS = ("lose", "drop", "late", "crash-before", "crash-after", "empty", "InternalError", "RequestLimitExceeded")


async def life(lab, up=(), down=(), **settings):
    """Up, down; return how often the daemon died."""
    async with trio.open_nursery() as lab.nursery:
        driver = Driver(lab, nodes(await image_of(lab), await zone_of(lab)), **settings)
        for operation, action in up:
            lab.disturb(operation, action)
        deaths = await driver.through(driver.raise_all)
        await trio.sleep(400)
        assert lab.there() == FULL
        for operation, action in down:
            lab.disturb(operation, action)
        deaths += await driver.through(driver.lower_all)
        await trio.sleep(400)
        assert lab.there() == {}
    assert not any(lab.faults.values()), "a disturbance was never met"
    return deaths


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", UP)
async def test_disturbed_on_the_way_up(autojump_clock, operation, way):
    """One of each, in spite of everything."""
    deaths = await life(Lab(), up=[(operation, way)])
    assert deaths == way.startswith("crash")


@pytest.mark.parametrize("way", [way for way in WAYS if way != "empty"])
@pytest.mark.parametrize("operation", DOWN)
async def test_disturbed_on_the_way_down(autojump_clock, operation, way):
    """Nothing is left, in spite of everything."""
    deaths = await life(Lab(), down=[(operation, way)])
    assert deaths == way.startswith("crash")


@pytest.mark.parametrize("operation", ["CreateVpc", "CreateInternetGateway", "AllocateAddress"])
async def test_the_laboratory_is_sensitive(autojump_clock, operation):
    """An engine that does not wait out the settle time doubles what lands late: the test above could fail."""
    with pytest.raises(BaseExceptionGroup) as caught:
        await life(Lab(), up=[(operation, "late")], settle=10)
    assert caught.group_contains(AssertionError, match=r"== \{")
