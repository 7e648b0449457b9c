"""TOML into structs, with every mistake named at once: file, line, column, the line itself, and what was meant.

A leaf: it knows msgspec and tomllib, nothing of settings, profiles or fault files.
"""

from sandboxd.toml.decode import Mistake, TomlError, decode, decode_file, read_text
from sandboxd.toml.environment import load_settings
from sandboxd.toml.places import Places

__all__ = ["Mistake", "Places", "TomlError", "decode", "decode_file", "load_settings", "read_text"]
