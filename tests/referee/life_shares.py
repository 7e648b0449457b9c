"""What the image account gives away in the scripted life: images, snapshots, keys and repositories, with every refusal."""

import json
from typing import Any

from tests.referee.transcript import Transcript

DECRYPT = ["Decrypt", "CreateGrant", "DescribeKey"]
REPOSITORY = {"repositoryName": "constellations/web-banking"}


def shares(ask: Transcript, owner: str) -> None:
    """All of it, by the account that owns it; `ask.account` is the one that is given things."""
    defaults(ask)
    image = ask("DescribeImages", account=owner, Owners=["self"])["Images"][0]
    key = snapshots(ask, owner, image)
    keys(ask, owner, key)
    grants(ask, owner, key)
    repositories(ask, owner)
    about = {"ImageId": image["ImageId"], "Attribute": "launchPermission"}
    ask("ResetImageAttribute", account=owner, **about)
    ask("DescribeImageAttribute", account=owner, **about)
    ask(
        "ModifyImageAttribute",
        account=owner,
        ImageId=image["ImageId"],
        LaunchPermission={"Add": [{"UserId": ask.account}]},
    )


def defaults(ask: Transcript) -> None:
    """What encrypts volumes unless a launch says otherwise."""
    for operation in ("GetEbsEncryptionByDefault", "EnableEbsEncryptionByDefault", "GetEbsEncryptionByDefault"):
        ask(operation)
    ask("DisableEbsEncryptionByDefault")
    mine = ask("CreateKey", "kms", Description="of the referee")["KeyMetadata"]["Arn"]
    ask("ModifyEbsDefaultKmsKeyId", KmsKeyId=mine)
    ask("GetEbsDefaultKmsKeyId")
    ask("ResetEbsDefaultKmsKeyId")


def snapshots(ask: Transcript, owner: str, image: dict[str, Any]) -> str:
    """The snapshot of an image given and taken back; return its key."""
    snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    about = {"SnapshotId": snapshot, "Attribute": "createVolumePermission"}
    ask("DescribeSnapshotAttribute", account=owner, **about)
    for way in ("Add", "Remove"):
        change = {way: [{"UserId": ask.account}]}
        ask("ModifySnapshotAttribute", account=owner, **about, CreateVolumePermission=change)
        ask("DescribeSnapshotAttribute", account=owner, **about)
    return str(ask("DescribeSnapshots", account=owner, SnapshotIds=[snapshot])["Snapshots"][0]["KmsKeyId"])


def keys(ask: Transcript, owner: str, key: str) -> None:
    """Keys as they are listed and described, switched off and on."""
    for operation in ("ListKeys", "ListAliases"):
        ask(operation, "kms", owner)
    for name in (key, "alias/aws/ebs"):
        ask("DescribeKey", "kms", owner, KeyId=name)
    ask("DisableKey", "kms", owner, KeyId=key)
    ask("DescribeKey", "kms", owner, KeyId=key)
    who = f"arn:aws:iam::{ask.account}:root"
    ask.refused("DisabledException", "CreateGrant", "kms", owner, KeyId=key, GranteePrincipal=who, Operations=DECRYPT)
    ask("EnableKey", "kms", owner, KeyId=key)
    for name in ("alias/nothing", "no-key", "11111111-1111-4111-8111-111111111111"):
        ask.refused("NotFoundException", "DescribeKey", "kms", KeyId=name)
    policy = ask("GetKeyPolicy", "kms", owner, KeyId=key)["Policy"]
    ask("PutKeyPolicy", "kms", owner, KeyId=key, Policy=policy)


def grants(ask: Transcript, owner: str, key: str) -> None:
    """A grant made twice, listed, revoked twice."""
    about = {"KeyId": key, "GranteePrincipal": f"arn:aws:iam::{ask.account}:root"}
    ask("ListGrants", "kms", owner, **about)
    ask.refused(
        "InvalidArnException", "CreateGrant", "kms", owner, **about | {"GranteePrincipal": "nobody"}, Operations=DECRYPT
    )
    made = [ask("CreateGrant", "kms", owner, **about, Operations=DECRYPT, Name="referee")["GrantId"] for _ in range(2)]
    ask("ListGrants", "kms", owner, **about)
    ask("RevokeGrant", "kms", owner, KeyId=key, GrantId=made[0])
    ask.refused("NotFoundException", "RevokeGrant", "kms", owner, KeyId=key, GrantId=made[1])


def repositories(ask: Transcript, owner: str) -> None:
    """A policy set, read, refused, deleted; a pull by whom it lets in."""
    pull = {**REPOSITORY, "registryId": owner, "imageIds": [{"imageTag": "latest"}]}
    ask.refused("AccessDeniedException", "BatchGetImage", "ecr", ask.account, **pull)
    ask("DescribeRepositories", "ecr", owner)
    ask("DescribeImages", "ecr", owner, **REPOSITORY)
    ask.refused("RepositoryNotFoundException", "DescribeRepositories", "ecr", owner, repositoryNames=["no/such"])
    ask.refused("RepositoryPolicyNotFoundException", "GetRepositoryPolicy", "ecr", owner, **REPOSITORY)
    ask("SetRepositoryPolicy", "ecr", owner, **REPOSITORY, policyText=_policy(ask.account))
    ask("BatchGetImage", "ecr", ask.account, **pull)
    ask.refused(
        "InvalidParameterException",
        "SetRepositoryPolicy",
        "ecr",
        owner,
        **REPOSITORY,
        policyText=_policy("999999999999"),
    )
    ask.refused("InvalidParameterException", "GetRepositoryPolicy", "ecr", owner, repositoryName="NO")
    for operation in ("GetRepositoryPolicy", "DeleteRepositoryPolicy"):
        ask(operation, "ecr", owner, **REPOSITORY)


def _policy(account: str) -> str:
    allow = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": ["ecr:BatchGetImage"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})
