"""What happened in a world, in order: calls with their outcomes, commits, deaths, commands. One seed, one hash.

A trace is what counts: moments, operations, parameters, outcomes; not headers, signatures or request ids.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
import trio

from sandboxd.model.ports import AwsError, Batch, Scope
from sandboxd.simulator.calls import is_mutation

Entry: TypeAlias = tuple[float, str, str, str, bytes]
"""seconds, kind, account, text, detail"""


class Trace:
    """All entries; `watch` is called after each reply of AWS."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.calls = 0
        self.open: dict[int, str] = {}
        """number -> mutation whose outcome the daemon does not know yet"""
        self.watch: Callable[[], None] = lambda: None

    def note(self, kind: str, account: str, text: str, detail: bytes = b"") -> None:
        """Add an entry at this moment."""
        self.entries.append((trio.current_time(), kind, account, text, detail))

    def call(self, scope: Scope, operation: str, parameters: Mapping[str, Any]) -> int:
        """A call leaves; return its number."""
        self.calls += 1
        if is_mutation(operation):
            self.open[self.calls] = operation
        self.note("call", scope.account, f"{self.calls} {operation}", msgspec.json.encode(parameters))
        return self.calls

    def reply(self, number: int, error: AwsError | None) -> None:
        """Its outcome is known to the daemon, or that it is not known."""
        self.open.pop(number, None)
        self.note("reply", "", f"{number} {error.outcome} {error.code}" if error else f"{number} ok")
        self.watch()

    def commit(self, batches: Sequence[Batch]) -> None:
        """Something became durable."""
        for batch in batches:
            self.note("commit", batch.actor, "", b"\n".join(event.blob for event in batch.events))

    def digest(self) -> str:
        """SHA-256 of it all."""
        return hashlib.sha256(msgspec.json.encode(self.entries)).hexdigest()
