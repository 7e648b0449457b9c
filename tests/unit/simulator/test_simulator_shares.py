"""Images, keys and repositories that one account gives to another, and launches that need them."""

import json

import pytest
from simdesk import Desk

from sandboxd.simulator import ApiError, SimClock, open_world
from sandboxd.simulator.consistency import Weather
from sandboxd.simulator.furnish import MANAGEMENT, furnish
from sandboxd.simulator.policies import rewritten

NAME = {"repositoryName": "constellations/web-banking"}
GRANT = ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom")


@pytest.fixture
def desk():
    """Nothing is shared beforehand."""
    made = Desk()
    clock = SimClock(pace=1, origin=0, real=lambda: made.at)
    made.world = open_world(clock=clock)
    furnish(made.world, pool=3, shared=False)
    made.account = next(a for a in made.world.organization["accounts"] if a != MANAGEMENT)
    return made


def owner(desk, operation, service="ec2", **parameters):
    """A call of the image account."""
    return desk.call(operation, service, MANAGEMENT, **parameters)


def images(desk):
    return owner(desk, "DescribeImages", Owners=["self"])["Images"]


def key(desk):
    disk = images(desk)[0]["BlockDeviceMappings"][0]["Ebs"]
    return owner(desk, "DescribeSnapshots", SnapshotIds=[disk["SnapshotId"]])["Snapshots"][0]["KmsKeyId"]


def share(desk, *, grant=True):
    """Give the first image, and its key, to the account."""
    image = images(desk)[0]["ImageId"]
    owner(desk, "ModifyImageAttribute", ImageId=image, LaunchPermission={"Add": [{"UserId": desk.account}]})
    if grant:
        who = f"arn:aws:iam::{desk.account}:root"
        owner(desk, "CreateGrant", "kms", KeyId=key(desk), GranteePrincipal=who, Operations=list(GRANT), Name="n")
        desk.later(5)
    return image


def launched(desk, image, **more):
    """The machine, a minute after the launch."""
    subnet = desk.network()["subnet"]
    made = desk.run(subnet, **{"ImageId": image, **more})["InstanceId"]
    desk.later(60)
    return desk.call("DescribeInstances", InstanceIds=[made])["Reservations"][0]["Instances"][0]


def refusal(desk, *asked, **parameters):
    """Code and words."""
    with pytest.raises(ApiError) as caught:
        desk.call(*asked, **parameters)
    return caught.value.code, caught.value.message


# ---- images
def test_an_image_is_its_owners_until_it_is_shared(desk):
    """Not listed, not launched; then both; then not again."""
    image = images(desk)[0]["ImageId"]
    subnet = desk.network()["subnet"]
    assert refusal(desk, "RunInstances", **desk.launch(subnet) | {"ImageId": image}) == (
        "AuthFailure", f"Not authorized for images: [{image}]",
    )  # fmt: skip
    assert desk.call("DescribeImages", Owners=[MANAGEMENT])["Images"] == []
    share(desk)
    assert [one["ImageId"] for one in desk.call("DescribeImages", Owners=[MANAGEMENT])["Images"]] == [image]
    about = {"ImageId": image, "Attribute": "launchPermission"}
    assert owner(desk, "DescribeImageAttribute", **about)["LaunchPermissions"] == [{"UserId": desk.account}]
    owner(desk, "ResetImageAttribute", **about)
    assert desk.call("DescribeImages", Owners=[MANAGEMENT])["Images"] == []


def test_in_bad_weather_the_other_account_learns_of_it_late(desk):
    """The owner sees it at once."""
    desk.world.weather = Weather(1, chance=1.0)
    image = share(desk, grant=False)
    assert owner(desk, "DescribeImageAttribute", ImageId=image, Attribute="launchPermission")["LaunchPermissions"]
    assert desk.refused("DescribeImages", ImageIds=[image]) == "InvalidAMIID.NotFound"
    desk.later(90)
    assert desk.call("DescribeImages", ImageIds=[image])["Images"]


