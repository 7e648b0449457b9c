"""Nothing that goes in or out is the store's own: callers may do with parameters and answers what they like."""

import copy
import json

import pytest
from balanceddesk import balanced
from simdesk import Desk

from sandboxd.simulator.appstream.roles import NAME as ROLE
from sandboxd.simulator.appstream.roles import POLICY as SERVICE_POLICY
from sandboxd.simulator.consistency import Weather
from sandboxd.simulator.furnish import MANAGEMENT
from sandboxd.simulator.persist import dump
from sandboxd.simulator.services import SERVICES


def spoil(value):
    """Change every dict and list in a value."""
    if isinstance(value, dict):
        for one in value.values():
            spoil(one)
        value["spoiled"] = True
    elif isinstance(value, list):
        for one in value:
            spoil(one)
        value.append("spoiled")


class Spoiler(Desk):
    """Spoils what each call was given and what it answered, and looks whether the world has noticed."""

    def __init__(self):
        super().__init__()
        self.asked = set()

    def call(self, operation, service="ec2", account="", **parameters):
        given = copy.deepcopy(parameters)
        caller = self.world.caller(account or self.account)
        answer = self.world.call(caller, "eu-central-1", service, operation, given)
        kept = copy.deepcopy(answer)
        before = dump(self.world)
        spoil(answer)
        for value in given.values():
            spoil(value)
        assert dump(self.world) == before, operation
        self.asked.add(operation)
        return kept


POLICY = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
TAGS = [{"Key": "k", "Value": "v"}]


def specs(what):
    return [{"ResourceType": what, "Tags": TAGS}]


def life(desk):
    """Every operation of EC2 and SSM at least once."""
    net, things = made(desk)
    seen(desk)
    desk.call("EnableRegion", "account", RegionName="eu-south-1")
    desk.call("GetRegionOptStatus", "account", RegionName="eu-south-1")
    desktops(desk, net["subnet"], things["group"])
    gone(desk, net, things)


def desktops(desk, subnet, group):
    """Every operation of AppStream."""

    def ask(operation, account="", **parameters):
        return desk.call(operation, "appstream", account, **parameters)

    image, fleet, stack = ask("DescribeImages", MANAGEMENT)["Images"][0], {"Name": "f"}, {"Name": "s"}
    shared = {"Name": image["Name"], "SharedAccountId": desk.account}
    ask("UpdateImagePermissions", MANAGEMENT, **shared, ImagePermissions={"allowFleet": True})
    ask("DescribeImagePermissions", MANAGEMENT, Name=image["Name"])
    network = {"SubnetIds": [subnet], "SecurityGroupIds": [group]}
    asked = {"ImageArn": image["Arn"], "ComputeCapacity": {"DesiredInstances": 1}, "VpcConfig": network}
    made = ask("CreateFleet", **fleet, **asked, InstanceType="stream.standard.small", Tags={"k": "v"})["Fleet"]
    ask("UpdateFleet", **fleet, VpcConfig=network)
    ask("CreateStack", **stack, Tags={"k": "v"})
    ask("TagResource", ResourceArn=made["Arn"], Tags={"k": "w"})
    ask("ListTagsForResource", ResourceArn=made["Arn"])
    pair = {"FleetName": "f", "StackName": "s"}
    ask("AssociateFleet", **pair)
    ask("ListAssociatedFleets", StackName="s")
    ask("ListAssociatedStacks", FleetName="f")
    ask("StartFleet", **fleet)
    assert ask("DescribeFleets")["Fleets"][0]["FleetErrors"]
    ask("StopFleet", **fleet)
    path = {"Path": "/service-role/", "RoleName": ROLE}
    desk.call("CreateRole", "iam", **path, AssumeRolePolicyDocument='{"x": ["appstream.amazonaws.com"]}')
    desk.call("AttachRolePolicy", "iam", RoleName=ROLE, PolicyArn=SERVICE_POLICY)
    desk.later(400)
    ask("StartFleet", **fleet)
    desk.later(900)
    ask("CreateStreamingURL", **pair, UserId="u")
    for operation in ("DescribeFleets", "DescribeStacks", "DescribeImages"):
        ask(operation)
    ask("StopFleet", **fleet)
    ask("DisassociateFleet", **pair)
    desk.later(700)
    ask("DeleteStack", **stack)
    ask("DeleteFleet", **fleet)
    ask("DeleteImagePermissions", MANAGEMENT, **shared)


def identified(desk):
    """A role in a profile that EC2 knows."""
    role, profile, path = {"RoleName": "r"}, {"InstanceProfileName": "p"}, {"Path": "/p/"}
    about = {"Description": "d", "MaxSessionDuration": 7200, "Tags": TAGS}
    desk.call("CreateRole", "iam", **role, **path, **about, AssumeRolePolicyDocument="{}")
    desk.call("AttachRolePolicy", "iam", **role, PolicyArn=POLICY)
    desk.call("CreateInstanceProfile", "iam", **profile, **path, Tags=TAGS)
    desk.call("AddRoleToInstanceProfile", "iam", **role, **profile)
    desk.later(60)


