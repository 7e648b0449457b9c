"""The network in the scripted life: made piece by piece with every refusal on the way, and taken down again.

The ids of what is made go by name through one dictionary: `vpc`, `public`, `private`, `gateway`, `table`, `inner`, …
"""

from typing import Any

from tests.referee.life_steps import ANYWHERE, TAGS, look, spec, unknown
from tests.referee.transcript import Transcript


# ---- networks
def network(ask: Transcript) -> dict[str, str]:
    """A VPC with everything in it, the refusals of each part first or last; ids by name."""
    vpc = ask("CreateVpc", CidrBlock="10.0.0.0/16", TagSpecifications=spec("vpc"))["Vpc"]["VpcId"]
    look(ask)
    ask.later(5)
    ask.refused("InvalidVpc.Range", "CreateVpc", CidrBlock="10.0.0.0/8")
    ask.refused("MissingParameter", "CreateVpc")
    ids = {"vpc": vpc} | subnets(ask, vpc) | internet(ask, vpc) | group(ask, vpc)
    routes(ask, ids)
    return ids


def subnets(ask: Transcript, vpc: str) -> dict[str, str]:
    made = ask("CreateSubnet", VpcId=vpc, CidrBlock="10.0.0.0/24", TagSpecifications=spec("subnet"))
    bare = ask("CreateSubnet", VpcId=vpc, CidrBlock="10.0.16.0/24")
    ask.refused("InvalidSubnet.Conflict", "CreateSubnet", VpcId=vpc, CidrBlock="10.0.0.128/25")
    ask.refused("InvalidSubnet.Range", "CreateSubnet", VpcId=vpc, CidrBlock="10.9.0.0/24")
    ask.refused("DryRunOperation", "CreateSubnet", VpcId=vpc, CidrBlock="10.0.99.0/24", DryRun=True)
    look(ask)
    return {"public": made["Subnet"]["SubnetId"], "private": bare["Subnet"]["SubnetId"]}


def internet(ask: Transcript, vpc: str) -> dict[str, str]:
    tagged = ask("CreateInternetGateway", TagSpecifications=spec("internet-gateway"))
    gateway = tagged["InternetGateway"]["InternetGatewayId"]
    other = ask("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
    look(ask)
    ask("AttachInternetGateway", VpcId=vpc, InternetGatewayId=gateway)
    ask.refused("Resource.AlreadyAssociated", "AttachInternetGateway", VpcId=vpc, InternetGatewayId=gateway)
    ask.refused("DependencyViolation", "DeleteInternetGateway", InternetGatewayId=gateway)
    ask("DeleteInternetGateway", InternetGatewayId=other)
    look(ask)
    return {"gateway": gateway}


def group(ask: Transcript, vpc: str) -> dict[str, str]:
    """Security groups with rules of every form."""
    asked = {"VpcId": vpc, "Description": "of the referee"}
    one = ask("CreateSecurityGroup", GroupName="one", TagSpecifications=spec("security-group"), **asked)["GroupId"]
    two = ask("CreateSecurityGroup", GroupName="two", **asked)["GroupId"]
    ask.refused("InvalidGroup.Duplicate", "CreateSecurityGroup", GroupName="two", **asked)
    look(ask)
    every = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]
    ask("RevokeSecurityGroupEgress", GroupId=one, IpPermissions=every)
    ask("AuthorizeSecurityGroupEgress", GroupId=one, IpPermissions=every)
    rules(ask, one, two)
    ask.refused("DependencyViolation", "DeleteSecurityGroup", GroupId=two)
    look(ask)
    return {"group": one, "peer": two}


def rules(ask: Transcript, one: str, two: str) -> None:
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    world = [ssh | {"IpRanges": [{"CidrIp": ANYWHERE}]}]
    ask(
        "AuthorizeSecurityGroupIngress", GroupId=one, IpPermissions=world, TagSpecifications=spec("security-group-rule")
    )
    ask.refused("InvalidPermission.Duplicate", "AuthorizeSecurityGroupIngress", GroupId=one, IpPermissions=world)
    ask.refused(
        "InvalidPermission.Malformed", "AuthorizeSecurityGroupIngress", GroupId=one,
        IpPermissions=[{"IpProtocol": "", "IpRanges": [{"CidrIp": ANYWHERE}]}],
    )  # fmt: skip
    peers = [ssh | {"FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": two, "Description": "web"}]}]
    ask("AuthorizeSecurityGroupIngress", GroupId=one, IpPermissions=peers)
    ask("RevokeSecurityGroupIngress", GroupId=one, IpPermissions=peers)
    ask("AuthorizeSecurityGroupIngress", GroupId=one, IpPermissions=peers)
    ask.refused("InvalidPermission.NotFound", "RevokeSecurityGroupIngress", GroupId=two, IpPermissions=world)