def test_the_snapshots_of_an_image_need_not_be_shared(desk):
    """A launch is let at them; nobody else sees them; one under a key of AWS's own cannot be shared at all."""
    image = share(desk)
    snapshot = images(desk)[0]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert launched(desk, image)["State"]["Name"] == "running"
    assert desk.refused("DescribeSnapshots", SnapshotIds=[snapshot]) == "InvalidSnapshot.NotFound"
    about = {"SnapshotId": snapshot, "Attribute": "createVolumePermission"}
    permission = {"Add": [{"UserId": desk.account}]}
    owner(desk, "ModifySnapshotAttribute", **about, CreateVolumePermission=permission)
    assert owner(desk, "DescribeSnapshotAttribute", **about)["CreateVolumePermissions"] == [{"UserId": desk.account}]
    assert desk.call("DescribeSnapshots", SnapshotIds=[snapshot])["Snapshots"]
    desk.world.rows.find(key(desk).rpartition("/")[2]).data["manager"] = "AWS"
    refused = desk.refused("ModifySnapshotAttribute", "ec2", MANAGEMENT, **about, CreateVolumePermission=permission)
    assert refused == "OperationNotPermitted"


# ---- launches
def test_a42_a_launch_without_the_images_key_is_accepted_and_dies(desk):
    """A42: pending, then terminated; only the reason says something, and its disks are gone."""
    image = share(desk, grant=False)
    machine = launched(desk, image)
    assert machine["State"]["Name"] == "terminated"
    assert machine["StateReason"]["Code"] == "Client.InternalError"
    assert desk.call("DescribeVolumes")["Volumes"] == []


def test_a_grant_reaches_everywhere_some_seconds_later(desk):
    """A launch at once dies, one a little later lives."""
    image = share(desk, grant=False)
    who = f"arn:aws:iam::{desk.account}:root"
    owner(desk, "CreateGrant", "kms", KeyId=key(desk), GranteePrincipal=who, Operations=list(GRANT))
    subnet = desk.network()["subnet"]
    early = desk.run(subnet, "early", ImageId=image)["InstanceId"]
    desk.later(5)
    later = desk.run(subnet, "later", ImageId=image)["InstanceId"]
    desk.later(60)
    states = {
        one["Instances"][0]["InstanceId"]: one["Instances"][0]["State"]["Name"]
        for one in desk.call("DescribeInstances")["Reservations"]
    }
    assert states == {early: "terminated", later: "running"}


def test_a42_the_accounts_default_key_takes_part_unless_the_launch_names_one(desk):
    """A42: disabled, it kills launches; with an explicit key they live."""
    image = share(desk)
    mine = desk.call("CreateKey", "kms", Description="mine")["KeyMetadata"]["Arn"]
    assert (
        desk.call("GetEbsDefaultKmsKeyId")["KmsKeyId"]
        == desk.call("DescribeKey", "kms", KeyId="alias/aws/ebs")["KeyMetadata"]["Arn"]
    )
    desk.call("ModifyEbsDefaultKmsKeyId", KmsKeyId=mine)
    desk.call("DisableKey", "kms", KeyId=mine)
    dead = launched(desk, image)
    assert dead["StateReason"]["Code"] == "Client.InvalidKMSKey.InvalidState"
    subnet = desk.call("DescribeSubnets", Filters=[{"Name": "default-for-az", "Values": ["false"]}])["Subnets"][0][
        "SubnetId"
    ]
    named = {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": "alias/aws/ebs"}}
    desk.run(subnet, "named", ImageId=image, BlockDeviceMappings=[named])
    desk.later(60)
    (volume,) = desk.call("DescribeVolumes")["Volumes"]
    assert volume["KmsKeyId"] == desk.call("DescribeKey", "kms", KeyId="alias/aws/ebs")["KeyMetadata"]["Arn"]
    desk.later(3700)
    assert desk.refused("DescribeInstances", InstanceIds=[dead["InstanceId"]]) == "InvalidInstanceID.NotFound"


def test_encryption_by_default_encrypts_what_nobody_asked_for(desk):
    """A public image that is not encrypted."""
    assert desk.call("GetEbsEncryptionByDefault")["EbsEncryptionByDefault"] is False
    desk.run(desk.network()["subnet"], "plain")
    desk.call("EnableEbsEncryptionByDefault")
    subnet = desk.call("DescribeSubnets", Filters=[{"Name": "default-for-az", "Values": ["false"]}])["Subnets"][0][
        "SubnetId"
    ]
    desk.run(subnet, "after")
    assert [one["Encrypted"] for one in desk.call("DescribeVolumes")["Volumes"]] == [False, True]


def test_a21_the_storage_quota_is_met_after_the_launch(desk):
    """A21: Service Quotas counts it in TiB."""
    quota = desk.call("GetServiceQuota", "service-quotas", ServiceCode="ebs", QuotaCode="L-7A658B76")["Quota"]
    assert quota["Value"] == 50
    big = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 60_000}}
    image = desk.image()
    assert launched(desk, image, BlockDeviceMappings=[big])["StateReason"]["Code"] == "Client.VolumeLimitExceeded"


