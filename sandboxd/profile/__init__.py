"""Profiles: found, checked with every mistake at once, and expanded into what one sandbox consists of. Pure but for reading files."""

from sandboxd.profile.check import check_parameters
from sandboxd.profile.expand import expand
from sandboxd.profile.load import available, load, load_file, packaged
from sandboxd.profile.uses import has_ingress, images_of, layer_4, machine_types, wanted

__all__ = [
    "available", "check_parameters", "expand", "has_ingress", "images_of", "layer_4", "load", "load_file", "machine_types",
    "packaged", "wanted",
]  # fmt: skip
