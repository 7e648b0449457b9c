"""Isolation after whole lives: who reaches whom, computed from what AWS describes, not from what we meant."""

from itertools import product

import pytest
import trio
from enginelab import REGION, Lab
from houselab import ANN, DAY, living
from reach import INTERNET, of_described
from trio.testing import MockClock

from sandboxd.daemon.settings import Aws, Settings
from sandboxd.wire.requests import NewSandbox


@pytest.fixture
def autojump_clock():
    """Hours in milliseconds."""
    return MockClock(autojump_threshold=0)


async def create(life, name, profile, region=None):
    wanted = NewSandbox(name=name, tenant="acme", profile=profile, region=region)
    operation = await life.desk.commands.create(wanted, ANN, None, "")
    with trio.fail_after(DAY):
        while life.desk.operation(operation.id).state == "running":
            await trio.sleep(5)
    assert life.desk.operation(operation.id).state == "succeeded", life.desk.operation(operation.id).reason


def described(lab, account, region=REGION):
    """The net, with machines by their names."""

    def call(operation, **parameters):
        return lab.world.call(lab.world.caller(account), region, "ec2", operation, parameters)

    (vpc,) = [one["VpcId"] for one in call("DescribeVpcs")["Vpcs"] if not one["IsDefault"]]
    net = of_described(call, vpc)
    named = {}
    for one in (m for r in call("DescribeInstances")["Reservations"] for m in r["Instances"]):
        name = next(tag["Value"] for tag in one["Tags"] if tag["Key"] == "Name")
        if one["InstanceId"] in net.endpoints:
            named[name] = one["InstanceId"]
    return net, named


async def test_two_sandboxes_of_one_account_cannot_reach_each_other(autojump_clock, tmp_path):
    """Nor the internet them; their own machines talk as the profile says, and reach AWS through the NAT gateway."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await create(life, "one", "model-bank")
        await create(life, "two", "model-bank")
        await create(life, "three", "trial")
        net, named = described(lab, life.account)
        mine = {name: [machine for machine in named if machine.startswith(name)] for name in ("one", "two", "three")}
        assert [len(found) for found in mine.values()] == [2, 2, 1]
        for here, there in product(mine, repeat=2):
            for source, target in product(mine[here], mine[there]) if here != there else ():
                assert net.flows(named[source], named[target]) == set(), (source, target)
        for machine in named.values():
            assert net.flows(INTERNET, machine) == set()
            assert net.flows(machine, INTERNET) == {("tcp", 443, 443)}
        assert ("tcp", 1521, 1521) in net.flows(named["one-ocp"], named["one-acp"])
        assert ("-1", -1, -1) in net.flows(named["one-acp"], named["one-ocp"])


async def test_a_started_sandbox_beside_a_stopped_one_stays_alone(autojump_clock, tmp_path):
    """The way out comes back with the last of them, the closed ways stay closed; nothing is left of a deleted one's rules."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        for name in ("one", "two"):
            await create(life, name, "trial")
            await life.command("stop", f"acme/{name}")
        await life.command("start", "acme/one")
        net, named = described(lab, life.account)
        assert net.flows(named["one-box"], INTERNET) == {("tcp", 443, 443)}
        assert net.flows(named["one-box"], named["two-box"]) == net.flows(named["two-box"], named["one-box"]) == set()
        before = len(net.rules)
        await life.command("delete", "acme/two")
        net, named = described(lab, life.account)
        assert "two-box" not in named
        assert len(net.rules) == before - 1


async def test_sandboxes_in_two_regions_share_nothing_of_the_network(autojump_clock, tmp_path, monkeypatch):
    """Each region has a VPC, a gateway and addresses of its own, and keeps its own zones."""
    monkeypatch.setattr("houselab.Settings", lambda: Settings(aws=Aws(regions=(REGION, "us-east-1"))))
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await create(life, "here", "trial")
        await create(life, "there", "trial", "us-east-1")
        for region in (REGION, "us-east-1"):
            net, named = described(lab, life.account, region)
            assert len(named) == 1
            assert net.flows(*named.values(), INTERNET) == {("tcp", 443, 443)}
        zones = life.house.supervisor.actor(life.account).state.account.zones
        assert zones == {REGION: ("euc1-az1", "euc1-az2"), "us-east-1": ("use1-az1", "use1-az2")}
        await life.command("delete", "acme/here")
        assert [
            lab.world.rows.of(life.account, region, "nat-gateway")[0].is_gone(lab.clock.now()) for region in zones
        ] == [True, False]
        await life.command("delete", "acme/there")
        assert lab.there() == {}