def made(desk):
    identified(desk)
    net = desk.network()
    desk.call("CreateTags", Resources=[net["vpc"]], Tags=TAGS)
    asked = {"SubnetId": net["subnet"], "AllocationId": net["address"], "ClientToken": "n"}
    nat = desk.call("CreateNatGateway", **asked, TagSpecifications=specs("natgateway"))["NatGateway"]["NatGatewayId"]
    desk.call("CreateNatGateway", **asked, TagSpecifications=specs("natgateway"))
    table = desk.call("CreateRouteTable", VpcId=net["vpc"], ClientToken="t")["RouteTable"]["RouteTableId"]
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    desk.call("CreateRoute", **route, GatewayId=net["gateway"])
    desk.call("ReplaceRoute", **route, NatGatewayId=nat)
    link = desk.call("AssociateRouteTable", RouteTableId=table, SubnetId=net["subnet"])["AssociationId"]
    group = desk.call("CreateSecurityGroup", VpcId=net["vpc"], GroupName="g", Description="d")["GroupId"]
    rules = [
        {
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "x"}],
        }
    ]
    for direction in ("Ingress", "Egress"):
        desk.call(f"AuthorizeSecurityGroup{direction}", GroupId=group, IpPermissions=rules)
    machine = desk.run(
        net["subnet"], SecurityGroupIds=[group], TagSpecifications=specs("instance") + specs("volume"),
        MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 2}, IamInstanceProfile={"Name": "p"},
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 30}}],
    )["InstanceId"]  # fmt: skip
    desk.run(net["subnet"], "two")
    disk = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 30, "DeleteOnTermination": False}}
    kept = desk.run(net["subnet"], "three", BlockDeviceMappings=[disk])["InstanceId"]
    desk.later(300)
    return net, {
        "nat": nat,
        "table": table,
        "link": link,
        "group": group,
        "rules": rules,
        "machine": machine,
        "kept": kept,
    }


def seen(desk):
    images = desk.call("DescribeImages", "ec2", MANAGEMENT, Owners=["self"])["Images"]
    image = {"ImageId": images[0]["ImageId"]}
    share = {"Add": [{"UserId": "222222222222"}]}
    desk.call("ModifyImageAttribute", "ec2", MANAGEMENT, **image, LaunchPermission=share)
    desk.call("DescribeImageAttribute", "ec2", MANAGEMENT, **image, Attribute="launchPermission")
    for operation in SERVICES["ec2"].operations:
        if operation.startswith("Describe") and not operation.endswith("Attribute"):
            desk.call(operation)
    given(desk, image, share)
    desk.call("DescribeInstanceInformation", "ssm")
    desk.call("GetRole", "iam", RoleName="r")
    desk.call("ListAttachedRolePolicies", "iam", RoleName="r", MaxItems=10)
    desk.call("GetInstanceProfile", "iam", InstanceProfileName="p")
    desk.call("GetResources", "resourcegroupstaggingapi", TagFilters=[{"Key": "k"}], ResourcesPerPage=20)
    for operation in ("ListRoles", "ListInstanceProfiles"):
        desk.call(operation, "iam", PathPrefix="/", MaxItems=10)


