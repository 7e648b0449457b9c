"""The bound on histories made by hand and by calls: AWS's own prerequisites, whatever the caller did meanwhile."""

import pytest

from sandboxd.simulator.bound import bound
from sandboxd.simulator.calls import Change, Entry


def entry(operation, *changes, refs=(), error=""):
    return Entry(0, 0.0, "1", "r", "ec2", operation, refs, changes, error)


def test_a_chain_of_references():
    """Each call starts when what it names is there: 0.3 s a call and the durations drawn."""
    history = [
        entry("CreateVpc", Change("vpc-1", 2.0)),
        entry("CreateSubnet", Change("subnet-1", 0.0), refs=("vpc-1",)),
        entry("RunInstances", Change("i-1", 30.0), refs=("subnet-1",)),
        entry("AllocateAddress", Change("eipalloc-1", 0.0)),
    ]
    found = bound(history)
    assert found.bound_seconds == pytest.approx(0.3 + 2 + 0.3 + 0.3 + 30)
    assert [link.operation for link in found.chain] == ["CreateVpc", "CreateSubnet", "RunInstances"]
    assert sum(link.seconds for link in found.chain) == pytest.approx(found.bound_seconds)


def test_what_was_there_before_the_phase_costs_nothing():
    """References to older things are no prerequisites of this phase; an empty phase takes no time."""
    assert bound([entry("StartInstances", Change("i-1", 25.0), refs=("i-1",))]).bound_seconds == pytest.approx(25.3)
    assert bound([]).bound_seconds == 0


def test_a_removal_waits_for_what_stood_on_it():
    """A subnet for its machines, a VPC for its subnets; not for what merely shares a parameter."""
    history = [
        entry("TerminateInstances", Change("i-1", 50.0, removed=True, frees=("subnet-1", "sg-1")), refs=("i-1",)),
        entry("DeleteSubnet", Change("subnet-1", 0.0, removed=True, frees=("vpc-1",)), refs=("subnet-1",)),
        entry("DeleteSecurityGroup", Change("sg-2", 0.0, removed=True, frees=("vpc-1",)), refs=("sg-2",)),
        entry("DeleteVpc", Change("vpc-1", 0.0, removed=True), refs=("vpc-1",)),
    ]
    found = bound(history)
    assert found.bound_seconds == pytest.approx(50.3 + 0.3 + 0.3)
    assert [link.resource for link in found.chain] == ["i-1", "subnet-1", "vpc-1"]


def test_refusals_reads_and_repeats_do_not_lengthen_it():
    """Only what changed something counts."""
    history = [
        entry("CreateVpc", Change("vpc-1", 1.0)),
        entry("DescribeVpcs", refs=("vpc-1",)),
        entry("CreateSubnet", refs=("vpc-1",), error="InvalidSubnet.Conflict"),
        entry("CreateNatGateway", refs=("vpc-1",)),
    ]
    assert bound(history).bound_seconds == pytest.approx(1.3)


def test_two_accounts_do_not_wait_for_each_other():
    """Chains meet only in things."""
    one = [entry("CreateVpc", Change("vpc-1", 1.0)), entry("AttachInternetGateway", Change("igw-1 attached", 0.0))]
    two = [entry("CreateVpc", Change("vpc-2", 1.0)), entry("AttachInternetGateway", Change("igw-2 attached", 0.0))]
    assert bound(one + two).bound_seconds == bound(one).bound_seconds


def private_network(desk):
    net = desk.network()
    table = desk.call("CreateRouteTable", VpcId=net["vpc"])["RouteTable"]["RouteTableId"]
    inner = desk.call("CreateSubnet", VpcId=net["vpc"], CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    link = desk.call("AssociateRouteTable", RouteTableId=table, SubnetId=inner)["AssociationId"]
    asked = {"SubnetId": net["subnet"], "AllocationId": net["address"], "ClientToken": "n"}
    nat = desk.call("CreateNatGateway", **asked)["NatGateway"]["NatGatewayId"]
    desk.call("CreateRoute", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    return net | {"table": table, "inner": inner, "nat": nat, "link": link}


def drawn(desk, mark=0):
    return {change.what: change.seconds for one in desk.world.log.since(mark) for change in one.changes}


def test_a_private_machine_boots_after_its_default_route(desk):
    """VPC, gateway, attach, NAT gateway, route, machine; how slow the caller was changes nothing."""
    net = private_network(desk)
    desk.later(500)
    machine = desk.run(net["inner"])["InstanceId"]
    took = drawn(desk)
    found = bound(desk.world.log.since(0))
    attach = 0.3 + took[net["vpc"]] + 0.3
    assert found.bound_seconds == pytest.approx(attach + 0.3 + took[net["nat"]] + 0.3 + 0.3 + took[machine])
    assert [link.operation for link in found.chain][2:] == ["CreateNatGateway", "CreateRoute", "RunInstances"]


def test_a_nat_gateway_waits_for_the_attachment_although_it_does_not_name_it(desk):
    """The subnet is older than the phase; the attachment is not."""
    net = desk.network()
    desk.call("DetachInternetGateway", VpcId=net["vpc"], InternetGatewayId=net["gateway"])
    mark = desk.world.log.count
    desk.call("AttachInternetGateway", VpcId=net["vpc"], InternetGatewayId=net["gateway"])
    desk.call("CreateNatGateway", SubnetId=net["subnet"], AllocationId=net["address"])
    chain = [link.operation for link in bound(desk.world.log.since(mark)).chain]
    assert chain == ["AttachInternetGateway", "CreateNatGateway"]


def test_a_public_machine_does_not_wait_for_the_nat_gateway(desk):
    """Its way out is another one."""
    net = private_network(desk)
    desk.later(500)
    mark = desk.world.log.count
    desk.run(net["subnet"])
    names = [ref for one in desk.world.log.since(mark) if one.operation == "RunInstances" for ref in one.refs]
    assert f"{net['table']} 0.0.0.0/0" not in names


def test_a_teardown(desk):
    """Gateway, its interface some seconds later, then its address; detach when nothing is mapped; the VPC last."""
    net = private_network(desk)
    desk.later(300)
    mark = desk.world.log.count
    desk.call("DeleteNatGateway", NatGatewayId=net["nat"])
    desk.later(120)
    desk.call("ReleaseAddress", AllocationId=net["address"])
    desk.call("DetachInternetGateway", VpcId=net["vpc"], InternetGatewayId=net["gateway"])
    desk.call("DeleteInternetGateway", InternetGatewayId=net["gateway"])
    desk.call("DisassociateRouteTable", AssociationId=net["link"])
    desk.call("DeleteRouteTable", RouteTableId=net["table"])
    for subnet in (net["subnet"], net["inner"]):
        desk.call("DeleteSubnet", SubnetId=subnet)
    desk.call("DeleteVpc", VpcId=net["vpc"])
    took = drawn(desk, mark)
    found = bound(desk.world.log.since(mark))
    (interface,) = (seconds for what, seconds in took.items() if what.endswith(" gone"))
    gateway = 0.3 + interface + 3 * 0.3
    address = 0.3 + took[f"{net['address']} unbound"] + 0.3
    assert found.bound_seconds == pytest.approx(max(gateway, address))
    assert found.chain[0].operation == "DeleteNatGateway"
