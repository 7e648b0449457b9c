"""States over time, what holds what, tokens: the traps of real AWS, under a clock that tests move."""

import pytest

from sandboxd.simulator.bound import inventory


def test_a_machine_through_its_states(desk):
    """pending, running, stopping, stopped, running again, terminated; with the members of each."""
    net = desk.network()
    machine = desk.run(net["subnet"])
    assert machine["State"]["Name"] == "pending"
    assert desk.refused("StopInstances", InstanceIds=[machine["InstanceId"]]) == "IncorrectInstanceState"
    desk.later(60)
    one = {"InstanceIds": [machine["InstanceId"]]}
    shape = desk.call("DescribeInstances", **one)["Reservations"][0]["Instances"][0]
    assert shape["State"]["Name"] == "running"
    assert "StateReason" not in shape
    assert desk.call("StopInstances", **one)["StoppingInstances"][0]["PreviousState"]["Code"] == 16
    assert desk.refused("StartInstances", **one) == "IncorrectInstanceState"
    desk.later(60)
    desk.call("StartInstances", **one)
    desk.later(60)
    desk.call("TerminateInstances", **one)
    desk.later(70)
    gone = desk.call("DescribeInstances", **one)["Reservations"][0]["Instances"][0]
    assert gone["State"]["Name"] == "terminated"
    assert not {"VpcId", "SubnetId", "PrivateIpAddress"} & set(gone)
    desk.later(3700)
    assert desk.refused("DescribeInstances", **one) == "InvalidInstanceID.NotFound"


def test_tokens_of_launches(desk):
    """The same again gives the same; other parameters are a mismatch; a dead one is said; another zone is another."""
    net = desk.network()
    first = desk.run(net["subnet"])
    assert desk.run(net["subnet"])["InstanceId"] == first["InstanceId"]
    with pytest.raises(Exception, match="IdempotentParameterMismatch"):
        desk.run(net["subnet"], InstanceType="t3.small")
    other = desk.call("CreateSubnet", VpcId=net["vpc"], CidrBlock="10.0.1.0/24", AvailabilityZone="eu-central-1b")
    assert desk.run(other["Subnet"]["SubnetId"])["InstanceId"] != first["InstanceId"]
    desk.later(60)
    desk.call("TerminateInstances", InstanceIds=[first["InstanceId"]])
    with pytest.raises(Exception, match="IdempotentInstanceTerminated"):
        desk.run(net["subnet"])


def test_a_nat_gateway_and_its_address(desk):
    """The address is held until some seconds after the gateway is gone, with two different errors meanwhile."""
    net = desk.network()
    asked = {"SubnetId": net["subnet"], "AllocationId": net["address"], "ClientToken": "n"}
    nat = desk.call("CreateNatGateway", **asked)["NatGateway"]["NatGatewayId"]
    assert desk.call("CreateNatGateway", **asked)["NatGateway"]["NatGatewayId"] == nat
    desk.later(125)
    assert desk.call("DescribeNatGateways")["NatGateways"][0]["State"] == "available"
    assert (
        desk.refused("DetachInternetGateway", VpcId=net["vpc"], InternetGatewayId=net["gateway"])
        == "DependencyViolation"
    )
    assert desk.refused("ReleaseAddress", AllocationId=net["address"]) == "AuthFailure"
    desk.call("DeleteNatGateway", NatGatewayId=nat)
    assert desk.refused("DeleteSubnet", SubnetId=net["subnet"]) == "DependencyViolation"
    codes = []
    for _ in range(1000):
        desk.later(0.1)
        try:
            desk.call("ReleaseAddress", AllocationId=net["address"])
            break
        except Exception as error:  # noqa: BLE001 - the codes are what is tested
            codes.append(error.code)
    assert dict.fromkeys(codes) == dict.fromkeys(["AuthFailure", "InvalidNetworkInterfaceID.NotFound"])
    assert desk.call("DescribeNatGateways")["NatGateways"][0]["State"] == "deleted"