def given(desk, image, share):
    """What the image account gives away."""
    snapshot = desk.call("DescribeSnapshots", "ec2", MANAGEMENT, OwnerIds=["self"])["Snapshots"][0]
    about = {"SnapshotId": snapshot["SnapshotId"], "Attribute": "createVolumePermission"}
    desk.call("ModifySnapshotAttribute", "ec2", MANAGEMENT, **about, CreateVolumePermission=share)
    desk.call("DescribeSnapshotAttribute", "ec2", MANAGEMENT, **about)
    desk.call("ResetImageAttribute", "ec2", MANAGEMENT, **image, Attribute="launchPermission")
    for operation in ("EnableEbsEncryptionByDefault", "GetEbsEncryptionByDefault", "DisableEbsEncryptionByDefault"):
        desk.call(operation)
    desk.call("ModifyEbsDefaultKmsKeyId", KmsKeyId="alias/aws/ebs")
    for operation in ("GetEbsDefaultKmsKeyId", "ResetEbsDefaultKmsKeyId"):
        desk.call(operation)
    desk.call("CreateKey", "kms", Description="d", Tags=[{"TagKey": "k", "TagValue": "v"}])
    for operation in ("ListKeys", "ListAliases"):
        desk.call(operation, "kms", MANAGEMENT, Limit=10)
    key = {"KeyId": snapshot["KmsKeyId"]}
    policy = desk.call("GetKeyPolicy", "kms", MANAGEMENT, **key)["Policy"]
    desk.call("PutKeyPolicy", "kms", MANAGEMENT, **key, Policy=policy)
    grant = {"GranteePrincipal": f"arn:aws:iam::{desk.account}:root", "Operations": ["Decrypt"], "Name": "n"}
    made = desk.call("CreateGrant", "kms", MANAGEMENT, **key, **grant)["GrantId"]
    desk.call("ListGrants", "kms", MANAGEMENT, **key)
    desk.call("RevokeGrant", "kms", MANAGEMENT, **key, GrantId=made)
    for operation in ("DisableKey", "EnableKey", "DescribeKey"):
        desk.call(operation, "kms", MANAGEMENT, **key)
    name = desk.call("DescribeRepositories", "ecr", MANAGEMENT)["repositories"][0]["repositoryName"]
    desk.call("DescribeImages", "ecr", MANAGEMENT, repositoryName=name)
    pull = {"Effect": "Allow", "Principal": {"AWS": [desk.account]}, "Action": ["ecr:BatchGetImage"]}
    text = json.dumps({"Version": "2012-10-17", "Statement": [pull]})
    desk.call("SetRepositoryPolicy", "ecr", MANAGEMENT, repositoryName=name, policyText=text)
    tags = [{"imageTag": "latest"}, {"imageTag": "none"}]
    desk.call("BatchGetImage", "ecr", registryId=MANAGEMENT, repositoryName=name, imageIds=tags)
    for operation in ("GetRepositoryPolicy", "DeleteRepositoryPolicy"):
        desk.call(operation, "ecr", MANAGEMENT, repositoryName=name)


def gone(desk, net, things):
    group, rules, route = things["group"], things["rules"], {"RouteTableId": things["table"]}
    route["DestinationCidrBlock"] = "0.0.0.0/0"
    for operation in ("StopInstances", "StartInstances", "TerminateInstances"):
        desk.call(operation, InstanceIds=[things["machine"]])
        desk.later(300)
    desk.call("TerminateInstances", InstanceIds=[things["kept"]])
    desk.later(300)
    left = [one for one in desk.call("DescribeVolumes")["Volumes"] if one["State"] == "available"]
    desk.call("DeleteVolume", VolumeId=left[0]["VolumeId"])
    plain = desk.call("CreateNetworkInterface", SubnetId=net["subnet"], TagSpecifications=specs("network-interface"))
    desk.call("DeleteNetworkInterface", NetworkInterfaceId=plain["NetworkInterface"]["NetworkInterfaceId"])
    for direction in ("Ingress", "Egress"):
        desk.call(f"RevokeSecurityGroup{direction}", GroupId=group, IpPermissions=rules)
    desk.call("DeleteTags", Resources=[net["vpc"]], Tags=[{"Key": "k"}])
    desk.call("DeleteRoute", **route)
    desk.call("DisassociateRouteTable", AssociationId=things["link"])
    desk.call("DeleteRouteTable", RouteTableId=things["table"])
    desk.call("DeleteSecurityGroup", GroupId=group)
    desk.call("DeleteNatGateway", NatGatewayId=things["nat"])
    desk.later(300)
    desk.call("ReleaseAddress", AllocationId=net["address"])
    desk.call("DetachInternetGateway", VpcId=net["vpc"], InternetGatewayId=net["gateway"])
    desk.call("DeleteInternetGateway", InternetGatewayId=net["gateway"])
    desk.call("DeleteVpcEndpoints", VpcEndpointIds=["vpce-0"])
    subnet = desk.call("CreateSubnet", VpcId=net["vpc"], CidrBlock="10.0.7.0/24")["Subnet"]["SubnetId"]
    vpc = desk.call("CreateVpc", CidrBlock="10.5.0.0/16", TagSpecifications=specs("vpc"))["Vpc"]["VpcId"]
    desk.later(300)
    desk.call("DeleteSubnet", SubnetId=subnet)
    desk.call("DeleteVpc", VpcId=vpc)
    role, profile = {"RoleName": "r"}, {"InstanceProfileName": "p"}
    desk.call("RemoveRoleFromInstanceProfile", "iam", **role, **profile)
    desk.call("DeleteInstanceProfile", "iam", **profile)
    desk.call("DetachRolePolicy", "iam", **role, PolicyArn=POLICY)
    desk.call("DeleteRole", "iam", **role)


