"""Settings: a TOML file, `SANDBOXD_SECTION__KEY` over it, options over both. Unknown keys are errors with a suggestion.

Every setting of the daemon is in this file with its default and its unit; the docs are generated from it.
"""

import os
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field

from sandboxd.engine.settings import EngineSettings
from sandboxd.model.errors import ConfigurationError


class Aws(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where AWS is and in whose name the daemon asks; credentials come from botocore's standard places."""

    management_account: str = ""
    """account of the Organizations calls (or its delegated administrator); empty: the daemon's own"""
    management_role: str = ""
    """role that is assumed there, where it is not the daemon's own account"""
    image_account: str = ""
    """account of the images; empty: `aws.management_account`"""
    image_role: str = ""
    """role that is assumed there, where it is not the daemon's own account; without one, somebody else shares the images"""
    regions: tuple[str, ...] = ()
    """regions in which sandboxes may run; empty: the one of AWS_DEFAULT_REGION"""
    role: str = "OrganizationAccountAccessRole"
    """role that is assumed in a tenant's account"""


class ClockSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The daemon's clock, for simulated AWS: now = origin + (real - origin) * pace."""

    pace: float = 1.0
    """how many times faster than real time"""
    origin: float | None = None
    """seconds since the epoch; empty: the store's, else the moment of the first start"""


class Profiles(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where profiles are looked up before the packaged ones."""

    dir: str = ""


class Prepare(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every account gets as soon as it is somebody's; all of it is free and stays."""

    roles: bool = True
    """the service roles of load balancers and AppStream, so that no first sandbox waits for them"""
    regions: bool = True
    """those of `aws.regions` that an account must opt in to; without it a person does that"""


class DesktopSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The way into desktops."""

    valid: Annotated[float, Meta(ge=1, le=604_800)] = 300.0
    """seconds for which a URL lets in, at most a week"""


class Access(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may use the socket; root and the daemon's own user may do everything."""

    write_group: str = "sandboxd-admin"
    """members may change things"""
    read_group: str = "sandboxd"
    """members may look"""
    socket_mode: str = "0660"
    """octal mode of the socket"""


class Log(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The log on stderr."""

    level: str = "info"
    """debug | info | warning | error"""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that a person may set."""

    stage: str = "dev"
    """the OU `Sandbox/<stage>` that this daemon looks after"""
    state_dir: str = ""
    """folder of the store; empty: $STATE_DIRECTORY, else $XDG_STATE_HOME/sandboxd"""
    socket: str = ""
    """path of the socket; empty: as the client looks for it"""
    drain: float = 30.0
    """seconds that calls in progress get at a stop"""
    aws: Aws = field(default_factory=Aws)
    clock: ClockSettings = field(default_factory=ClockSettings)
    engine: EngineSettings = field(default_factory=EngineSettings)
    profiles: Profiles = field(default_factory=Profiles)
    prepare: Prepare = field(default_factory=Prepare)
    desktop: DesktopSettings = field(default_factory=DesktopSettings)
    access: Access = field(default_factory=Access)
    log: Log = field(default_factory=Log)


def roles(aws: Aws) -> dict[str, str]:
    """Account -> role, where the daemon acts by its own right in another account than its own; raise ConfigurationError."""
    asked = {"management": (aws.management_account, aws.management_role), "image": (aws.image_account, aws.image_role)}
    found: dict[str, str] = {}
    for name, (account, role) in asked.items():
        if role and not account:
            raise ConfigurationError(
                f"aws.{name}_role is {role!r}, and aws.{name}_account is not set: say whose role it is"
            )
        if role and found.setdefault(account, role) != role:
            raise ConfigurationError(
                f"aws.{name}_role is {role!r}, and {found[account]!r} is assumed in {account}: name one"
            )
    return found


def state_dir(settings: Settings) -> Path:
    """The folder of the store."""
    if chosen := settings.state_dir or os.environ.get("STATE_DIRECTORY", ""):
        return Path(chosen)
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "sandboxd"


def regions(settings: Settings) -> tuple[str, ...]:
    """The regions in which sandboxes may run, the default one first."""
    default = os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION") or "eu-central-1"
    return settings.aws.regions or (default,)
