"""AppStream in the scripted life: an image that is shared, a fleet and a stack through all their states, every refusal on the way."""

import json
from typing import Any

from tests.referee.transcript import Transcript

ROLE = "AmazonAppStreamServiceAccess"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "appstream.amazonaws.com"}, "Action": "sts:AssumeRole"},
]})  # fmt: skip
FLEET, STACK = {"Name": "referee-fleet"}, {"Name": "referee-stack"}
PAIR = {"FleetName": FLEET["Name"], "StackName": STACK["Name"]}
SERVICE = "appstream"


def desktops(ask: Transcript, owner: str, ids: dict[str, str]) -> None:
    """A fleet in the private subnet, from nothing to nothing."""
    image = _shared(ask, owner)
    _role(ask)
    network = {"SubnetIds": [ids["private"]], "SecurityGroupIds": [ids["group"]]}
    asked: dict[str, Any] = {"InstanceType": "stream.standard.medium", "ComputeCapacity": {"DesiredInstances": 1}}
    asked |= {"ImageArn": image["Arn"], "VpcConfig": network}
    ask.refused("InvalidRoleException", "CreateFleet", SERVICE, **FLEET, **asked)
    ask.later(90)
    made = ask("CreateFleet", SERVICE, **FLEET, **asked, Tags={"k": "v"})["Fleet"]["Arn"]
    ask.refused("ResourceAlreadyExistsException", "CreateFleet", SERVICE, **FLEET, **asked)
    ask("TagResource", SERVICE, ResourceArn=made, Tags={"more": "v"})
    ask("ListTagsForResource", SERVICE, ResourceArn=made)
    ask("CreateStack", SERVICE, **STACK, Description="of the referee")
    ask("AssociateFleet", SERVICE, **PAIR)
    _look(ask)
    _run(ask)
    _end(ask, owner, image["Name"])


def _shared(ask: Transcript, owner: str) -> dict[str, Any]:
    image = dict(ask("DescribeImages", SERVICE, account=owner, Type="PRIVATE")["Images"][0])
    shared = {"Name": image["Name"], "SharedAccountId": ask.account}
    ask.refused("ResourceNotFoundException", "DescribeImages", SERVICE, Arns=[image["Arn"]])
    ask("UpdateImagePermissions", SERVICE, account=owner, **shared, ImagePermissions={"allowFleet": True})
    ask("DescribeImagePermissions", SERVICE, account=owner, Name=image["Name"])
    ask("DescribeImages", SERVICE, Arns=[image["Arn"]])
    return image


def _role(ask: Transcript) -> None:
    ask("CreateRole", "iam", RoleName=ROLE, Path="/service-role/", AssumeRolePolicyDocument=TRUST)
    ask("AttachRolePolicy", "iam", RoleName=ROLE, PolicyArn=f"arn:aws:iam::aws:policy/service-role/{ROLE}")


def _look(ask: Transcript) -> None:
    for operation in ("DescribeFleets", "DescribeStacks"):
        ask(operation, SERVICE)
    ask("ListAssociatedFleets", SERVICE, StackName=STACK["Name"])
    ask("ListAssociatedStacks", SERVICE, FleetName=FLEET["Name"])
    ask("DescribeNetworkInterfaces")


def _run(ask: Transcript) -> None:
    url = {**PAIR, "UserId": "referee", "Validity": 300}
    ask.refused("ResourceNotAvailableException", "CreateStreamingURL", SERVICE, **url)
    ask("StartFleet", SERVICE, **FLEET)
    _look(ask)
    ask.later(900)
    _look(ask)
    ask("CreateStreamingURL", SERVICE, **url)
    ask.refused("ResourceInUseException", "UpdateFleet", SERVICE, **FLEET, Description="new")
    ask.refused("ResourceInUseException", "DeleteFleet", SERVICE, **FLEET)
    ask("StopFleet", SERVICE, **FLEET)
    _look(ask)
    ask.later(700)
    ask("UpdateFleet", SERVICE, **FLEET, Description="new")


def _end(ask: Transcript, owner: str, image: str) -> None:
    ask.refused("ResourceInUseException", "DeleteStack", SERVICE, **STACK)
    ask("DisassociateFleet", SERVICE, **PAIR)
    ask.later(11)
    ask("DeleteStack", SERVICE, **STACK)
    ask("DeleteFleet", SERVICE, **FLEET)
    ask.later(200)
    ask.refused("ResourceNotFoundException", "DescribeFleets", SERVICE, Names=[FLEET["Name"]])
    ask("DeleteImagePermissions", SERVICE, account=owner, Name=image, SharedAccountId=ask.account)
    ask("DetachRolePolicy", "iam", RoleName=ROLE, PolicyArn=f"arn:aws:iam::aws:policy/service-role/{ROLE}")
    ask("DeleteRole", "iam", RoleName=ROLE)
