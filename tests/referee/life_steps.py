"""What every part of the scripted life needs: looking at everything, tags, and ids of nothing."""

from typing import Any

from tests.referee.transcript import Transcript

TAGS = [{"Key": "Name", "Value": "referee"}, {"Key": "sandboxd:key", "Value": "eu-central-1/shared/vpc"}]
AMI = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
ANYWHERE = "0.0.0.0/0"
LISTINGS = (
    "DescribeVpcs", "DescribeSubnets", "DescribeInternetGateways", "DescribeRouteTables", "DescribeSecurityGroups",
    "DescribeSecurityGroupRules", "DescribeAddresses", "DescribeNatGateways", "DescribeInstances", "DescribeNetworkInterfaces",
    "DescribeVolumes", "DescribeTags", "DescribeNetworkAcls", "DescribeVpcEndpoints",
)  # fmt: skip


def unknown(prefix: str) -> str:
    """A well-formed id of nothing."""
    return f"{prefix}-0123456789abcdef0"


def look(ask: Transcript) -> None:
    """Look at everything in the account."""
    for operation in LISTINGS:
        ask(operation)
    ask("DescribeInstanceStatus", IncludeAllInstances=True)


def spec(kind: str) -> list[dict[str, Any]]:
    """Tags in a create call."""
    return [{"ResourceType": kind, "Tags": TAGS}]
