"""Machines in the scripted life: private and public ones through all their states, and launches that AWS refuses."""

from typing import Any

from tests.referee.life_steps import AMI, look, spec, unknown
from tests.referee.transcript import Transcript


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
    left = [one for one in ask("DescribeVolumes")["Volumes"] if one["State"] == "available"]
    ask("DeleteVolume", VolumeId=left[0]["VolumeId"])


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