def test_a35_a_mapping_of_one_disk_does_not_change_the_others(desk):
    """A35: the second disk outlives the machine as its image says."""
    image = share(desk)
    row = desk.world.rows.find(image)
    row.data["disks"] = [{"device": "/dev/sdb", "snapshot": row.data["snapshot"], "size": 100, "deletes": False}]
    named = {"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": True}}
    machine = launched(desk, image, BlockDeviceMappings=[named])
    assert [one["DeviceName"] for one in machine["BlockDeviceMappings"]] == ["/dev/xvda", "/dev/sdb"]
    desk.call("TerminateInstances", InstanceIds=[machine["InstanceId"]])
    desk.later(90)
    assert [(one["Size"], one["State"]) for one in desk.call("DescribeVolumes")["Volumes"]] == [(100, "available")]


# ---- keys
def test_a_grant_of_the_same_name_and_content_is_the_same_grant(desk):
    """A retry makes none; without a name each call does; a token is fresh each time."""
    asked = {"KeyId": key(desk), "GranteePrincipal": f"arn:aws:iam::{desk.account}:root", "Operations": ["Decrypt"]}
    first, again = (owner(desk, "CreateGrant", "kms", **asked, Name="n") for _ in range(2))
    assert first["GrantId"] == again["GrantId"]
    desk.later(1)
    owner(desk, "CreateGrant", "kms", **asked)
    listed = owner(desk, "ListGrants", "kms", KeyId=key(desk))
    assert (len(listed["Grants"]), listed["Truncated"]) == (2, False)
    owner(desk, "RevokeGrant", "kms", KeyId=key(desk), GrantId=first["GrantId"])
    assert (
        desk.refused("RevokeGrant", "kms", MANAGEMENT, KeyId=key(desk), GrantId=first["GrantId"]) == "NotFoundException"
    )


def test_another_accounts_key_is_closed_without_grant_or_policy(desk):
    """By grant, or by a policy that lets the organization in."""
    name = key(desk)
    assert desk.refused("DescribeKey", "kms", KeyId=name) == "AccessDeniedException"
    policy = json.loads(owner(desk, "GetKeyPolicy", "kms", KeyId=name)["Policy"])
    inside = {"StringEquals": {"aws:PrincipalOrgID": desk.world.organization["id"]}}
    policy["Statement"].append(
        {"Effect": "Allow", "Principal": "*", "Action": "kms:Describe*", "Resource": "*", "Condition": inside}
    )
    owner(desk, "PutKeyPolicy", "kms", KeyId=name, Policy=json.dumps(policy))
    assert desk.call("DescribeKey", "kms", KeyId=name)["KeyMetadata"]["AWSAccountId"] == MANAGEMENT


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no-key", "Invalid keyId 'no-key'"),
        ("11111111-1111-4111-8111-111111111111", "Key 'arn:aws:kms:eu-central-1:{}:key/11111111-1111-4111-8111-111111111111' does not exist"),
        ("alias/no", "Alias arn:aws:kms:eu-central-1:{}:alias/no is not found."),
    ],
)  # fmt: skip
def test_a_key_that_is_not_there_is_said_as_recorded(desk, name, words):
    """Three wordings of one code."""
    assert refusal(desk, "DescribeKey", "kms", KeyId=name) == ("NotFoundException", words.format(desk.account))


def test_keys_are_listed_in_pages(desk):
    """With a marker that leads on."""
    first = owner(desk, "ListKeys", "kms", Limit=2)
    assert (len(first["Keys"]), first["Truncated"]) == (2, True)
    rest = owner(desk, "ListKeys", "kms", Marker=first["NextMarker"])
    assert (len(rest["Keys"]), rest["Truncated"]) == (3, False)


# ---- repositories
def policy_for(*accounts):
    allow = {"Sid": "s", "Effect": "Allow", "Principal": {"AWS": list(accounts)}, "Action": ["ecr:BatchGetImage"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})


