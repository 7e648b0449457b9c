"""What real AWS does that a careless caller, or a careless simulator, does not expect."""

import pytest

from sandboxd.simulator.furnish import MANAGEMENT
from sandboxd.simulator.inventory import inventory


def rules(desk, group, egress):
    filters = [{"Name": "group-id", "Values": [group]}]
    found = desk.call("DescribeSecurityGroupRules", Filters=filters)["SecurityGroupRules"]
    return [rule for rule in found if rule["IsEgress"] is egress]


def nat(desk, net, token="n"):
    asked = {"SubnetId": net["subnet"], "AllocationId": net["address"], "ClientToken": token}
    return desk.call("CreateNatGateway", **asked)["NatGateway"]["NatGatewayId"]


def test_a_fresh_region_has_its_default_network(desk):
    """One VPC, three subnets, main table with a way out, group, ACL; none of it counts as left over."""
    assert [vpc["IsDefault"] for vpc in desk.call("DescribeVpcs")["Vpcs"]] == [True]
    assert len(desk.call("DescribeSubnets")["Subnets"]) == 3
    (table,) = desk.call("DescribeRouteTables")["RouteTables"]
    assert [route["State"] for route in table["Routes"]] == ["active", "active"]
    assert [(one["Main"], "SubnetId" in one) for one in table["Associations"]] == [(True, False)]
    assert desk.call("DescribeInternetGateways")["InternetGateways"][0]["Attachments"][0]["State"] == "available"
    assert len(desk.call("DescribeNetworkAcls")["NetworkAcls"]) == 1
    assert inventory(desk.world) == []


def test_a_launch_without_a_subnet_goes_to_the_default_network(desk):
    """With the default group, and a public address from when it runs until it stops."""
    asked = {key: value for key, value in desk.launch("x").items() if key != "SubnetId"}
    answer = desk.call("RunInstances", **asked | {"MaxCount": 2})
    first, second = answer["Instances"]
    assert first["InstanceId"] != second["InstanceId"] and "PublicIpAddress" not in first
    assert first["SecurityGroups"][0]["GroupName"] == "default"
    again = desk.call("RunInstances", **asked | {"MaxCount": 2})
    assert [one["InstanceId"] for one in again["Instances"]] == [first["InstanceId"], second["InstanceId"]]
    desk.later(60)
    (reservation,) = desk.call("DescribeInstances")["Reservations"]
    assert len({one["PublicIpAddress"] for one in reservation["Instances"]}) == 2
    one = [first["InstanceId"]]
    desk.call("StopInstances", InstanceIds=one)
    (reservation,) = desk.call("DescribeInstances", InstanceIds=one)["Reservations"]
    assert "PublicIpAddress" not in reservation["Instances"][0]


def test_members_of_a_machine_that_goes(desk):
    """Shutting down: the interface is a remnant, the network is gone, tags stay; terminated: empty lists."""
    net = desk.network()
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "k", "Value": "v"}]}]
    one = {"InstanceIds": [desk.run(net["subnet"], TagSpecifications=tags)["InstanceId"]]}
    desk.later(60)
    desk.call("TerminateInstances", **one)
    going = desk.call("DescribeInstances", **one)["Reservations"][0]["Instances"][0]
    assert going["State"]["Name"] == "shutting-down" and "VpcId" not in going
    assert set(going["NetworkInterfaces"][0]) == {"NetworkInterfaceId", "OwnerId", "Status", "Attachment"}
    desk.later(70)
    by_tag = [{"Name": "tag:k", "Values": ["v"]}]
    gone = desk.call("DescribeInstances", Filters=by_tag)["Reservations"][0]["Instances"][0]
    assert gone["NetworkInterfaces"] == gone["SecurityGroups"] == gone["BlockDeviceMappings"] == []
    assert gone["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    by_vpc = [{"Name": "vpc-id", "Values": [net["vpc"]]}]
    assert desk.call("DescribeInstances", Filters=by_vpc)["Reservations"] == []


def test_a_volume_that_outlives_its_machine_is_left_over(desk):
    """DeleteOnTermination false: it bills, so it counts."""
    net = desk.network()
    disk = [{"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": False, "VolumeSize": 30}}]
    machine = desk.run(net["subnet"], BlockDeviceMappings=disk)["InstanceId"]
    desk.later(60)
    desk.call("TerminateInstances", InstanceIds=[machine])
    desk.later(70)
    (volume,) = desk.call("DescribeVolumes")["Volumes"]
    assert (volume["State"], volume["Size"], volume["Attachments"]) == ("available", 30, [])
    assert [item["kind"] for item in inventory(desk.world) if item["id"] == volume["VolumeId"]] == ["volume"]


