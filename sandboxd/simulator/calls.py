"""One request on its way through the simulator: who asks where for what, and the log of what was asked.

The log is what the inventory's counts and the bound are computed from.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose credentials signed the request."""

    account: str
    arn: str
    user_id: str


@dataclass(slots=True)
class Request:
    """One call as operations see it."""

    caller: Caller
    region: str
    service: str
    operation: str
    parameters: dict[str, Any]
    now: float
    changes: list[tuple[str, float]] = field(default_factory=list)

    def made(self, what: str, seconds: float) -> None:
        """Note an id made or changed by this call, and in how many seconds that has come true."""
        self.changes.append((what, seconds))

    @property
    def account(self) -> str:
        """The caller's account."""
        return self.caller.account


@dataclass(frozen=True, slots=True)
class Entry:
    """What the log keeps of one call."""

    number: int
    at: float
    account: str
    region: str
    service: str
    operation: str
    mutation: bool
    refs: tuple[str, ...]
    made: tuple[tuple[str, float], ...] = ()
    """ids made or changed by it, each with the seconds until that has come true"""
    error: str = ""


@dataclass(slots=True)
class Log:
    """All calls since the world began, or since it was opened."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, request: Request, refs: tuple[str, ...], made: tuple[tuple[str, float], ...], error: str) -> Entry:
        """Note a call."""
        entry = Entry(
            len(self.entries), request.now, request.account, request.region, request.service, request.operation,
            is_mutation(request.operation), refs, made, error,
        )  # fmt: skip
        self.entries.append(entry)
        return entry

    def since(self, mark: int) -> list[Entry]:
        """The calls from a mark on."""
        return self.entries[mark:]


READS = ("Describe", "List", "Get", "Search", "Assume", "Lookup")


def is_mutation(operation: str) -> bool:
    """Whether an operation changes anything."""
    return not operation.startswith(READS)