def test_a_policy_is_written_anew_by_ecr(desk):
    """Accounts as ARNs, one of a list alone, a blank before each colon."""
    owner(desk, "SetRepositoryPolicy", "ecr", **NAME, policyText=policy_for(desk.account))
    text = owner(desk, "GetRepositoryPolicy", "ecr", **NAME)["policyText"]
    assert text == (
        '{\n  "Version" : "2012-10-17",\n  "Statement" : [ {\n    "Sid" : "s",\n    "Effect" : "Allow",\n    "Principal" : {\n'
        f'      "AWS" : "arn:aws:iam::{desk.account}:root"\n    }},\n    "Action" : "ecr:BatchGetImage"\n  }} ]\n}}'
    )
    assert rewritten(json.loads(text)) == text
    assert owner(desk, "DeleteRepositoryPolicy", "ecr", **NAME)["policyText"] == text
    code, words = refusal(desk, "GetRepositoryPolicy", "ecr", MANAGEMENT, **NAME)
    assert code == "RepositoryPolicyNotFoundException"
    assert words == (
        "Repository policy does not exist for the repository with name 'constellations/web-banking' in the registry with id "
        f"'{MANAGEMENT}'"
    )


@pytest.mark.parametrize("who", ["999999999999", "AROAEXAMPLE", "arn:aws:iam::999999999999:role/x"])
def test_a45_one_principal_that_is_not_there_spoils_a_whole_policy(desk, who):
    """A45: the others wait."""
    code, words = refusal(
        desk, "SetRepositoryPolicy", "ecr", MANAGEMENT, **NAME, policyText=policy_for(desk.account, who)
    )
    assert code == "InvalidParameterException"
    assert "Principal not found" in words


def test_a45_an_account_that_is_closed_is_no_principal_any_more(desk):
    """A45: what stands in the policy stays, and breaks the next write."""
    owner(desk, "SetRepositoryPolicy", "ecr", **NAME, policyText=policy_for(desk.account))
    owner(desk, "CloseAccount", "organizations", AccountId=desk.account)
    desk.later(600)
    text = owner(desk, "GetRepositoryPolicy", "ecr", **NAME)["policyText"]
    assert (
        desk.refused("SetRepositoryPolicy", "ecr", MANAGEMENT, **NAME, policyText=text) == "InvalidParameterException"
    )


def test_what_is_no_policy_or_no_repository_is_refused(desk):
    """With ECR's codes."""
    owner_of = ("ecr", MANAGEMENT)
    assert desk.refused("SetRepositoryPolicy", *owner_of, **NAME, policyText="{") == "InvalidParameterException"
    assert desk.refused("GetRepositoryPolicy", *owner_of, repositoryName="UPPER") == "InvalidParameterException"
    assert desk.refused("GetRepositoryPolicy", *owner_of, repositoryName="no/such") == "RepositoryNotFoundException"
    assert desk.refused("DescribeRepositories", *owner_of, repositoryNames=["no/such"]) == "RepositoryNotFoundException"
    (image,) = owner(desk, "DescribeImages", "ecr", **NAME)["imageDetails"]
    assert image["imageTags"] == ["latest"]


def test_a_world_in_which_everything_is_shared_launches_as_before():
    """The switch of the furnishing: the keys' policies let the organization in."""
    desk = Desk()
    image = desk.call("DescribeImages", Owners=[MANAGEMENT])["Images"][0]["ImageId"]
    assert launched(desk, image)["State"]["Name"] == "running"


def test_who_pulls_is_let_in_by_the_policy_alone(desk):
    """A stranger is denied with the repository's name; what is not there is a failure in the answer, no error."""
    pull = {"registryId": MANAGEMENT, **NAME, "imageIds": [{"imageTag": "latest"}, {"imageTag": "none"}]}
    code, words = refusal(desk, "BatchGetImage", "ecr", desk.account, **pull)
    assert code == "AccessDeniedException"
    assert f"repository/{NAME['repositoryName']} because no resource-based policy allows" in words
    owner(desk, "SetRepositoryPolicy", "ecr", **NAME, policyText=policy_for(desk.account))
    answer = desk.call("BatchGetImage", "ecr", **pull)
    assert [one["imageId"]["imageTag"] for one in answer["images"]] == ["latest"]
    assert [one["failureCode"] for one in answer["failures"]] == ["ImageNotFound"]
    assert desk.refused("BatchGetImage", "ecr", **pull | {"repositoryName": "no/such"}) == "RepositoryNotFoundException"
    document = json.loads(policy_for(desk.account))
    document["Statement"].append({**document["Statement"][0], "Sid": "d", "Effect": "Deny"})
    owner(desk, "SetRepositoryPolicy", "ecr", **NAME, policyText=json.dumps(document))
    code, words = refusal(desk, "BatchGetImage", "ecr", desk.account, **pull)
    assert code == "AccessDeniedException"
    assert "explicit deny" in words