def test_routes_turn_into_blackholes(desk):
    """Of a NAT gateway from its delete call on, of an internet gateway from its detach on; the target's id stays."""
    net = desk.network()
    table = desk.call("CreateRouteTable", VpcId=net["vpc"])["RouteTable"]["RouteTableId"]
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    assert desk.refused("ReplaceRoute", **route, GatewayId=net["gateway"]) == "InvalidParameterValue"
    desk.call("CreateRoute", **route, GatewayId=net["gateway"])
    assert desk.refused("CreateRoute", **route, GatewayId=net["gateway"]) == "RouteAlreadyExists"

    def seen():
        return desk.call("DescribeRouteTables", RouteTableIds=[table])["RouteTables"][0]["Routes"][-1]

    assert seen()["State"] == "active"
    gateway = nat(desk, net)
    desk.call("ReplaceRoute", **route, NatGatewayId=gateway)
    assert (seen()["State"], seen()["NatGatewayId"]) == ("active", gateway)
    desk.later(200)
    desk.call("DeleteNatGateway", NatGatewayId=gateway)
    assert (seen()["State"], seen()["NatGatewayId"]) == ("blackhole", gateway)
    assert desk.refused("ReplaceRoute", **route, NatGatewayId=gateway) == "InvalidNatGatewayID.NotFound"
    desk.later(200)
    desk.call("ReplaceRoute", **route, GatewayId=net["gateway"])
    desk.call("DetachInternetGateway", VpcId=net["vpc"], InternetGatewayId=net["gateway"])
    assert seen()["State"] == "blackhole"


def test_a_taken_address_makes_a_second_gateway_fail(desk):
    """Found out on the way, not in the call; its deletion leaves the first one's address alone."""
    net = desk.network()
    first, second = nat(desk, net, "a"), nat(desk, net, "b")
    desk.later(130)
    by_id = {one["NatGatewayId"]: one for one in desk.call("DescribeNatGateways")["NatGateways"]}
    assert by_id[first]["State"] == "available"
    assert (by_id[second]["State"], by_id[second]["FailureCode"]) == ("failed", "Resource.AlreadyAssociated")
    desk.call("DeleteNatGateway", NatGatewayId=second)
    desk.later(80)
    states = {one["NatGatewayId"]: one["State"] for one in desk.call("DescribeNatGateways")["NatGateways"]}
    assert states == {first: "available", second: "deleted"}
    assert desk.refused("ReleaseAddress", AllocationId=net["address"]) == "AuthFailure"


def test_a_failed_gateway_goes_by_itself_after_an_hour_and_lets_its_address_go(desk):
    """AWS removes it; nobody has to."""
    net = desk.network()
    desk.call("DetachInternetGateway", VpcId=net["vpc"], InternetGatewayId=net["gateway"])
    nat(desk, net)
    desk.later(100 + 3601)
    desk.call("ReleaseAddress", AllocationId=net["address"])
    assert "nat-gateway" not in [item["kind"] for item in inventory(desk.world)]


def test_addresses_of_a_small_subnet_run_out_and_come_back(desk):
    """A /28 has eleven."""
    net = desk.network()
    small = desk.call("CreateSubnet", VpcId=net["vpc"], CidrBlock="10.0.9.0/28")["Subnet"]["SubnetId"]
    machines = [desk.run(small, token=str(n)) for n in range(11)]
    assert len({machine["PrivateIpAddress"] for machine in machines}) == 11
    assert desk.refused("RunInstances", **desk.launch(small, "more")) == "InsufficientFreeAddressesInSubnet"
    desk.later(60)
    desk.call("TerminateInstances", InstanceIds=[machines[3]["InstanceId"]])
    desk.later(70)
    assert desk.run(small, token="more")["PrivateIpAddress"] == machines[3]["PrivateIpAddress"]


