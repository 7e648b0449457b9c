"""One request on its way through the simulator: who asks where for what, and the log of what was asked.

The log is what the counts and the bound are computed from; it is bounded, the oldest calls are forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

READS = ("Describe", "List", "Get", "BatchGet", "Search", "Assume", "Lookup")
KEPT = 100_000
"""calls that the log keeps at least"""


@cache
def is_mutation(operation: str) -> bool:
    """Whether an operation changes anything."""
    return not operation.startswith(READS)


class Parameters(dict[str, Any]):
    """Parameters that know which of them were looked at: what no operation reads, the simulator does not simulate."""

    __slots__ = ("_read",)

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__(given)
        self._read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._read.add(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter, or the default."""
        self._read.add(name)
        return super().get(name, default)

    @property
    def unread(self) -> tuple[str, ...]:
        """The names that nobody asked for, in their order."""
        return tuple(name for name in self if name not in self._read)


class Caller(NamedTuple):
    """Whose credentials signed the request."""

    account: str
    arn: str
    user_id: str


class Change(NamedTuple):
    """One thing that a call made, changed or removed, and in how many seconds that has come true."""

    what: str
    seconds: float
    removed: bool = False
    frees: tuple[str, ...] = ()
    """what this thing stood on, and holds no longer when the change has come true"""


@dataclass(slots=True)
class Request:
    """One call as operations see it."""

    caller: Caller
    region: str
    service: str
    operation: str
    parameters: Parameters
    now: float
    changes: list[Change] = field(default_factory=list)

    def made(self, what: str, seconds: float = 0.0, frees: tuple[str, ...] = ()) -> None:
        """Note an id made or changed by this call."""
        self.changes.append(Change(what, seconds, removed=False, frees=frees))

    def unmade(self, what: str, seconds: float = 0.0, frees: tuple[str, ...] = ()) -> None:
        """Note an id removed by this call, and what it lets go."""
        self.changes.append(Change(what, seconds, removed=True, frees=frees))

    @property
    def account(self) -> str:
        """The caller's account."""
        return self.caller.account


class Entry(NamedTuple):
    """What the log keeps of one call."""

    number: int
    at: float
    account: str
    region: str
    service: str
    operation: str
    refs: tuple[str, ...]
    """of a call that changes something: ids that its parameters name, and those that no parameter shows (`needs.py`)"""
    changes: tuple[Change, ...] = ()
    error: str = ""
    ignored: tuple[str, ...] = ()
    """parameters that the simulator knows nothing of, where it went on without them"""

    @property
    def mutation(self) -> bool:
        """Whether it was meant to change anything."""
        return is_mutation(self.operation)


class Log:
    """The calls since the world was opened, numbered from 0."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._first = 0

    @property
    def count(self) -> int:
        """How many calls there were: the number of the next one, and a mark for `since`."""
        return self._first + len(self._entries)

    def add(self, q: Request, refs: tuple[str, ...], error: str) -> Entry:
        """Note a call."""
        entry = Entry(
            self.count, q.now, q.account, q.region, q.service, q.operation, refs, tuple(q.changes), error,
            q.parameters.unread if q.changes else (),
        )  # fmt: skip
        self._entries.append(entry)
        if len(self._entries) >= 2 * KEPT:
            del self._entries[:KEPT]
            self._first += KEPT
        return entry

    def since(self, mark: int) -> list[Entry]:
        """The calls from a mark on, as far as they are kept."""
        return self._entries[max(0, mark - self._first) :]

    def after(self, moment: float) -> list[Entry]:
        """The calls from a simulated moment on, as far as they are kept."""
        return [entry for entry in self._entries if entry.at >= moment]