def routes(ask: Transcript, ids: dict[str, str]) -> None:
    made = ask("CreateRouteTable", VpcId=ids["vpc"], TagSpecifications=spec("route-table"), ClientToken="table")
    ids["table"] = made["RouteTable"]["RouteTableId"]
    ids["inner"] = ask("CreateRouteTable", VpcId=ids["vpc"])["RouteTable"]["RouteTableId"]
    out = {"RouteTableId": ids["table"], "DestinationCidrBlock": ANYWHERE}
    ask("CreateRoute", GatewayId=ids["gateway"], **out)
    ask.refused("RouteAlreadyExists", "CreateRoute", GatewayId=ids["gateway"], **out)
    ask("ReplaceRoute", GatewayId=ids["gateway"], **out)
    for table, subnet in (("table", "public"), ("inner", "private")):
        answer = ask("AssociateRouteTable", RouteTableId=ids[table], SubnetId=ids[subnet])
        ids[f"{table} association"] = answer["AssociationId"]
    ask.refused("DependencyViolation", "DeleteRouteTable", RouteTableId=ids["table"])
    look(ask)


def interfaces(ask: Transcript, ids: dict[str, str]) -> None:
    """A plain one that nobody attaches, and one of a gateway that nobody may delete."""
    asked = {"SubnetId": ids["private"], "Groups": [ids["group"]], "Description": "of the referee"}
    made = ask("CreateNetworkInterface", TagSpecifications=spec("network-interface"), **asked)
    look(ask)
    ask("DeleteNetworkInterface", NetworkInterfaceId=made["NetworkInterface"]["NetworkInterfaceId"])
    gateway = ask("DescribeNatGateways", NatGatewayIds=[ids["nat"]])["NatGateways"][0]
    managed = gateway["NatGatewayAddresses"][0]["NetworkInterfaceId"]
    ask.refused("InvalidParameterValue", "DeleteNetworkInterface", NetworkInterfaceId=managed)


# ---- gateways
def gateways(ask: Transcript, ids: dict[str, str]) -> None:
    """An address and a NAT gateway up to available, and one that fails."""
    ids["address"] = ask("AllocateAddress", Domain="vpc", TagSpecifications=spec("elastic-ip"))["AllocationId"]
    look(ask)
    made: dict[str, Any] = {
        "SubnetId": ids["public"],
        "AllocationId": ids["address"],
        "TagSpecifications": spec("natgateway"),
    }
    ids["nat"] = ask("CreateNatGateway", ClientToken="nat", **made)["NatGateway"]["NatGatewayId"]
    look(ask)
    out = {"RouteTableId": ids["inner"], "DestinationCidrBlock": ANYWHERE}
    ask("CreateRoute", NatGatewayId=ids["nat"], **out)
    ask.later(200)
    look(ask)
    ask.refused("AuthFailure", "ReleaseAddress", AllocationId=ids["address"])
    gone = {"VpcId": ids["vpc"], "InternetGatewayId": ids["gateway"]}
    ask.refused("DependencyViolation", "DetachInternetGateway", **gone)


def failing(ask: Transcript) -> None:
    """A NAT gateway without an internet gateway, and what is left of it."""
    vpc = ask("CreateVpc", CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ask("CreateSubnet", VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    address = ask("AllocateAddress")["AllocationId"]
    ask("CreateNatGateway", SubnetId=subnet, AllocationId=address)
    look(ask)
    ask.later(101)
    look(ask)


def gateways_end(ask: Transcript, ids: dict[str, str]) -> None:
    """Everything of `gateways` taken down again."""
    ask("DeleteNatGateway", NatGatewayId=ids["nat"])
    look(ask)
    ask.refused("AuthFailure", "ReleaseAddress", AllocationId=ids["address"])
    ask.later(61)
    look(ask)
    out = {"RouteTableId": ids["inner"], "DestinationCidrBlock": ANYWHERE}
    ask("DeleteRoute", **out)
    for table in (unknown("nat"), ids["nat"]):
        ask.refused("InvalidGatewayID.NotFound", "CreateRoute", GatewayId=table, **out)
    ask.later(25)
    ask("ReleaseAddress", AllocationId=ids["address"])


# ---- the end
def network_end(ask: Transcript, ids: dict[str, str]) -> None:
    """Everything taken down in the one order that works, and then asked for again."""
    ask.refused("DependencyViolation", "DeleteVpc", VpcId=ids["vpc"])
    ask("DisassociateRouteTable", AssociationId=ids["table association"])
    ask("DisassociateRouteTable", AssociationId=ids["inner association"])
    ask("DeleteRouteTable", RouteTableId=ids["table"])
    ask("DeleteRouteTable", RouteTableId=ids["inner"])
    ask("DetachInternetGateway", VpcId=ids["vpc"], InternetGatewayId=ids["gateway"])
    ask("DeleteInternetGateway", InternetGatewayId=ids["gateway"])
    ask("CreateTags", Resources=[ids["group"]], Tags=TAGS)
    ask("DeleteTags", Resources=[ids["group"]], Tags=[{"Key": "Name"}])
    ask.refused("MissingParameter", "CreateTags", Tags=TAGS)
    for name in ("group", "peer"):
        ask("DeleteSecurityGroup", GroupId=ids[name])
    for name in ("public", "private"):
        ask("DeleteSubnet", SubnetId=ids[name])
    ask("DeleteVpc", VpcId=ids["vpc"])
    look(ask)
