"""What AWS accepts and does not keep: gateways that fail, launches that die, starts that stay down, what lingers."""

import pytest
from simweather import ScriptedWeather

from sandboxd.simulator.chaos import Chaos
from sandboxd.simulator.ec2.machines import AGENT, DEATHS, STAYS_DOWN, lose
from sandboxd.simulator.inventory import inventory


def machine_of(desk, identifier):
    (reservation,) = desk.call("DescribeInstances", InstanceIds=[identifier])["Reservations"]
    return reservation["Instances"][0]


def nat(desk, net, token="n"):
    asked = {"SubnetId": net["subnet"], "AllocationId": net["address"], "ClientToken": token}
    return desk.call("CreateNatGateway", **asked)["NatGateway"]["NatGatewayId"]


def test_a_gateway_that_dies_keeps_its_address_until_it_is_deleted(desk):
    """Failed with a code; the next one with the same address fails too; after its deletion a new one comes up."""
    net = desk.network()
    desk.world.weather = ScriptedWeather(dies=True)
    first = nat(desk, net)
    desk.world.weather = ScriptedWeather()
    desk.later(101)
    (shape,) = desk.call("DescribeNatGateways")["NatGateways"]
    assert shape["State"] == "failed"
    assert shape["FailureCode"] in ("InternalError", "InvalidAllocationID.NotFound") and shape["FailureMessage"]
    second = nat(desk, net, "m")
    desk.later(101)
    states = {one["NatGatewayId"]: one for one in desk.call("DescribeNatGateways")["NatGateways"]}
    assert states[second]["FailureCode"] == "Resource.AlreadyAssociated"
    assert desk.refused("ReleaseAddress", AllocationId=net["address"]) == "AuthFailure"
    for one in (first, second):
        desk.call("DeleteNatGateway", NatGatewayId=one)
    desk.later(61 + 15 + 4)
    third = nat(desk, net, "o")
    desk.later(122)
    assert {one["NatGatewayId"]: one["State"] for one in desk.call("DescribeNatGateways")["NatGateways"]}[
        third
    ] == "available"


def test_an_interface_outlives_its_gateway_and_holds_its_subnet(desk):
    """Deleted, and the subnet has dependencies for some seconds yet; then address and subnet are free."""
    net = desk.network()
    gateway = nat(desk, net)
    desk.later(125)
    desk.call("DeleteNatGateway", NatGatewayId=gateway)
    asked = {"Filter": [{"Name": "nat-gateway-id", "Values": [gateway]}]}
    while desk.call("DescribeNatGateways", **asked)["NatGateways"][0]["State"] != "deleted":
        desk.later(0.5)
    by_subnet = [{"Name": "subnet-id", "Values": [net["subnet"]]}]
    (interface,) = desk.call("DescribeNetworkInterfaces", Filters=by_subnet)["NetworkInterfaces"]
    assert interface["Status"] == "in-use" and interface["RequesterManaged"]
    assert desk.refused("DeleteSubnet", SubnetId=net["subnet"]) == "DependencyViolation"
    detach = {"VpcId": net["vpc"], "InternetGatewayId": net["gateway"]}
    assert desk.refused("DetachInternetGateway", **detach) == "DependencyViolation"
    (address,) = desk.call("DescribeAddresses")["Addresses"]
    assert address["NetworkInterfaceId"] == interface["NetworkInterfaceId"]
    desk.later(15)
    desk.call("DeleteSubnet", SubnetId=net["subnet"])
    desk.call("DetachInternetGateway", **detach)
    desk.later(4)
    desk.call("ReleaseAddress", AllocationId=net["address"])


def test_a_launch_that_dies(desk):
    """Pending, then terminated with a reason; nothing of it is left; its token says that it is dead."""
    net = desk.network()
    desk.world.weather = ScriptedWeather(dies=True)
    identifier = desk.run(net["subnet"])["InstanceId"]
    desk.world.weather = ScriptedWeather()
    assert machine_of(desk, identifier)["State"]["Name"] == "pending"
    desk.later(41)
    dead = machine_of(desk, identifier)
    assert dead["State"]["Name"] == "terminated"
    assert (dead["StateReason"]["Code"], dead["StateReason"]["Message"]) in DEATHS
    assert dead["StateTransitionReason"] == dead["StateReason"]["Code"]
    assert desk.call("DescribeVolumes")["Volumes"] == []
    assert "machine" not in [item["kind"] for item in inventory(desk.world)]
    assert desk.refused("RunInstances", **desk.launch(net["subnet"])) == "IdempotentInstanceTerminated"
    desk.call("DeleteSubnet", SubnetId=net["subnet"])


