"""Scripted faults: a TOML file that says which calls are refused, and which replies are lost.

[[fault]]
operation = "ec2:RunInstances"   # service:operation
nth = 1                          # the first such call, 1 if left out; `times` of them from there on
times = 2
action = "refuse"                # or "lose": it happens, and the reply is lost
code = "InsufficientInstanceCapacity"
status = 500
"""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError

_KEYS = {"operation", "nth", "times", "action", "code", "status", "message"}


class FaultFileError(ValueError):
    """A fault file that cannot be used; the text says where and why."""


class Script:
    """A hook that carries out a list of faults."""

    def __init__(self, faults: list[dict[str, Any]]) -> None:
        self._faults = faults
        self._seen: Counter[str] = Counter()

    def __call__(self, request: Request) -> str | ApiError | None:
        """What happens to this call."""
        name = f"{request.service}:{request.operation}"
        self._seen[name] += 1
        for fault in self._faults:
            first = fault.get("nth", 1)
            if fault["operation"] == name and first <= self._seen[name] < first + fault.get("times", 1):
                if fault["action"] == "lose":
                    return "lose"
                return ApiError(fault["code"], fault.get("message", "scripted"), fault.get("status", 400))
        return None


def read_script(path: Path) -> Script:
    """Read a fault file; raise FaultFileError."""
    try:
        document = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FaultFileError(f"{path}: {error}") from error
    faults = document.get("fault", [])
    if set(document) - {"fault"} or not isinstance(faults, list):
        raise FaultFileError(f"{path}: a fault file consists of [[fault]] tables")
    for n, fault in enumerate(faults, 1):
        _check(path, n, fault)
    return Script(faults)


def _check(path: Path, n: int, fault: dict[str, Any]) -> None:
    where = f"{path}: fault {n}"
    if unknown := sorted(set(fault) - _KEYS):
        raise FaultFileError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    if ":" not in fault.get("operation", ""):
        raise FaultFileError(f"{where}: operation must be `service:Operation`")
    if fault.get("action") not in ("refuse", "lose"):
        raise FaultFileError(f"{where}: action must be `refuse` or `lose`")
    if fault["action"] == "refuse" and "code" not in fault:
        raise FaultFileError(f"{where}: a refusal needs a code")
