"""Scripted faults: a TOML file that says which calls are refused, and which replies are lost.

[[fault]]
service = "ec2"
operation = "RunInstances"
nth = 1                          # the first such call, 1 if left out; `times` of them from there on
times = 2
action = "refuse"                # or "lose": it happens, and the connection is cut before the reply
code = "InsufficientInstanceCapacity"
status = 500
"""

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from sandboxd.simulator.calls import Request
from sandboxd.simulator.gate import Fault, Lose, Refuse

Positive = Annotated[int, Meta(ge=1)]


class FaultFileError(ValueError):
    """A fault file that cannot be used; the text says where and why."""


class Scripted(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One fault of the file."""

    service: str
    operation: str
    action: Literal["refuse", "lose"]
    nth: Positive = 1
    times: Positive = 1
    code: str = ""
    status: Annotated[int, Meta(ge=400, le=599)] = 400
    message: str = "The simulator was told to refuse this call."

    def __post_init__(self) -> None:
        """A refusal says what AWS would say."""
        if self.action == "refuse" and not self.code:
            raise ValueError("a refusal needs a `code`")

    def hits(self, request: Request, seen: int) -> bool:
        """Whether this call, the `seen`th of its operation, is meant."""
        named = (self.service, self.operation) == (request.service, request.operation)
        return named and self.nth <= seen < self.nth + self.times

    def fault(self) -> Fault:
        """What the gate does."""
        return Lose() if self.action == "lose" else Refuse(self.code, self.message, self.status)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    fault: tuple[Scripted, ...]


class Script:
    """A hook that carries out a list of faults."""

    def __init__(self, faults: tuple[Scripted, ...]) -> None:
        self._faults = faults
        self._seen: Counter[tuple[str, str]] = Counter()

    def __call__(self, request: Request) -> Fault | None:
        """What happens to this call."""
        name = (request.service, request.operation)
        self._seen[name] += 1
        hit = next((one for one in self._faults if one.hits(request, self._seen[name])), None)
        return hit.fault() if hit else None


def read_script(path: Path) -> Script:
    """Read a fault file; raise FaultFileError."""
    try:
        return Script(msgspec.toml.decode(path.read_bytes(), type=_File).fault)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise FaultFileError(f"{path}: {error}") from error
