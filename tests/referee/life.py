"""A scripted life that brings every kind of thing into every state that it has, and meets every refusal on the way.

It talks to any door; after each change it looks at everything. What the answers must be is not known here.
"""

from typing import Any

from tests.referee.transcript import Transcript

TAGS = [{"Key": "Name", "Value": "referee"}, {"Key": "sandboxd:key", "Value": "eu-central-1/shared/vpc"}]
AMI = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
ANYWHERE = "0.0.0.0/0"
LISTINGS = (
    "DescribeVpcs", "DescribeSubnets", "DescribeInternetGateways", "DescribeRouteTables", "DescribeSecurityGroups",
    "DescribeSecurityGroupRules", "DescribeAddresses", "DescribeNatGateways", "DescribeInstances", "DescribeNetworkInterfaces",
    "DescribeVolumes", "DescribeTags", "DescribeNetworkAcls",
)  # fmt: skip


def unknown(prefix: str) -> str:
    """A well-formed id of nothing."""
    return f"{prefix}-0123456789abcdef0"


def look(ask: Transcript) -> None:
    """Look at everything in the account."""
    for operation in LISTINGS:
        ask(operation)
    ask("DescribeInstanceStatus", IncludeAllInstances=True)


def spec(kind: str) -> list[dict[str, Any]]:
    """Tags in a create call."""
    return [{"ResourceType": kind, "Tags": TAGS}]


# ---- the catalogue
def catalogue(ask: Transcript, owner: str) -> None:
    """What there is by itself, and images from both of their sides; `owner` is the account that shares them."""
    for operation in ("DescribeAvailabilityZones", "DescribeRegions"):
        ask(operation)
    types = [{"Name": "instance-type", "Values": ["t3.micro", "m6i.4xlarge"]}]
    for where in ("availability-zone", "region"):
        ask("DescribeInstanceTypeOfferings", LocationType=where, Filters=types)
    ask("DescribeImages", Owners=["amazon"], Filters=[{"Name": "name", "Values": ["al2023-*"]}])
    shared = ask("DescribeImages", Owners=[owner])["Images"][0]["ImageId"]
    ask("DescribeImages", account=owner, Owners=["self"])
    ask("DescribeSnapshots", account=owner, OwnerIds=["self"])
    sharing(ask, owner, shared)
    ask.refused("InvalidSnapshot.NotFound", "DescribeSnapshots", SnapshotIds=[unknown("snap")])
    ask("GetServiceQuota", "service-quotas", ServiceCode="vpc", QuotaCode="L-F678F1CE")
    for service in ("vpc", "ec2"):
        ask("ListServiceQuotas", "service-quotas", ServiceCode=service)


