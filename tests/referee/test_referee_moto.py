"""What moto does that matters for a life against it: where one of these changes, a life or the list of differences may."""

import os
import subprocess
import sys

import pytest
from botocore.parsers import ResponseParserError

from tests.referee.life_steps import AMI
from tests.referee.moto_server import MotoDoor, environment, moto_server, prepare_organization
from tests.referee.transcript import Transcript


@pytest.fixture(scope="module")
def endpoint():
    with moto_server() as found:
        yield found


@pytest.fixture(scope="module")
def organization(endpoint):
    return prepare_organization(endpoint)


@pytest.fixture(scope="module")
def door(endpoint, organization):
    made = MotoDoor(endpoint, organization.pool)
    yield made
    made.close()


@pytest.fixture
def member(door, organization):
    return Transcript(door, organization.pool[0])


@pytest.fixture
def management(door):
    return Transcript(door, door.management)


def test_an_organization_is_prepared_as_a_stage_needs_it(management, organization):
    stage = organization.ous["dev"]
    found = management("ListOrganizationalUnitsForParent", "organizations", ParentId=stage)["OrganizationalUnits"]
    assert {one["Name"] for one in found} == {"Pool", "Customers", "Expired"}
    accounts = management("ListAccountsForParent", "organizations", ParentId=organization.ous["Pool"])["Accounts"]
    assert [one["Id"] for one in accounts] == organization.pool


def test_organization_init_makes_the_ous_of_a_stage_and_makes_none_twice(endpoint, management, organization):
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SANDBOXD_"))}
    env = quiet | environment(endpoint)
    for _ in range(2):
        argv = [sys.executable, "-m", "sandboxd", "organization", "init", "--stage", "int"]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
    top = management(
        "ListOrganizationalUnitsForParent", "organizations", ParentId=organization.ous["Sandbox"]
    )["OrganizationalUnits"]  # fmt: skip
    assert sorted(one["Name"] for one in top) == ["dev", "int"]
    stage = next(one["Id"] for one in top if one["Name"] == "int")
    made = management("ListOrganizationalUnitsForParent", "organizations", ParentId=stage)["OrganizationalUnits"]
    assert {"Pool", "Customers", "Expired"} <= {one["Name"] for one in made}
    assert len(made) == len({one["Name"] for one in made})


def test_a_session_in_a_member_knows_its_account(member, organization):
    assert member("GetCallerIdentity", "sts")["Account"] == organization.pool[0]


def test_the_public_image_of_trial_is_there_for_a_member(member):
    image = member("GetParameter", "ssm", Name=AMI)["Parameter"]["Value"]
    assert member("DescribeImages", ImageIds=[image])["Images"][0]["State"] == "available"


def test_a_fresh_account_has_its_default_network(member):
    vpc = next(one for one in member("DescribeVpcs")["Vpcs"] if one["IsDefault"])
    assert len(member("DescribeSubnets", Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]) >= 3


def test_client_tokens_are_ignored_so_no_replies_may_be_lost_here(member):
    vpc = member("CreateVpc", CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    first, second = (member("CreateRouteTable", VpcId=vpc, ClientToken="same") for _ in range(2))
    assert first["RouteTable"]["RouteTableId"] != second["RouteTable"]["RouteTableId"]


def test_tag_filters_of_nat_gateways_are_ignored_so_tags_are_checked_here(member):
    vpc = member("CreateVpc", CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = member("CreateSubnet", VpcId=vpc, CidrBlock="10.8.0.0/24")["Subnet"]["SubnetId"]
    address = member("AllocateAddress", Domain="vpc")["AllocationId"]
    made = member("CreateNatGateway", SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    found = member("DescribeNatGateways", Filter=[{"Name": "tag:no-such-tag", "Values": ["x"]}])["NatGateways"]
    assert made in [one["NatGatewayId"] for one in found]


def test_what_is_in_use_can_be_deleted_so_no_order_is_proven_here(member):
    vpc = member("CreateVpc", CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = member("CreateSubnet", VpcId=vpc, CidrBlock="10.7.0.0/24")["Subnet"]["SubnetId"]
    image = member("GetParameter", "ssm", Name=AMI)["Parameter"]["Value"]
    member("RunInstances", ImageId=image, InstanceType="t3.micro", SubnetId=subnet, MinCount=1, MaxCount=1)
    member("DeleteSubnet", SubnetId=subnet)


def test_a_move_from_the_wrong_place_is_never_refused(management, organization):
    account, ous = organization.pool[1], organization.ous
    wrong = {"AccountId": account, "SourceParentId": ous["Expired"], "DestinationParentId": ous["Customers"]}
    management("MoveAccount", "organizations", **wrong)
    back = {"AccountId": account, "SourceParentId": ous["Customers"], "DestinationParentId": ous["Pool"]}
    management("MoveAccount", "organizations", **back)
    assert management("ListParents", "organizations", ChildId=account)["Parents"][0]["Id"] == ous["Pool"]


def test_a_role_that_is_not_there_can_be_assumed_so_the_identity_is_checked_first(management):
    role = "arn:aws:iam::999999999999:role/NoSuchRole"
    assert management("AssumeRole", "sts", RoleArn=role, RoleSessionName="x")["Credentials"]


def test_terminated_machines_and_deleted_gateways_stay_listed_with_their_tags(member):
    spec = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "gone"}]}]
    image = member("GetParameter", "ssm", Name=AMI)["Parameter"]["Value"]
    asked = {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "TagSpecifications": spec}
    machine = member("RunInstances", **asked)["Instances"][0]["InstanceId"]
    member("TerminateInstances", InstanceIds=[machine])
    found = member("DescribeInstances", InstanceIds=[machine])["Reservations"][0]["Instances"][0]
    assert (found["State"]["Name"], found["Tags"]) == ("terminated", spec[0]["Tags"])


def test_filters_by_client_token_break_the_server_so_they_are_not_asked_here(member):
    with pytest.raises(ResponseParserError, match="500 Internal Server Error"):
        member("DescribeInstances", Filters=[{"Name": "client-token", "Values": ["x"]}])
