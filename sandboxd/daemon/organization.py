"""`sandboxd organization init`: makes the OUs of a stage, with the credentials that the daemon would use."""

import os

import trio

from sandboxd.aws.waist import AwsSettings, open_aws
from sandboxd.daemon.clock import PacedClock
from sandboxd.engine import organization
from sandboxd.model.errors import Unavailable
from sandboxd.model.ports import AwsError


def init(stage: str) -> tuple[str, dict[str, str]]:
    """The management account and its OUs by name; raise Unavailable with what AWS said."""
    try:
        return trio.run(_init, stage)
    except AwsError as error:
        raise Unavailable(
            "aws_unavailable", f"AWS said: {error}", "Look at the AWS variables of this shell."
        ) from error


async def _init(stage: str) -> tuple[str, dict[str, str]]:
    region = os.environ.get("AWS_DEFAULT_REGION", "eu-central-1")
    async with open_aws(AwsSettings(region=region), PacedClock()) as aws:
        account = await aws.identity()
        made = await organization.init(aws.call, account, stage)
        return account, made.ous
