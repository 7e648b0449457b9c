"""Roles and instance profiles in the scripted life, what refuses their removal, and launches with profiles that EC2 refuses."""

import json
from typing import Any

from tests.referee.life_steps import AMI, TAGS
from tests.referee.transcript import Transcript

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
]})  # fmt: skip
CORE = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
ROLE, PROFILE = {"RoleName": "referee-role"}, {"InstanceProfileName": "referee-profile"}


def roles(ask: Transcript) -> None:
    """A role with a policy, and a profile with the role in it."""
    ask("CreateRole", "iam", **ROLE, AssumeRolePolicyDocument=TRUST, Path="/", Tags=TAGS)
    ask.refused("EntityAlreadyExists", "CreateRole", "iam", **ROLE, AssumeRolePolicyDocument=TRUST)
    ask.refused("MalformedPolicyDocument", "CreateRole", "iam", RoleName="other", AssumeRolePolicyDocument="{")
    ask.refused("NoSuchEntity", "GetRole", "iam", RoleName="nobody")
    ask("AttachRolePolicy", "iam", **ROLE, PolicyArn=CORE)
    ask.refused("ValidationError", "AttachRolePolicy", "iam", **ROLE, PolicyArn="longpolicynamebutnoarn")
    ask("CreateInstanceProfile", "iam", **PROFILE, Tags=TAGS)
    ask.refused("EntityAlreadyExists", "CreateInstanceProfile", "iam", **PROFILE)
    ask("AddRoleToInstanceProfile", "iam", **PROFILE, **ROLE)
    ask.refused("LimitExceeded", "AddRoleToInstanceProfile", "iam", **PROFILE, **ROLE)
    look_at_roles(ask)


def look_at_roles(ask: Transcript) -> None:
    """Every read of IAM."""
    ask("GetRole", "iam", **ROLE)
    ask("GetInstanceProfile", "iam", **PROFILE)
    ask("ListAttachedRolePolicies", "iam", **ROLE)
    for operation in ("ListRoles", "ListInstanceProfiles"):
        ask(operation, "iam", PathPrefix="/")


def refused_profiles(ask: Transcript, ids: dict[str, str]) -> None:
    """EC2 does not know a profile that is new, and says the same of one that is not there; one without a role it refuses, too."""
    image = ask("GetParameter", "ssm", Name=AMI)["Parameter"]["Value"]
    asked: dict[str, Any] = {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    asked |= {"SubnetId": ids["private"], "SecurityGroupIds": [ids["group"]]}
    for name in ("referee-profile", "nobody"):
        ask.refused("InvalidParameterValue", "RunInstances", **asked, IamInstanceProfile={"Name": name})
    ask.later(60)
    made = ask("RunInstances", **asked, IamInstanceProfile={"Name": "referee-profile"})["Instances"][0]["InstanceId"]
    ask.later(60)
    ask("DescribeInstances")
    ask("TerminateInstances", InstanceIds=[made])
    ask.later(90)


def roles_end(ask: Transcript) -> None:
    """Taken down, each refused before what holds it is gone."""
    ask.refused("DeleteConflict", "DeleteRole", "iam", **ROLE)
    ask.refused("DeleteConflict", "DeleteInstanceProfile", "iam", **PROFILE)
    ask("RemoveRoleFromInstanceProfile", "iam", **PROFILE, **ROLE)
    ask.refused("NoSuchEntity", "RemoveRoleFromInstanceProfile", "iam", **PROFILE, RoleName="nobody")
    ask("DeleteInstanceProfile", "iam", **PROFILE)
    ask.refused("NoSuchEntity", "DeleteInstanceProfile", "iam", **PROFILE)
    ask.refused("DeleteConflict", "DeleteRole", "iam", **ROLE)
    ask("DetachRolePolicy", "iam", **ROLE, PolicyArn=CORE)
    ask.refused("NoSuchEntity", "DetachRolePolicy", "iam", **ROLE, PolicyArn=CORE)
    ask("DeleteRole", "iam", **ROLE)