def sharing(ask: Transcript, owner: str, image: str) -> None:
    """An image taken from an account and given back."""
    permission = [{"UserId": ask.account}]
    ask("ModifyImageAttribute", account=owner, ImageId=image, LaunchPermission={"Remove": permission})
    ask.refused("AuthFailure", "RunInstances", ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    ask("DescribeImageAttribute", account=owner, ImageId=image, Attribute="launchPermission")
    ask("ModifyImageAttribute", account=owner, ImageId=image, LaunchPermission={"Add": permission})
    ask("DescribeImageAttribute", account=owner, ImageId=image, Attribute="launchPermission")


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


# ---- gateways
def gateways(ask: Transcript, ids: dict[str, str]) -> None:
    """An address and a NAT gateway up to available, and one that fails."""
    ids["address"] = ask("AllocateAddress", Domain="vpc", TagSpecifications=spec("elastic-ip"))["AllocationId"]
    look(ask)
    made = {"SubnetId": ids["public"], "AllocationId": ids["address"], "TagSpecifications": spec("natgateway")}
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
    ask.later(10)
    ask("ReleaseAddress", AllocationId=ids["address"])


# ---- machines
def launch(ask: Transcript, ids: dict[str, str], token: str, **more: Any) -> str:
    """A machine in the private subnet."""
    image = ask("GetParameter", "ssm", Name=AMI)["Parameter"]["Value"]
    asked = {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "ClientToken": token}
    asked |= {"SubnetId": ids["private"], "SecurityGroupIds": [ids["group"]]}
    return str(ask("RunInstances", **(asked | more))["Instances"][0]["InstanceId"])


def machines(ask: Transcript, ids: dict[str, str]) -> None:
    """A tagged machine and a bare one through all their states."""
    tagged = [spec(kind)[0] for kind in ("instance", "volume", "network-interface")]
    one, two = launch(ask, ids, "one", TagSpecifications=tagged), launch(ask, ids, "two")
    ids |= {"machine": one}
    look(ask)
    ask.refused("IncorrectInstanceState", "StopInstances", InstanceIds=[one])
    ask.later(300)
    look(ask)
    ask("DescribeInstanceInformation", "ssm")
    ask.refused("DependencyViolation", "DeleteSubnet", SubnetId=ids["private"])
    ask.refused("DependencyViolation", "DeleteSecurityGroup", GroupId=ids["group"])
    ask("StopInstances", InstanceIds=[one, two])
    look(ask)
    ask.refused("IncorrectInstanceState", "StartInstances", InstanceIds=[one])
    ask.later(60)
    look(ask)
    ask("StopInstances", InstanceIds=[one])
    ask("StartInstances", InstanceIds=[one])
    look(ask)
    ask.later(300)
    ask("DescribeInstanceInformation", "ssm")
    look(ask)
    ask("TerminateInstances", InstanceIds=[one, two])
    look(ask)
    ask.later(90)
    look(ask)
    ask("TerminateInstances", InstanceIds=[one])


def public_machine(ask: Transcript) -> None:
    """A machine in the default network, where AWS lends it a public address; its disk outlives it."""
    image = ask("GetParameter", "ssm", Name=AMI)["Parameter"]["Value"]
    disk = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 9, "VolumeType": "gp3", "DeleteOnTermination": False}}
    asked: dict[str, Any] = {"ImageId": image, "InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1}
    machine = ask("RunInstances", BlockDeviceMappings=[disk], **asked)["Instances"][0]["InstanceId"]
    for operation in ("StopInstances", "StartInstances", "TerminateInstances"):
        ask.later(300)
        look(ask)
        ask(operation, InstanceIds=[machine])
        look(ask)
    ask.later(90)
    look(ask)


def refused_launches(ask: Transcript, ids: dict[str, str]) -> None:
    """Launches that AWS refuses."""
    asked: dict[str, Any] = {"InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "SubnetId": ids["private"]}
    ask.refused("InvalidAMIID.NotFound", "RunInstances", ImageId=unknown("ami"), **asked)
    image = ask("GetParameter", "ssm", Name=AMI)["Parameter"]["Value"]
    many = asked | {"ImageId": image, "InstanceType": "m6i.4xlarge", "MinCount": 5, "MaxCount": 5}
    ask.refused("VcpuLimitExceeded", "RunInstances", **many)
    ask.refused("IdempotentInstanceTerminated", "RunInstances", **(asked | {
        "ImageId": image, "ClientToken": "two", "SecurityGroupIds": [ids["group"]],
    }))  # fmt: skip


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


UNKNOWN = (
    ("InvalidVpcID.NotFound", "DescribeVpcs", {"VpcIds": [unknown("vpc")]}),
    ("InvalidVpcID.NotFound", "DeleteVpc", {"VpcId": unknown("vpc")}),
    ("InvalidSubnetID.NotFound", "DescribeSubnets", {"SubnetIds": [unknown("subnet")]}),
    ("InvalidSubnetID.NotFound", "DeleteSubnet", {"SubnetId": unknown("subnet")}),
    ("InvalidGroup.NotFound", "DescribeSecurityGroups", {"GroupIds": [unknown("sg")]}),
    ("InvalidGroup.NotFound", "DeleteSecurityGroup", {"GroupId": unknown("sg")}),
    ("InvalidInternetGatewayID.NotFound", "DescribeInternetGateways", {"InternetGatewayIds": [unknown("igw")]}),
    ("InvalidInternetGatewayID.NotFound", "DeleteInternetGateway", {"InternetGatewayId": unknown("igw")}),
    ("InvalidRouteTableID.NotFound", "DescribeRouteTables", {"RouteTableIds": [unknown("rtb")]}),
    ("InvalidRouteTableID.NotFound", "DeleteRouteTable", {"RouteTableId": unknown("rtb")}),
    ("InvalidAllocationID.NotFound", "DescribeAddresses", {"AllocationIds": [unknown("eipalloc")]}),
    ("InvalidAllocationID.NotFound", "ReleaseAddress", {"AllocationId": unknown("eipalloc")}),
    ("NatGatewayNotFound", "DescribeNatGateways", {"NatGatewayIds": [unknown("nat")]}),
    ("NatGatewayNotFound", "DeleteNatGateway", {"NatGatewayId": unknown("nat")}),
    ("InvalidInstanceID.NotFound", "DescribeInstances", {"InstanceIds": [unknown("i")]}),
    ("InvalidInstanceID.NotFound", "TerminateInstances", {"InstanceIds": [unknown("i")]}),
    ("InvalidNetworkInterfaceID.NotFound", "DescribeNetworkInterfaces", {"NetworkInterfaceIds": [unknown("eni")]}),
    ("InvalidVolume.NotFound", "DescribeVolumes", {"VolumeIds": [unknown("vol")]}),
    ("InvalidAMIID.NotFound", "DescribeImages", {"ImageIds": [unknown("ami")]}),
    ("InvalidParameterValue", "ReleaseAddress", {"PublicIp": "198.51.100.1"}),
)  # fmt: skip


def unknowns(ask: Transcript) -> None:
    """Ids of nothing, everywhere."""
    for code, operation, parameters in UNKNOWN:
        ask.refused(code, operation, **parameters)
    ask.refused("ParameterNotFound", "GetParameter", "ssm", Name="/no/such/parameter")


def limits(ask: Transcript) -> None:
    """As many as an account may have, and one more."""
    for n in range(8):
        if n < 5 - len(ask("DescribeVpcs")["Vpcs"]) + n:
            ask("CreateVpc", CidrBlock=f"10.{20 + n}.0.0/16")
    ask.refused("VpcLimitExceeded", "CreateVpc", CidrBlock="10.40.0.0/16")
    for _ in range(5 - len(ask("DescribeAddresses")["Addresses"])):
        ask("AllocateAddress")
    ask.refused("AddressLimitExceeded", "AllocateAddress")
    look(ask)


def whole_life(ask: Transcript, owner: str) -> None:
    """All of EC2 in one account; `owner` is the account that shares its images with it."""
    look(ask)
    catalogue(ask, owner)
    unknowns(ask)
    ids = network(ask)
    gateways(ask, ids)
    machines(ask, ids)
    public_machine(ask)
    refused_launches(ask, ids)
    gateways_end(ask, ids)
    network_end(ask, ids)
    failing(ask)
    limits(ask)
