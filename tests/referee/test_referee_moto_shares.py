"""What an account is given, in the simulator and in moto: the same seeded sequence of giving and taking, read as sandboxd reads it.

In what they differ, and which of them real AWS is with, is one test each.
"""

import json
import random
from typing import Any

import pytest

from sandboxd.aws.policies import changed, root, statements
from tests.referee.doors import InProcess
from tests.referee.moto_server import MotoDoor, moto_server, prepare_organization
from tests.referee.transcript import Door, Refused

REPOSITORY = "constellations/web-banking"
OPERATIONS = ["Decrypt", "DescribeKey"]
SEEDS = (0, 1, 2)


class Side:
    """One AWS: an image, a key and a repository of its management account, given to members 0 and 1 by number."""

    def __init__(self, door: Door) -> None:
        self.door, self.owner, self.members = door, door.management, door.members[:2]
        self.image = self.ask("ec2", "DescribeImages", Owners=["self"])["Images"][0]["ImageId"]
        self.key = self.ask("kms", "CreateKey", Description="referee")["KeyMetadata"]["Arn"]

    def ask(self, service: str, operation: str, **parameters: Any) -> Any:
        return self.door.call(self.owner, service, operation, parameters)

    # ---- giving and taking
    def change_image(self, way: str, n: int) -> None:
        change = {way: [{"UserId": self.members[n]}]}
        self.ask(
            "ec2", "ModifyImageAttribute", ImageId=self.image, Attribute="launchPermission", LaunchPermission=change
        )

    def change_key(self, way: str, n: int) -> None:
        found = {one["GranteePrincipal"]: one["GrantId"] for one in self._grants()}
        who = root(self.members[n])
        if way == "Add" and who not in found:
            asked = {"GranteePrincipal": who, "Operations": OPERATIONS, "Name": f"n{n}"}
            self.ask("kms", "CreateGrant", KeyId=self.key, **asked)
        elif way == "Remove" and who in found:
            self.ask("kms", "RevokeGrant", KeyId=self.key, GrantId=found[who])

    def change_repository(self, way: str, n: int) -> None:
        allow = {
            "Sid": f"n{n}",
            "Effect": "Allow",
            "Principal": {"AWS": root(self.members[n])},
            "Action": ["ecr:BatchGetImage"],
        }
        text = self._policy()
        new = changed(text, {f"n{n}": allow if way == "Add" else None})
        if new and new != text:
            self.ask("ecr", "SetRepositoryPolicy", repositoryName=REPOSITORY, policyText=new)
        elif text and not new:
            self.ask("ecr", "DeleteRepositoryPolicy", repositoryName=REPOSITORY)

    # ---- reading
    def _grants(self) -> list[dict[str, Any]]:
        return list(self.ask("kms", "ListGrants", KeyId=self.key)["Grants"])

    def _policy(self) -> str:
        try:
            return str(self.ask("ecr", "GetRepositoryPolicy", repositoryName=REPOSITORY)["policyText"])
        except Refused as refused:
            assert refused.code == "RepositoryPolicyNotFoundException"
            return ""

    def see(self) -> dict[str, list[Any]]:
        """Who has what, members by number."""
        about = {"ImageId": self.image, "Attribute": "launchPermission"}
        permissions = self.ask("ec2", "DescribeImageAttribute", **about)["LaunchPermissions"]
        numbers = {account: n for n, account in enumerate(self.members)}
        roots = {root(account): n for account, n in numbers.items()}
        return {
            "image": sorted(numbers[one["UserId"]] for one in permissions if one.get("UserId") in numbers),
            "key": sorted(
                (roots[one["GranteePrincipal"]], one["Name"], *sorted(one["Operations"])) for one in self._grants()
            ),
            "repository": sorted(statements(self._policy())),
        }


@pytest.fixture(scope="module")
def moto():
    """A side in moto, with an image and a repository of the management account's own."""
    with moto_server() as endpoint:
        door = MotoDoor(endpoint, prepare_organization(endpoint).pool)
        disk = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8}}
        door.call(
            door.management,
            "ec2",
            "RegisterImage",
            {"Name": "own", "RootDeviceName": "/dev/xvda", "BlockDeviceMappings": [disk]},
        )
        door.call(door.management, "ecr", "CreateRepository", {"repositoryName": REPOSITORY})
        yield Side(door)
        door.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_is_given_in_the_simulator_and_in_moto(moto, seed):
    """After each of forty changes."""
    rng, sides = random.Random(seed), (Side(InProcess()), moto)
    for side in sides:
        for n in (0, 1):
            for change in (side.change_image, side.change_key, side.change_repository):
                change("Remove", n)
    for _ in range(40):
        name, way, n = rng.choice(["image", "key", "repository"]), rng.choice(["Add", "Remove"]), rng.randrange(2)
        for side in sides:
            getattr(side, f"change_{name}")(way, n)
        seen = [side.see() for side in sides]
        assert seen[0] == seen[1], (seed, name, way, n)


def test_moto_makes_a_grant_twice_and_aws_does_not(moto):
    """KMS documents that a retry with the same name and content answers with the grant that is there; so do we."""
    for side, count in ((Side(InProcess()), 1), (Side(moto.door), 2)):
        asked = {"KeyId": side.key, "GranteePrincipal": root(side.members[0]), "Operations": OPERATIONS, "Name": "same"}
        assert len({side.ask("kms", "CreateGrant", **asked)["GrantId"] for _ in range(2)}) == count


def test_moto_keeps_principals_that_are_not_there_and_aws_does_not(moto):
    """A45: known from public reports of AWS."""
    allow = {"Sid": "x", "Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "ecr:BatchGetImage"}
    asked = {"repositoryName": REPOSITORY, "policyText": json.dumps({"Version": "2012-10-17", "Statement": [allow]})}
    moto.ask("ecr", "SetRepositoryPolicy", **asked)
    moto.ask("ecr", "DeleteRepositoryPolicy", repositoryName=REPOSITORY)
    with pytest.raises(Refused, match="Principal not found"):
        Side(InProcess()).ask("ecr", "SetRepositoryPolicy", **asked)