def test_subnets_within_their_vpc_and_apart(desk):
    """Natural uniqueness of a CIDR."""
    net = desk.network()
    refused = {
        "10.0.0.0/25": "InvalidSubnet.Conflict",
        "10.1.0.0/24": "InvalidSubnet.Range",
        "10.0.2.0/30": "InvalidSubnet.Range",
        "hello": "InvalidParameterValue",
    }
    for cidr, code in refused.items():
        assert desk.refused("CreateSubnet", VpcId=net["vpc"], CidrBlock=cidr) == code
    zone = desk.call("CreateSubnet", VpcId=net["vpc"], CidrBlock="10.0.2.0/24", AvailabilityZoneId="euc1-az3")["Subnet"]
    assert zone["AvailabilityZone"] == "eu-central-1c"


def test_rules_of_a_group(desk):
    """Born with one; duplicates as a whole; numbers of protocols; sources hold each other's groups."""
    vpc = desk.network()["vpc"]
    group = desk.call("CreateSecurityGroup", VpcId=vpc, GroupName="g", Description="d")["GroupId"]
    peer = desk.call("CreateSecurityGroup", VpcId=vpc, GroupName="h", Description="d")["GroupId"]
    assert desk.refused("CreateSecurityGroup", VpcId=vpc, GroupName="g", Description="d") == "InvalidGroup.Duplicate"
    (born,) = rules(desk, group, egress=True)
    assert (born["IpProtocol"], born["FromPort"], born["ToPort"], born["Tags"]) == ("-1", -1, -1, [])
    everything = [{"IpProtocol": "-1", "FromPort": 5, "ToPort": 6, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    authorize = {"GroupId": group, "IpPermissions": everything}
    assert desk.refused("AuthorizeSecurityGroupEgress", **authorize) == "InvalidPermission.Duplicate"
    two = [
        {"IpProtocol": "6", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": peer}]},
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
    ]
    desk.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=two[1:])
    asked = {"GroupId": group, "IpPermissions": two}
    assert desk.refused("AuthorizeSecurityGroupIngress", **asked) == "InvalidPermission.Duplicate"
    assert len(rules(desk, group, egress=False)) == 1
    desk.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=two[:1])
    (shape,) = desk.call("DescribeSecurityGroups", GroupIds=[group])["SecurityGroups"]
    (permission,) = shape["IpPermissions"]
    assert (permission["IpProtocol"], len(permission["UserIdGroupPairs"])) == ("tcp", 1)
    assert "FromPort" not in shape["IpPermissionsEgress"][0]
    assert desk.refused("DeleteSecurityGroup", GroupId=peer) == "DependencyViolation"
    desk.call("RevokeSecurityGroupIngress", GroupId=group, IpPermissions=two[:1])
    desk.call("DeleteSecurityGroup", GroupId=peer)


@pytest.mark.parametrize("permission", [{"IpProtocol": "spx"}, {"IpProtocol": "tcp", "FromPort": 1}])
def test_malformed_rules(desk, permission):
    """Refused with a code, and nothing is made."""
    group = desk.call("CreateSecurityGroup", GroupName="g", Description="d")["GroupId"]
    asked = {"GroupId": group, "IpPermissions": [permission | {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}
    assert desk.refused("AuthorizeSecurityGroupIngress", **asked) in (
        "InvalidPermission.Malformed",
        "InvalidParameterValue",
    )
    assert rules(desk, group, egress=False) == []


def test_images_are_usable_by_those_they_are_shared_with(desk):
    """Owner, public, or launch permission; AuthFailure and NotFound are two things."""
    subnet = desk.network()["subnet"]
    owners = {"Owners": [MANAGEMENT], "Filters": [{"Name": "name", "Values": ["openshift-sno-*"]}]}
    image = desk.call("DescribeImages", **owners)["Images"][0]["ImageId"]
    remove = {"ImageId": image, "LaunchPermission": {"Remove": [{"UserId": desk.account}]}}
    desk.run(subnet, token="before", ImageId=image)
    desk.call("ModifyImageAttribute", "ec2", MANAGEMENT, **remove)
    assert desk.refused("RunInstances", **desk.launch(subnet, "after", ImageId=image)) == "AuthFailure"
    assert desk.refused("DescribeImages", ImageIds=[image]) == "InvalidAMIID.NotFound"
    unknown = desk.launch(subnet, "other", ImageId="ami-00000000000000000")
    assert desk.refused("RunInstances", **unknown) == "InvalidAMIID.NotFound"
    desk.call("ModifyImageAttribute", "ec2", MANAGEMENT, ImageId=image, LaunchPermission={"Add": [{"Group": "all"}]})
    desk.run(subnet, token="public", ImageId=image)


def test_tags_over_all_kinds(desk):
    """Created, filtered, deleted; an unknown id in the words of its kind; AWS's own prefix is AWS's."""
    net = desk.network()
    desk.call("CreateTags", Resources=list(net.values()), Tags=[{"Key": "k", "Value": "v"}])
    filters = [{"Name": "key", "Values": ["k"]}]
    found = desk.call("DescribeTags", Filters=filters)["Tags"]
    assert {one["ResourceType"] for one in found} == {"vpc", "subnet", "internet-gateway", "elastic-ip"}
    desk.call("DeleteTags", Resources=[net["vpc"]], Tags=[{"Key": "k", "Value": "other"}])
    assert len(desk.call("DescribeTags", Filters=filters)["Tags"]) == 4
    desk.call("DeleteTags", Resources=[net["vpc"]], Tags=[{"Key": "k"}])
    assert len(desk.call("DescribeTags", Filters=filters)["Tags"]) == 3
    tags = [{"Key": "k", "Value": "v"}]
    assert desk.refused("CreateTags", Resources=["vpc-00000000000000000"], Tags=tags) == "InvalidVpcID.NotFound"
    assert desk.refused("CreateTags", Resources=["x"], Tags=tags) == "InvalidID"
    own = [{"Key": "aws:x", "Value": "v"}]
    assert desk.refused("CreateTags", Resources=[net["vpc"]], Tags=own) == "InvalidParameterValue"


def test_nobody_sees_another_accounts_things(desk):
    """Nor another region's."""
    net = desk.network()
    other = next(a for a in desk.world.organization["accounts"] if a not in (MANAGEMENT, desk.account))
    assert desk.refused("DeleteVpc", "ec2", other, VpcId=net["vpc"]) == "InvalidVpcID.NotFound"
    there = desk.world.call(desk.world.caller(desk.account), "us-east-1", "ec2", "DescribeVpcs", {})["Vpcs"]
    assert net["vpc"] not in [vpc["VpcId"] for vpc in there]


def test_an_agent_that_boots_without_a_way_out_sleeps_for_half_an_hour(desk):
    """So gateway and route come first, on every start."""
    machine = desk.run(desk.network()["subnet"], **desk.profile())["InstanceId"]
    filters = [{"Key": "InstanceIds", "Values": [machine]}]
    desk.later(45 + 130)
    assert desk.call("DescribeInstanceInformation", "ssm", Filters=filters)["InstanceInformationList"] == []
    desk.later(2400)
    assert len(desk.call("DescribeInstanceInformation", "ssm", Filters=filters)["InstanceInformationList"]) == 1


def test_the_agent_is_online_some_time_after_each_boot(desk):
    """A stopped machine has no row."""
    net = desk.network()
    gateway = nat(desk, net)
    inner = desk.call("CreateSubnet", VpcId=net["vpc"], CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    table = desk.call("CreateRouteTable", VpcId=net["vpc"])["RouteTable"]["RouteTableId"]
    desk.call("AssociateRouteTable", RouteTableId=table, SubnetId=inner)
    desk.call("CreateRoute", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
    desk.later(130)
    machine = desk.run(inner, **desk.profile())["InstanceId"]

    def online():
        return [one["InstanceId"] for one in desk.call("DescribeInstanceInformation", "ssm")["InstanceInformationList"]]

    desk.later(45)
    assert online() == []
    desk.later(130)
    assert online() == [machine]
    desk.call("StopInstances", InstanceIds=[machine])
    assert online() == [machine]
    desk.later(60)
    assert online() == []
    desk.call("StartInstances", InstanceIds=[machine])
    desk.later(45)
    assert online() == []
    desk.later(130)
    assert online() == [machine]


def test_a51_a_plain_interface_stays_until_somebody_deletes_it(desk):
    """Case A51: attached to nothing, it is left over and holds its subnet and group."""
    net = desk.network()
    group = desk.call("CreateSecurityGroup", VpcId=net["vpc"], GroupName="g", Description="g")["GroupId"]
    asked = {"SubnetId": net["subnet"], "Groups": [group], "Description": "left by a build"}
    made = desk.call("CreateNetworkInterface", **asked, PrivateIpAddress="10.0.0.9")["NetworkInterface"]
    one = {"NetworkInterfaceId": made["NetworkInterfaceId"]}
    assert (made["Status"], made["RequesterManaged"], made["PrivateIpAddress"]) == ("pending", False, "10.0.0.9")
    (shown,) = desk.call("DescribeNetworkInterfaces", NetworkInterfaceIds=[made["NetworkInterfaceId"]])[
        "NetworkInterfaces"
    ]
    assert shown["Status"] == "available" and "Attachment" not in shown
    by_machine = [{"Name": "attachment.instance-id", "Values": ["i-1"]}]
    assert desk.call("DescribeNetworkInterfaces", Filters=by_machine)["NetworkInterfaces"] == []
    desk.later(86400)
    assert [item["kind"] for item in inventory(desk.world)].count("interface") == 1
    assert desk.refused("DeleteSubnet", SubnetId=net["subnet"]) == "DependencyViolation"
    assert desk.refused("DeleteSecurityGroup", GroupId=group) == "DependencyViolation"
    desk.call("DeleteNetworkInterface", **one)
    assert desk.refused("DeleteNetworkInterface", **one) == "InvalidNetworkInterfaceID.NotFound"
    desk.call("DeleteSubnet", SubnetId=net["subnet"])
    desk.call("DeleteSecurityGroup", GroupId=group)
    assert desk.refused("CreateNetworkInterface", **asked) == "InvalidSubnetID.NotFound"


def test_a51_an_interface_that_is_somebodys_is_not_deleted(desk):
    """Case A51: not a machine's, and not one of those that a service manages, whether it is attached or not."""
    net = desk.network()
    machine = desk.run(net["subnet"])["NetworkInterfaces"][0]["NetworkInterfaceId"]
    assert desk.refused("DeleteNetworkInterface", NetworkInterfaceId=machine) == "InvalidParameterValue"
    gateway = desk.call("DescribeNatGateways", NatGatewayIds=[nat(desk, net)])["NatGateways"][0]
    managed = gateway["NatGatewayAddresses"][0]["NetworkInterfaceId"]
    assert desk.refused("DeleteNetworkInterface", NetworkInterfaceId=managed) == "InvalidParameterValue"
    asked = {"SubnetId": net["subnet"]}
    left = desk.call("CreateNetworkInterface", **asked)["NetworkInterface"]["NetworkInterfaceId"]
    desk.world.rows.find(left).data["requester"] = "amazon-elb"
    assert desk.refused("DeleteNetworkInterface", NetworkInterfaceId=left) == "OperationNotPermitted"
    other = desk.call("CreateVpc", CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    group = desk.call("CreateSecurityGroup", VpcId=other, GroupName="g", Description="g")["GroupId"]
    assert desk.refused("CreateNetworkInterface", **asked, Groups=[group]) == "InvalidParameterValue"
