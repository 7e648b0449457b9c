"""Settings from a file with the environment over it: `SANDBOXD_SECTION__KEY=value`, typed by the struct."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from sandboxd.toml.decode import Mistake, TomlError, decode_file

PREFIX = "SANDBOXD_"
T = TypeVar("T", bound=msgspec.Struct)
S = TypeVar("S", bound=msgspec.Struct)


def load_settings(type_: type[T], path: Path | None, environment: Mapping[str, str]) -> T:
    """The settings of a file, or the defaults, with the environment over them; raise TomlError."""
    settings = decode_file(path, type_) if path is not None else type_()
    mistakes: list[Mistake] = []
    for name in sorted(environment):
        if name.startswith(PREFIX):
            settings = _overlay(settings, name, environment[name], mistakes)
    if mistakes:
        raise TomlError(mistakes)
    return settings


def _overlay(settings: T, name: str, text: str, mistakes: list[Mistake]) -> T:
    section, _, key = name.removeprefix(PREFIX).lower().partition("__")
    if not key:
        if section in settings.__struct_fields__ and not isinstance(getattr(settings, section), msgspec.Struct):
            return _set(settings, section, name, text, mistakes)
        return settings
    inner = getattr(settings, section, None)
    if not isinstance(inner, msgspec.Struct) or key not in inner.__struct_fields__:
        mistakes.append(_unknown(settings, name))
        return settings
    return msgspec.structs.replace(settings, **{section: _set(inner, key, name, text, mistakes)})


def _set(target: S, key: str, name: str, text: str, mistakes: list[Mistake]) -> S:
    wanted = next(one.type for one in msgspec.structs.fields(type(target)) if one.name == key)
    value: Any = tuple(text.replace(",", " ").split()) if isinstance(getattr(target, key), tuple) else text
    try:
        return msgspec.structs.replace(target, **{key: msgspec.convert(value, wanted, strict=False)})
    except msgspec.ValidationError as error:
        mistakes.append(Mistake(name, "", f"{text!r}: {error}"))
        return target


def _unknown(settings: Any, name: str) -> Mistake:
    known = [
        f"{PREFIX}{section}__{key}".upper()
        for section in settings.__struct_fields__
        if isinstance(inner := getattr(settings, section), msgspec.Struct)
        for key in inner.__struct_fields__
    ]
    near = difflib.get_close_matches(name, known, n=1)
    return Mistake(name, "", "there is no such setting", f"did you mean {near[0]}?" if near else "")
