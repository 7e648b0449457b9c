"""A refusal changes nothing: neither half of a create nor some of many."""

import pytest

from sandboxd.simulator import ApiError
from sandboxd.simulator.inventory import inventory

AWS_TAG = [{"Key": "aws:x", "Value": "v"}]


def rows(desk):
    return [row.id for row in desk.world.rows.all()]


@pytest.mark.parametrize(
    ("operation", "what", "parameters"),
    [
        ("CreateVpc", "vpc", lambda _: {"CidrBlock": "10.8.0.0/16"}),
        ("CreateSubnet", "subnet", lambda net: {"VpcId": net["vpc"], "CidrBlock": "10.0.9.0/24"}),
        ("CreateInternetGateway", "internet-gateway", lambda _: {}),
        ("CreateRouteTable", "route-table", lambda net: {"VpcId": net["vpc"], "ClientToken": "t"}),
        ("CreateSecurityGroup", "security-group",
         lambda net: {"VpcId": net["vpc"], "GroupName": "g", "Description": "d"}),
        ("AllocateAddress", "elastic-ip", lambda _: {}),
        ("CreateNatGateway", "natgateway",
         lambda net: {"SubnetId": net["subnet"], "AllocationId": net["address"], "ClientToken": "n"}),
        ("RunInstances", "instance", lambda net: net["launch"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("tags", "code"),
    [(AWS_TAG, "InvalidParameterValue"), ([{"Key": f"k{n}", "Value": ""} for n in range(51)], "TagLimitExceeded")],
)
def test_a_create_with_bad_tags_makes_nothing(desk, operation, what, parameters, tags, code):
    """Nothing is left behind, and the token is free."""
    net = desk.network()
    net["launch"] = desk.launch(net["subnet"])
    before = rows(desk)
    specs = [{"ResourceType": what, "Tags": tags}]
    assert desk.refused(operation, **parameters(net), TagSpecifications=specs) == code
    assert rows(desk) == before
    desk.call(operation, **parameters(net))


def small(desk, net):
    """A subnet with eleven addresses, ten of them taken."""
    subnet = desk.call("CreateSubnet", VpcId=net["vpc"], CidrBlock="10.0.9.0/28")["Subnet"]["SubnetId"]
    desk.run(subnet, "ten", MaxCount=10)
    return subnet


def test_a_launch_of_many_launches_all_or_none(desk):
    """Two into one free address do not go."""
    subnet = small(desk, desk.network())
    before = rows(desk)
    assert desk.refused("RunInstances", **desk.launch(subnet, MaxCount=2)) == "InsufficientFreeAddressesInSubnet"
    assert rows(desk) == before
    desk.run(subnet)


def test_a_gateway_without_a_free_address_fails_on_its_way(desk):
    """Accepted, then failed with the code; it can be listed and deleted, and lets its elastic IP go."""
    net = desk.network()
    subnet = small(desk, net)
    desk.run(subnet, "last")
    asked = {"SubnetId": subnet, "AllocationId": net["address"], "ClientToken": "n"}
    gateway = desk.call("CreateNatGateway", **asked)["NatGateway"]["NatGatewayId"]
    desk.later(101)
    (shape,) = desk.call("DescribeNatGateways")["NatGateways"]
    assert (shape["State"], shape["FailureCode"]) == ("failed", "InsufficientFreeAddressesInSubnet")
    desk.call("DeleteNatGateway", NatGatewayId=gateway)
    desk.later(61)
    desk.call("ReleaseAddress", AllocationId=net["address"])
    assert "nat-gateway" not in [item["kind"] for item in inventory(desk.world)]


def test_a_full_region_refuses_a_launch_as_a_whole(desk):
    """The quota of interfaces."""
    net = desk.network()
    desk.world.quotas["interfaces"] = 2
    before = rows(desk)
    with pytest.raises(ApiError, match="NetworkInterfaceLimitExceeded"):
        desk.run(net["subnet"], MaxCount=3)
    assert rows(desk) == before
    desk.run(net["subnet"], MaxCount=2)