def test_a_nat_gateway_without_a_way_out_fails_and_keeps_its_address(desk):
    """A5: failed with a reason; the address is held until it is deleted."""
    net = desk.network()
    desk.call("DetachInternetGateway", VpcId=net["vpc"], InternetGatewayId=net["gateway"])
    desk.call("CreateNatGateway", SubnetId=net["subnet"], AllocationId=net["address"])
    desk.later(110)
    failed = desk.call("DescribeNatGateways")["NatGateways"][0]
    assert (failed["State"], failed["FailureCode"]) == ("failed", "Gateway.NotAttached")
    assert desk.refused("ReleaseAddress", AllocationId=net["address"]) == "AuthFailure"
    desk.call("DeleteNatGateway", NatGatewayId=failed["NatGatewayId"])
    desk.later(70)
    desk.call("ReleaseAddress", AllocationId=net["address"])


def test_nothing_is_deleted_under_what_stands_on_it(desk):
    """Order of a teardown, and nothing left at its end."""
    net = desk.network()
    group = desk.call("CreateSecurityGroup", VpcId=net["vpc"], GroupName="g", Description="d")["GroupId"]
    peer = desk.call("CreateSecurityGroup", VpcId=net["vpc"], GroupName="h", Description="d")["GroupId"]
    pair = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": peer}]}]
    desk.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=pair)
    machine = desk.run(net["subnet"], SecurityGroupIds=[group])["InstanceId"]
    for operation, what in (
        ("DeleteVpc", {"VpcId": net["vpc"]}),
        ("DeleteSubnet", {"SubnetId": net["subnet"]}),
        ("DeleteSecurityGroup", {"GroupId": group}),
        ("DeleteSecurityGroup", {"GroupId": peer}),
        ("DeleteInternetGateway", {"InternetGatewayId": net["gateway"]}),
    ):
        assert desk.refused(operation, **what) == "DependencyViolation", operation
    desk.later(60)
    desk.call("TerminateInstances", InstanceIds=[machine])
    desk.later(70)
    desk.call("DeleteSecurityGroup", GroupId=group)
    desk.call("DeleteSecurityGroup", GroupId=peer)
    desk.call("DetachInternetGateway", VpcId=net["vpc"], InternetGatewayId=net["gateway"])
    desk.call("DeleteInternetGateway", InternetGatewayId=net["gateway"])
    desk.call("ReleaseAddress", AllocationId=net["address"])
    desk.call("DeleteSubnet", SubnetId=net["subnet"])
    desk.call("DeleteVpc", VpcId=net["vpc"])
    assert inventory(desk.world) == []


def test_an_unknown_filter_is_an_error(desk):
    """As at AWS: a filter that is ignored would make a listing lie."""
    assert desk.refused("DescribeVpcs", Filters=[{"Name": "colour", "Values": ["red"]}]) == "InvalidParameterValue"


def test_pages_are_complete(desk):
    """Every page together is the whole."""
    desk.call("CreateVpc", CidrBlock="10.0.0.0/16")
    first = desk.call("DescribeSubnets", MaxResults=2)
    second = desk.call("DescribeSubnets", MaxResults=2, NextToken=first["NextToken"])
    ids = [subnet["SubnetId"] for subnet in first["Subnets"] + second["Subnets"]]
    assert len(set(ids)) == 3
    assert "NextToken" not in second


def test_quotas_refuse(desk):
    """Five VPCs with the default one, five addresses."""
    for n in range(4):
        desk.call("CreateVpc", CidrBlock=f"10.{n}.0.0/16")
    assert desk.refused("CreateVpc", CidrBlock="10.9.0.0/16") == "VpcLimitExceeded"
    for _ in range(5):
        desk.call("AllocateAddress")
    assert desk.refused("AllocateAddress") == "AddressLimitExceeded"
