"""Determinism, persistence, the gate, and what the store forgets."""

import pytest
from simdesk import Desk

from sandboxd.simulator import ApiError, SimClock, Simulator, open_world
from sandboxd.simulator.calls import KEPT, Caller, Log, Parameters, Request
from sandboxd.simulator.inventory import inventory
from sandboxd.simulator.persist import NAME, SavedWorldError, dump, load, restore, write


def life(desk: Desk) -> list[str]:
    net = desk.network()
    asked = {"SubnetId": net["subnet"], "AllocationId": net["address"], "ClientToken": "nat"}
    nat = desk.call("CreateNatGateway", **asked)["NatGateway"]["NatGatewayId"]
    machine = desk.run(net["subnet"])["InstanceId"]
    return [*net.values(), nat, machine]


def test_the_same_seed_gives_the_same_world():
    """Ids and durations follow from the seed alone."""
    one, two = Desk(seed=7), Desk(seed=7)
    assert life(one) == life(two)
    assert dump(one.world) == dump(two.world)
    assert life(Desk(seed=7)) != life(Desk(seed=8))


def test_a_saved_world_goes_on_where_it_stood(desk, tmp_path):
    """Rows, references, tokens, sessions, the sequence of ids, and time."""
    net = desk.network()
    asked = {"SubnetId": net["subnet"], "AllocationId": net["address"], "ClientToken": "nat"}
    nat = desk.call("CreateNatGateway", **asked)["NatGateway"]["NatGatewayId"]
    desk.later(10)
    write(tmp_path, dump(desk.world))
    expected = desk.call("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
    saved = load(tmp_path)
    clock = SimClock(pace=50, real=lambda: 5_000_000_000.0)
    clock.go_on_at(saved.now)
    assert clock.now() == pytest.approx(desk.at)
    desk.world = open_world(clock=SimClock(pace=1, origin=0, real=lambda: desk.at))
    restore(desk.world, saved)
    assert desk.call("CreateNatGateway", **asked)["NatGateway"]["NatGatewayId"] == nat
    assert desk.call("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"] == expected
    assert len(desk.call("DescribeVpcs")["Vpcs"]) == 2
    assert desk.call("DescribeNatGateways")["NatGateways"][0]["State"] == "pending"
    assert desk.refused("DeleteSubnet", SubnetId=net["subnet"]) == "DependencyViolation"
    desk.later(120)
    assert desk.call("DescribeNatGateways")["NatGateways"][0]["State"] == "available"


@pytest.mark.parametrize("content", [b"", b"{", b'{"version": 99}', b'{"version": 1}', b"[]"])
def test_a_world_that_cannot_be_read_is_refused_and_kept(tmp_path, content):
    """Never guessed at, never overwritten."""
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(SavedWorldError, match=NAME):
        load(tmp_path)
    assert (tmp_path / NAME).read_bytes() == content


def test_a_world_ahead_of_real_time_cannot_go_on_at_pace_one():
    """There is no origin that would let time stand still."""
    with pytest.raises(ValueError, match="pace"):
        SimClock(pace=1, real=lambda: 1000.0).go_on_at(2000.0)


@pytest.mark.parametrize(
    ("operation", "service", "parameters", "code"),
    [
        ("CreateSubnet", "ec2", {"CidrBlock": "10.0.0.0/24"}, "MissingParameter"),
        ("CreateVpc", "ec2", {"CidrBlock": "10.0.0.0/16", "DryRun": True}, "DryRunOperation"),
        ("ListParents", "organizations", {}, "InvalidInputException"),
        ("GetParameter", "ssm", {}, "ValidationException"),
        ("CreateFleet", "ec2", {}, "InvalidAction"),
    ],
)
def test_the_gate_refuses_in_each_services_words(desk, operation, service, parameters, code):
    """What lacks a parameter, what only asks, what is not there; and nothing happened."""
    before = len(inventory(desk.world))
    account = "111122223333" if service == "organizations" else ""
    assert desk.refused(operation, service, account, **parameters) == code
    assert len(inventory(desk.world)) == before


def test_what_is_not_simulated_is_said(desk):
    """A read that would ignore a parameter is refused; a change goes on, and the log names what it ignored."""
    assert desk.refused("DescribeInstanceTypeOfferings", Sorted=True) == "UnsupportedOperation"
    desk.call("CreateVpc", CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)
    assert desk.world.log.since(0)[-1].ignored == ("AmazonProvidedIpv6CidrBlock",)
    desk.call("CreateInternetGateway")
    assert desk.world.log.since(0)[-1].ignored == ()


def test_the_store_forgets_what_no_describe_shows(desk):
    """Terminated machines go after their hour with their parts; their tokens still say that they are dead."""
    net = desk.network()
    machine = desk.run(net["subnet"])["InstanceId"]
    desk.later(60)
    desk.call("TerminateInstances", InstanceIds=[machine])
    desk.later(3 * 3600)
    desk.call("DescribeInstances")
    assert desk.world.rows.find(machine) is None
    assert not [row for row in desk.world.rows.all() if row.kind in ("interface", "volume")]
    assert desk.refused("RunInstances", **desk.launch(net["subnet"])) == "IdempotentInstanceTerminated"


def test_the_log_is_bounded_and_its_numbers_go_on():
    """A mark that is too old gives what is kept."""
    log = Log()
    q = Request(Caller("1", "", ""), "r", "ec2", "DescribeVpcs", Parameters({}), 0.0)
    for _ in range(2 * KEPT + 5):
        log.add(q, (), "")
    assert log.count == 2 * KEPT + 5
    assert len(log.since(0)) == KEPT + 5
    assert [entry.number for entry in log.since(log.count - 2)] == [log.count - 2, log.count - 1]


def test_in_process_without_bytes():
    """The second door: members as the wire would serialize them, refusals as exceptions."""
    simulator = Simulator(clock=SimClock(pace=1, origin=0, real=lambda: 1_790_000_000.0), pool=2)
    account, *rest = simulator.accounts
    assert len(rest) == 1
    vpc = simulator.call(account, "eu-central-1", "ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"})["Vpc"]
    assert vpc["OwnerId"] == account
    assert [item["id"] for item in simulator.inventory()] == [vpc["VpcId"]]
    with pytest.raises(ApiError, match=r"InvalidVpcID\.NotFound"):
        simulator.call(rest[0], "eu-central-1", "ec2", "DeleteVpc", {"VpcId": vpc["VpcId"]})
