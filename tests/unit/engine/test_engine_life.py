"""Whole lives of a sandbox through the engine against the simulator, under a clock that jumps."""

import trio
from enginelab import REGION, Driver, Lab, image_of, nodes, own, zone_of

from sandboxd.engine.resolve import zones
from sandboxd.lifecycle.messages import Proof
from sandboxd.model.ports import Scope


async def test_a_whole_life(autojump_clock):
    """Create, stop, start, delete: exactly one of each, then nothing; few reads; little time lost."""
    lab = Lab()
    driver = Driver(lab, nodes(await image_of(lab), await zone_of(lab), machines=("acp", "ocp"), rules=3))
    began = trio.current_time()
    await driver.raise_all()
    took = trio.current_time() - began
    assert took < 1.2 * (0.3 * 6 + 102 + 30)
    assert len(lab.calls) <= 1.5 * len(lab.mutations), (len(lab.calls), len(lab.mutations))
    assert lab.there() == {
        "role": 1,
        "instance-profile": 1,
        "vpc": 1,
        "internet-gateway": 1,
        "subnet": 2,
        "route-table": 2,
        "association": 2,
        "elastic-ip": 1,
        "nat-gateway": 1,
        "security-group": 2,
        "rule": 6,
        "machine": 2,
    }
    machine = driver.rows[own("acp")]
    assert machine.facts["address"].startswith("10.0.16.")
    await driver.step(own("acp"), "lower", 1)
    assert (machine.lo, machine.hi) == (1, 1)
    await driver.step(own("acp"), "raise", 2)
    assert (machine.lo, machine.hi) == (2, 2)
    found = []
    await driver.engine.prove(driver.who, Proof("op", sandbox := "sbx_01", 1), [REGION], {}, found.append)
    assert {one.kind for one in found[0].found} == {
        "instance-role",
        "instance-profile",
        "vpc",
        "internet-gateway",
        "subnet",
        "route-table",
        "elastic-ip",
        "nat-gateway",
        "security-group",
        "machine",
    }
    await driver.engine.prove(driver.who, Proof("op", sandbox, 2), [REGION], driver.may_stay(), found.append)
    assert found[1].found == ()
    await driver.lower_all()
    assert lab.there() == {}
    await driver.engine.prove(driver.who, Proof("op", sandbox, 3), [REGION], {}, found.append)
    assert (found[2].found, found[2].failed) == ((), "")


async def test_zones_offer_all_types(autojump_clock):
    """Zone ids, in order."""
    lab = Lab()
    found = await zones(lab.call, Scope(lab.account, REGION), ["t3.micro"])
    assert [zone.split("-")[1] for zone in found] == ["az1", "az2", "az3"]
