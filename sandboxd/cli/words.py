"""What people type: durations, parameters, the socket."""

import re
from argparse import Namespace
from pathlib import Path
from typing import Any

from sandboxd.client.address import socket_path
from sandboxd.client.stdlib import Connection
from sandboxd.model.errors import BadRequest

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)([smhd]))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


def connection_of(arguments: Namespace) -> Connection:
    """The client that the command talks through."""
    return Connection(socket_path(arguments.socket))


def seconds(text: str | None) -> float | None:
    """Seconds of a duration like 4h or 1d12h; raise BadRequest."""
    if text is None:
        return None
    if not _DURATION.fullmatch(text):
        raise BadRequest("duration_invalid", f"{text!r} is no duration.", "Write it as 30m, 8h or 2d.")
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def parameters(pairs: list[str]) -> dict[str, Any]:
    """`K=V` pairs: true, false and numbers as such, everything else as text; raise BadRequest."""
    out: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise BadRequest("parameter_invalid", f"{pair!r} is no parameter.", "Write it as --set name=value.")
        out[name] = _value(value)
    return out


def profile_ref(text: str) -> str:
    """A profile's name as it is, the path of a file in full: the daemon has another working directory."""
    return str(Path(text).absolute()) if "/" in text or text.endswith(".toml") else text


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text)
    except ValueError:
        return text
