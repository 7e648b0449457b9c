"""IAM of the simulator: one store for all regions, pages by marker, and EC2 that knows a new profile late."""

import pytest

from sandboxd.simulator import ApiError
from sandboxd.simulator.consistency import Weather
from sandboxd.simulator.inprocess import call
from sandboxd.simulator.inventory import inventory

ROLE, PROFILE = {"RoleName": "r"}, {"InstanceProfileName": "p"}
LAUNCH = {"Name": "p"}


def made(desk):
    """A role in a profile."""
    desk.call("CreateRole", "iam", **ROLE, AssumeRolePolicyDocument="{}")
    desk.call("CreateInstanceProfile", "iam", **PROFILE)
    desk.call("AddRoleToInstanceProfile", "iam", **ROLE, **PROFILE)
    return desk.network()["subnet"]


def refused(desk, *args, **parameters):
    """Code, words and status of a refusal."""
    with pytest.raises(ApiError) as caught:
        desk.call(*args, **parameters)
    return caught.value.code, caught.value.message, caught.value.status


def seconds_until_known(desk, subnet, most=200):
    """How long EC2 refuses the profile."""
    for waited in range(most):
        try:
            desk.run(subnet, f"t{waited}", IamInstanceProfile=LAUNCH)
        except ApiError as error:
            assert error.code == "InvalidParameterValue"
            assert error.message.endswith(
                "(p) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
            )
            desk.later(1)
        else:
            return waited
    return most


def test_what_one_region_makes_every_region_sees(desk):
    """IAM is global."""
    made(desk)
    elsewhere = call(desk.world, desk.account, "us-east-1", "iam", "GetInstanceProfile", dict(PROFILE))
    assert elsewhere == desk.call("GetInstanceProfile", "iam", **PROFILE)
    assert elsewhere["InstanceProfile"]["Roles"][0]["RoleName"] == "r"


def test_ec2_knows_a_profile_some_seconds_later(desk):
    """5 to 15 seconds, and then machines show it."""
    assert 4 <= seconds_until_known(desk, made(desk)) <= 16
    (shown,) = [one["Instances"][0] for one in desk.call("DescribeInstances")["Reservations"]]
    profile = desk.call("GetInstanceProfile", "iam", **PROFILE)["InstanceProfile"]
    assert shown["IamInstanceProfile"] == {"Arn": profile["Arn"], "Id": profile["InstanceProfileId"]}


def test_in_bad_weather_it_may_take_minutes(desk):
    """By seed, up to 150 seconds."""
    waits = []
    subnet = made(desk)
    for seed in range(12):
        desk.world.weather = Weather(seed, chance=0.5)
        name = f"p{seed}"
        desk.call("CreateInstanceProfile", "iam", InstanceProfileName=name)
        row = next(row for row in desk.world.rows.all() if row.data.get("name") == name)
        waits.append(row.data["ec2_from"] - desk.world.clock.now())
    assert subnet
    assert max(waits) > 60
    assert max(waits) <= 150
    assert min(waits) >= 5


def test_a_profile_without_a_role_is_no_use(desk):
    """IAM accepts it, EC2 does not."""
    subnet = desk.network()["subnet"]
    desk.call("CreateInstanceProfile", "iam", **PROFILE)
    desk.later(60)
    code, words, _ = refused(desk, "RunInstances", ImageId=desk.image(), InstanceType="t3.micro", MinCount=1, MaxCount=1,
                             SubnetId=subnet, IamInstanceProfile=LAUNCH)  # fmt: skip
    assert (code, words.endswith("has no associated IAM Roles")) == ("InvalidParameterValue", True)


def test_pages_lead_to_each_other_by_marker(desk):
    """All of one path, no more on a page than asked for."""
    for number in range(5):
        path = {"Path": "/ours/" if number else "/theirs/"}
        desk.call("CreateRole", "iam", RoleName=f"r{number}", **path, AssumeRolePolicyDocument="{}")
    asked, found = {"PathPrefix": "/ours/", "MaxItems": 3}, []
    for _ in range(2):
        page = desk.call("ListRoles", "iam", **asked)
        found.append([one["RoleName"] for one in page["Roles"]])
        asked["Marker"] = page.get("Marker")
    assert found == [["r1", "r2", "r3"], ["r4"]]
    assert (page["IsTruncated"], asked["Marker"]) == (False, None)


def test_nothing_goes_before_what_holds_it(desk):
    """A role in a profile, a profile with a role, a role with a policy."""
    made(desk)
    core = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    desk.call("AttachRolePolicy", "iam", **ROLE, PolicyArn=core)
    assert refused(desk, "DeleteRole", "iam", **ROLE)[::2] == ("DeleteConflict", 409)
    assert refused(desk, "DeleteInstanceProfile", "iam", **PROFILE)[::2] == ("DeleteConflict", 409)
    desk.call("RemoveRoleFromInstanceProfile", "iam", **ROLE, **PROFILE)
    assert refused(desk, "DeleteRole", "iam", **ROLE)[::2] == ("DeleteConflict", 409)
    desk.call("DetachRolePolicy", "iam", **ROLE, PolicyArn=core)
    desk.call("DeleteRole", "iam", **ROLE)
    desk.call("DeleteInstanceProfile", "iam", **PROFILE)
    assert refused(desk, "GetRole", "iam", **ROLE) == ("NoSuchEntity", "The role with name r cannot be found.", 404)


ELB = {"AWSServiceName": "elasticloadbalancing.amazonaws.com"}
LINKED = {"RoleName": "AWSServiceRoleForElasticLoadBalancing"}


def test_a_service_linked_role_is_made_once_and_is_the_services(desk):
    """Taken is taken; AWS writes its trust, nobody deletes it by hand, and it counts for nothing in the account."""
    assert refused(desk, "GetRole", "iam", **LINKED)[0] == "NoSuchEntity"
    made = desk.call("CreateServiceLinkedRole", "iam", **ELB)["Role"]
    assert made["Arn"].endswith(":role/aws-service-role/elasticloadbalancing.amazonaws.com/" + LINKED["RoleName"])
    assert desk.call("GetRole", "iam", **LINKED)["Role"]["RoleId"] == made["RoleId"]
    words = f"Service role name {LINKED['RoleName']} has been taken in this account, please try a different suffix."
    assert refused(desk, "CreateServiceLinkedRole", "iam", **ELB) == ("InvalidInput", words, 400)
    assert refused(desk, "DeleteRole", "iam", **LINKED)[0] == "UnmodifiableEntity"
    assert inventory(desk.world) == []


def test_only_known_services_have_roles(desk):
    """A service that the simulator does not know is refused, with or without a suffix."""
    assert refused(desk, "CreateServiceLinkedRole", "iam", AWSServiceName="x.amazonaws.com")[0] == "InvalidInput"
    assert refused(desk, "CreateServiceLinkedRole", "iam", **ELB, CustomSuffix="x")[0] == "InvalidInput"
