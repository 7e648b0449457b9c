"""`sandboxd organization init`: makes the OUs of a stage, with the settings and credentials that the daemon would use."""

import os
from pathlib import Path

import trio

from sandboxd.aws.waist import AwsSettings, open_aws
from sandboxd.daemon.clock import PacedClock
from sandboxd.daemon.settings import Settings, regions, roles
from sandboxd.engine import organization
from sandboxd.model.errors import BadRequest, ConfigurationError, Unavailable
from sandboxd.model.ports import AwsError
from sandboxd.toml import TomlError, load_settings


def init(stage: str | None, config: str | None) -> tuple[str, str, dict[str, str]]:
    """The management account, the stage and its OUs by name; raise BadRequest (settings) or Unavailable with what AWS said."""
    try:
        settings = load_settings(Settings, Path(config) if config else None, os.environ)
        where = AwsSettings(region=regions(settings)[0], roles=roles(settings.aws))
    except (TomlError, ConfigurationError) as error:
        raise BadRequest("settings_invalid", str(error), "docs/settings.md has all settings.") from error
    try:
        return trio.run(_init, settings, where, stage or settings.stage)
    except AwsError as error:
        raise Unavailable(
            "aws_unavailable",
            f"AWS said: {error}",
            "Look at the AWS variables of this shell, and at `aws.management_account` and `aws.management_role`.",
        ) from error


async def _init(settings: Settings, where: AwsSettings, stage: str) -> tuple[str, str, dict[str, str]]:
    async with open_aws(where, PacedClock()) as aws:
        account = settings.aws.management_account or await aws.identity()
        made = await organization.init(aws.call, account, stage)
        return account, stage, made.ous