def test_a_start_that_stays_down(desk):
    """Accepted, pending, stopped again, for lack of capacity; the next start comes up and forgets the reason."""
    identifier = desk.run(desk.network()["subnet"])["InstanceId"]
    desk.later(60)
    desk.call("StopInstances", InstanceIds=[identifier])
    desk.later(60)
    assert machine_of(desk, identifier)["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    desk.world.weather = ScriptedWeather(dies=True)
    desk.call("StartInstances", InstanceIds=[identifier])
    desk.world.weather = ScriptedWeather()
    desk.later(41)
    down = machine_of(desk, identifier)
    assert (down["State"]["Name"], down["StateReason"]["Code"]) == ("stopped", STAYS_DOWN[0])
    desk.call("StartInstances", InstanceIds=[identifier])
    desk.later(41)
    assert "StateReason" not in machine_of(desk, identifier)
    desk.call("StopInstances", InstanceIds=[identifier])
    assert machine_of(desk, identifier)["StateReason"]["Code"] == "Client.UserInitiatedShutdown"


def test_a_machine_that_is_lost(desk):
    """Terminated though nobody asked, with its parts."""
    net = desk.network()
    identifier = desk.run(net["subnet"])["InstanceId"]
    desk.later(60)
    lose(desk.world, desk.world.rows.find(identifier), desk.at)
    lost = machine_of(desk, identifier)
    assert (lost["State"]["Name"], lost["StateReason"]["Code"]) == ("terminated", "Server.InternalError")
    desk.call("DeleteSubnet", SubnetId=net["subnet"])


def test_chaos_loses_what_was_there(desk):
    """One machine after the other, whatever its power; and nothing when there is none."""
    net, chaos = desk.network(), Chaos(1)
    assert chaos.lose(desk.world) == ""
    made = {desk.run(net["subnet"], token=str(n))["InstanceId"] for n in range(2)}
    assert chaos.lose(desk.world) == ""
    desk.later(60)
    desk.call("StopInstances", InstanceIds=[min(made)])
    desk.later(60)
    assert {chaos.lose(desk.world), chaos.lose(desk.world)} == made
    assert chaos.lose(desk.world) == "" and chaos.met["lost machine"] == 2
    assert "machine" not in [item["kind"] for item in inventory(desk.world)]


def test_an_agent_may_come_late(desk):
    """Later than it usually does, by a bounded time."""
    asked = {key: value for key, value in desk.launch("x").items() if key != "SubnetId"} | desk.profile()
    desk.world.weather = ScriptedWeather(late=AGENT)
    desk.call("RunInstances", **asked)
    desk.later(41 + 121)
    assert desk.call("DescribeInstanceInformation", "ssm")["InstanceInformationList"] == []
    desk.later(AGENT)
    assert len(desk.call("DescribeInstanceInformation", "ssm")["InstanceInformationList"]) == 1


@pytest.mark.parametrize(
    ("second", "becomes"),
    [
        ({}, "the same"),
        ({"zone": "euc1-az2"}, "another"),
        ({"InstanceType": "t3.small"}, "IdempotentParameterMismatch"),
        ({"UserData": "changed"}, "IdempotentParameterMismatch"),
    ],
)
def test_a_launch_token_is_zonal(desk, second, becomes):
    """The same token: the same machine, a second one in another zone, or a mismatch for other parameters."""
    net = desk.network()
    first = desk.run(net["subnet"])["InstanceId"]
    subnet = net["subnet"]
    if zone := second.pop("zone", ""):
        asked = {"VpcId": net["vpc"], "CidrBlock": "10.0.5.0/24", "AvailabilityZoneId": zone}
        subnet = desk.call("CreateSubnet", **asked)["Subnet"]["SubnetId"]
    if becomes == "IdempotentParameterMismatch":
        assert desk.refused("RunInstances", **desk.launch(subnet, **second)) == becomes
    else:
        assert (desk.run(subnet, **second)["InstanceId"] == first) == (becomes == "the same")
    by_token = [{"Name": "client-token", "Values": ["t"]}]
    found = desk.call("DescribeInstances", Filters=by_token)["Reservations"]
    assert len(found) == (2 if becomes == "another" else 1)


def test_a_launch_token_without_a_zone_is_regional(desk):
    """A launch that leaves the zone to AWS has a token of its own scope."""
    asked = {key: value for key, value in desk.launch("x").items() if key != "SubnetId"}
    (first,) = desk.call("RunInstances", **asked)["Instances"]
    (again,) = desk.call("RunInstances", **asked)["Instances"]
    assert first["InstanceId"] == again["InstanceId"]
    (zonal,) = desk.call("RunInstances", **asked, Placement={"AvailabilityZone": "eu-central-1a"})["Instances"]
    assert zonal["InstanceId"] != first["InstanceId"]
