"""Profiles: found, checked with every mistake at once, and expanded into what one sandbox consists of. Pure but for reading files."""

from sandboxd.profile.check import check_parameters
from sandboxd.profile.expand import expand
from sandboxd.profile.load import available, load, load_file, packaged
from sandboxd.profile.uses import images_of, machine_types, not_yet, wanted

__all__ = [
    "available", "check_parameters", "expand", "images_of", "load", "load_file", "machine_types", "not_yet", "packaged",
    "wanted",
]  # fmt: skip
