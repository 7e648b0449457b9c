"""Determinism, persistence, faults, and the bound."""

import pytest
from simdesk import Desk

from sandboxd.simulator import ApiError, LostReply, SimClock, World
from sandboxd.simulator.bound import bound
from sandboxd.simulator.faults import FaultFileError, read_script
from sandboxd.simulator.persist import load, restore, save


def life(desk: Desk) -> list[str]:
    net = desk.network()
    nat = desk.call("CreateNatGateway", SubnetId=net["subnet"], AllocationId=net["address"])["NatGateway"][
        "NatGatewayId"
    ]
    machine = desk.run(net["subnet"])["InstanceId"]
    return [*net.values(), nat, machine]


def test_the_same_seed_gives_the_same_world():
    """Ids and durations follow from the seed alone."""
    assert life(Desk(seed=7)) == life(Desk(seed=7))
    assert life(Desk(seed=7)) != life(Desk(seed=8))


def test_a_saved_world_goes_on_where_it_stood(desk, tmp_path):
    """Rows, tokens, sessions and time."""
    *_, nat, machine = life(desk)
    desk.later(10)
    save(desk.world, tmp_path)
    clock = SimClock(pace=50, real=lambda: 5_000_000_000.0)
    state = load(tmp_path)
    clock.go_on_at(state["now"])
    assert clock.now() == pytest.approx(desk.at)
    world = World(clock=clock)
    restore(world, state)
    assert world.rows.find(nat).state(desk.at) == "pending"
    assert world.rows.find(nat).state(desk.at + 120) == "available"
    assert world.rows.find(machine).refs == desk.world.rows.find(machine).refs


def test_the_bound_is_the_longest_chain(desk):
    """VPC, gateway, attach, NAT gateway, route, machine: what nobody can do faster; a slow caller changes nothing."""
    mark = len(desk.world.log.entries)
    net = desk.network()
    private = desk.call("CreateRouteTable", VpcId=net["vpc"])["RouteTable"]["RouteTableId"]
    nat = desk.call("CreateNatGateway", SubnetId=net["subnet"], AllocationId=net["address"])["NatGateway"][
        "NatGatewayId"
    ]
    desk.later(500)
    desk.call("CreateRoute", RouteTableId=private, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    machine = desk.run(net["subnet"])["InstanceId"]
    drawn = {what: seconds for entry in desk.world.log.since(mark) for what, seconds in entry.made}
    seen = bound(desk.world.log.since(mark))
    vpc = max(0.3 + drawn[net["vpc"]] + 0.3, 0.3)
    assert seen["bound_seconds"] == pytest.approx(vpc + 0.3 + drawn[nat] + 0.3 + 0.3 + drawn[machine], abs=0.31)
    assert [link["operation"] for link in seen["chain"]][-3:] == ["CreateNatGateway", "CreateRoute", "RunInstances"]


def test_scripted_faults(desk, tmp_path):
    """One refusal, then a lost reply whose effect is there."""
    file = tmp_path / "faults.toml"
    file.write_text(
        '[[fault]]\noperation = "ec2:CreateVpc"\naction = "refuse"\ncode = "RequestLimitExceeded"\nstatus = 503\n'
        '[[fault]]\noperation = "ec2:CreateVpc"\nnth = 2\naction = "lose"\n'
    )
    desk.world.hook = read_script(file)
    with pytest.raises(ApiError, match="RequestLimitExceeded"):
        desk.call("CreateVpc", CidrBlock="10.0.0.0/16")
    with pytest.raises(LostReply):
        desk.call("CreateVpc", CidrBlock="10.0.0.0/16")
    assert len(desk.call("DescribeVpcs", Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[fault]]\naction = 'lose'", "service:Operation"),
        ("[[fault]]\noperation = 'ec2:X'\naction = 'eat'", "action"),
        ("[[fault]]\noperation = 'ec2:X'\naction = 'refuse'", "code"),
        ("[[fault]]\nnht = 1", "nht"),
        ("faults = 1", "fault"),
        ("][", "faults.toml"),
    ],
)
def test_a_wrong_fault_file_says_where(tmp_path, text, says):
    """Which fault, and what is wrong with it."""
    file = tmp_path / "faults.toml"
    file.write_text(text)
    with pytest.raises(FaultFileError, match=says):
        read_script(file)
