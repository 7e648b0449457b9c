"""A scripted life that brings every kind of thing into every state that it has, and meets every refusal on the way.

It talks to any door; after each change it looks at everything. What the answers must be is not known here.
"""

from tests.referee import life_ssm
from tests.referee.life_balancing import balancing
from tests.referee.life_desktops import desktops
from tests.referee.life_iam import refused_profiles, roles, roles_end
from tests.referee.life_machines import machines, public_machine, refused_launches
from tests.referee.life_network import failing, gateways, gateways_end, interfaces, network, network_end
from tests.referee.life_shares import shares
from tests.referee.life_steps import look, unknown
from tests.referee.transcript import Transcript


# ---- the catalogue
def catalogue(ask: Transcript, owner: str) -> None:
    """What there is by itself, and images from both of their sides; `owner` is the account that shares them."""
    for operation in ("DescribeAvailabilityZones", "DescribeRegions"):
        ask(operation)
    types = [{"Name": "instance-type", "Values": ["t3.micro", "m6i.4xlarge"]}]
    for where in ("availability-zone", "region"):
        ask("DescribeInstanceTypeOfferings", LocationType=where, Filters=types)
    ask("DeleteVpcEndpoints", VpcEndpointIds=[unknown("vpce")])
    ask("DescribeInstanceTypes", InstanceTypes=["t3.micro", "m6i.4xlarge"])
    ask.refused("InvalidInstanceType", "DescribeInstanceTypes", InstanceTypes=["t3.gigantic"])
    ask("DescribeImages", Owners=["amazon"], Filters=[{"Name": "name", "Values": ["al2023-*"]}])
    shared = ask("DescribeImages", Owners=[owner])["Images"][0]["ImageId"]
    ask("DescribeImages", account=owner, Owners=["self"])
    ask("DescribeSnapshots", account=owner, OwnerIds=["self"])
    sharing(ask, owner, shared)
    ask.refused("InvalidSnapshot.NotFound", "DescribeSnapshots", SnapshotIds=[unknown("snap")])
    ask("GetServiceQuota", "service-quotas", ServiceCode="vpc", QuotaCode="L-F678F1CE")
    ask("GetAWSDefaultServiceQuota", "service-quotas", ServiceCode="ec2", QuotaCode="L-1216C47A")
    for service in ("vpc", "ec2"):
        ask("ListServiceQuotas", "service-quotas", ServiceCode=service)
    opting_in(ask)


def opting_in(ask: Transcript) -> None:
    """A region that is closed to a new account, and more of them than may be on their way."""
    for region in ("af-south-1", "ap-east-1", "eu-south-1", "eu-south-2", "me-south-1", "il-central-1"):
        ask("EnableRegion", "account", RegionName=region)
    ask("GetRegionOptStatus", "account", RegionName="af-south-1")
    ask.refused("TooManyRequestsException", "EnableRegion", "account", RegionName="ca-west-1")


def sharing(ask: Transcript, owner: str, image: str) -> None:
    """An image taken from an account and given back."""
    permission = [{"UserId": ask.account}]
    ask("ModifyImageAttribute", account=owner, ImageId=image, LaunchPermission={"Remove": permission})
    ask.refused("AuthFailure", "RunInstances", ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    ask("DescribeImageAttribute", account=owner, ImageId=image, Attribute="launchPermission")
    ask("ModifyImageAttribute", account=owner, ImageId=image, LaunchPermission={"Add": permission})
    ask("DescribeImageAttribute", account=owner, ImageId=image, Attribute="launchPermission")


# ---- ids of nothing, and one too many
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
    """Everything in one account; `owner` is the account that shares its images with it."""
    look(ask)
    catalogue(ask, owner)
    shares(ask, owner)
    unknowns(ask)
    ids = network(ask)
    gateways(ask, ids)
    interfaces(ask, ids)
    machines(ask, ids)
    public_machine(ask)
    refused_launches(ask, ids)
    balancing(ask, ids)
    roles(ask)
    refused_profiles(ask, ids)
    life_ssm.parameters(ask)
    life_ssm.commands(ask, ids)
    roles_end(ask)
    ask("GetResources", "resourcegroupstaggingapi", TagFilters=[{"Key": "sandboxd:key"}])
    gateways_end(ask, ids)
    desktops(ask, owner, ids)
    network_end(ask, ids)
    failing(ask)
    limits(ask)
