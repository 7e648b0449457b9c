"""Profiles as the API shows them; one that cannot be used is left out and said in the log."""

import logging
from collections.abc import Sequence
from pathlib import Path

from sandboxd.profile import available, load_file
from sandboxd.toml import TomlError
from sandboxd.wire import things

log = logging.getLogger("sandboxd.profiles")


def profile_views(dirs: Sequence[Path]) -> list[things.Profile]:
    """Every usable profile, by name."""
    out = []
    for path in available(dirs).values():
        try:
            profile = load_file(path)
        except TomlError as error:
            log.warning("%s", error)
            continue
        parameters = [
            things.Parameter(name=name, type=one.type, default=one.default, help=one.help)
            for name, one in profile.parameters.items()
        ]
        out.append(
            things.Profile(
                name=profile.name,
                summary=profile.summary,
                parameters=parameters,
                source=str(path),
            )
        )
    return sorted(out, key=lambda one: one.name)