def managed(desk):
    """Every operation of Systems Manager that is about parameters and commands, and a machine that is rebooted."""

    def ssm(operation, **parameters):
        return desk.call(operation, "ssm", **parameters)

    identified(desk)
    asked = {key: value for key, value in desk.launch("ssm").items() if key != "SubnetId"}
    machine = desk.call("RunInstances", **asked, IamInstanceProfile={"Name": "p"})["Instances"][0]["InstanceId"]
    desk.later(300)
    sent = {"DocumentName": "AWS-RunShellScript", "InstanceIds": [machine], "Comment": "c"}
    sent["Parameters"] = {"commands": ["#sandboxd install name=x"], "executionTimeout": ["7200"]}
    command = {"CommandId": ssm("SendCommand", **sent)["Command"]["CommandId"]}
    desk.later(10)
    ssm("GetCommandInvocation", **command, InstanceId=machine)
    ssm("ListCommands", InstanceId=machine)
    ssm("ListCommandInvocations", **command, Details=True)
    ssm("CancelCommand", **command, InstanceIds=[machine])
    desk.call("RebootInstances", InstanceIds=[machine])
    named = {"Name": "/a/b"}
    ssm("PutParameter", **named, Value="v", Type="SecureString", Tags=TAGS)
    ssm("GetParameters", Names=["/a/b", "/c"])
    ssm("GetParametersByPath", Path="/a")
    ssm("DescribeParameters", ParameterFilters=[{"Key": "Name", "Values": ["/a/b"]}])
    tagged = {"ResourceType": "Parameter", "ResourceId": "/a/b"}
    ssm("AddTagsToResource", **tagged, Tags=TAGS)
    ssm("ListTagsForResource", **tagged)
    ssm("RemoveTagsFromResource", **tagged, TagKeys=["k"])
    ssm("DeleteParameter", **named)
    ssm("DeleteParameters", Names=["/a/b"])


def organization(desk):
    """Every operation of Organizations, STS and Service Quotas."""

    def org(operation, **parameters):
        return desk.call(operation, "organizations", MANAGEMENT, **parameters)

    root = org("ListRoots")["Roots"][0]["Id"]
    unit = org("CreateOrganizationalUnit", ParentId=root, Name="x")["OrganizationalUnit"]["Id"]
    request = org("CreateAccount", Email="n@x.example", AccountName="n", Tags=[{"Key": "a", "Value": "b"}])
    org("DescribeCreateAccountStatus", CreateAccountRequestId=request["CreateAccountStatus"]["Id"])
    org("ListCreateAccountStatus", States=["IN_PROGRESS"])
    desk.later(400)
    (source,) = (one["Id"] for one in org("ListParents", ChildId=desk.account)["Parents"])
    org("MoveAccount", AccountId=desk.account, SourceParentId=source, DestinationParentId=unit)
    org("TagResource", ResourceId=desk.account, Tags=[{"Key": "a", "Value": "b"}])
    org("ListTagsForResource", ResourceId=desk.account)
    org("UntagResource", ResourceId=desk.account, TagKeys=["a"])
    org("ListChildren", ParentId=unit, ChildType="ACCOUNT")
    org("ListAccountsForParent", ParentId=unit)
    org("ListOrganizationalUnitsForParent", ParentId=root)
    for operation in ("DescribeOrganization", "ListAccounts"):
        org(operation)
    org("DescribeAccount", AccountId=desk.account)
    role = f"arn:aws:iam::{desk.account}:role/OrganizationAccountAccessRole"
    desk.call("AssumeRole", "sts", MANAGEMENT, RoleArn=role, RoleSessionName="s")
    desk.call("GetCallerIdentity", "sts")
    desk.call("ListServiceQuotas", "service-quotas", ServiceCode="vpc")
    for operation in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
        desk.call(operation, "service-quotas", ServiceCode="vpc", QuotaCode="L-F678F1CE")
    org("CloseAccount", AccountId=desk.account)


def test_no_answer_and_no_parameter_is_the_stores_own():
    """Over every operation of every service."""
    desk = Spoiler()
    life(desk)
    managed(desk)
    balanced(desk)
    organization(desk)
    assert desk.asked == {name for service in SERVICES.values() for name in service.operations}


@pytest.mark.parametrize("seed", range(3))
def test_nor_what_bad_weather_shows(seed):
    """Views and ghosts are the store's, too."""
    desk = Spoiler()
    net = desk.network()
    desk.world.weather = Weather(seed, chance=1.0)
    for n in range(3):
        desk.call("CreateTags", Resources=[net["vpc"], net["subnet"]], Tags=[{"Key": f"k{n}", "Value": "v"}])
        for operation in (
            "DescribeVpcs",
            "DescribeSubnets",
            "DescribeRouteTables",
            "DescribeTags",
            "DescribeSecurityGroups",
        ):
            desk.call(operation)
    desk.call("ReleaseAddress", AllocationId=net["address"])
    assert len(desk.call("DescribeAddresses")["Addresses"]) == 1
