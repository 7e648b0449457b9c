"""A mailbox: what waits for one account's actor, in order.

What people ask waits for its durable acceptance and is bounded; outcomes and ticks are bounded by the steps in
flight and are never refused.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeAlias

import trio

from sandboxd.lifecycle.messages import Message
from sandboxd.lifecycle.state import State
from sandboxd.model.errors import LimitReached
from sandboxd.model.records import Operation

MOST_WAITING = 100


class Ask:
    """A command on its way to acceptance; `build` makes the message from the state it meets."""

    def __init__(
        self,
        *,
        operation: str,
        build: Callable[[State], Message],
        caller: str = "",
        key: str | None = None,
        digest: str = "",
    ) -> None:
        self.operation, self.build, self.caller, self.key, self.digest = operation, build, caller, key, digest
        self._over = trio.Event()
        self._error: Exception | None = None
        self._answer: Operation | None = None

    def accept(self, operation: Operation | None) -> None:
        """It is durable; None: its operation is over, and not kept any more."""
        self._answer = operation
        self._over.set()

    def refuse(self, error: Exception) -> None:
        """It changed nothing."""
        self._error = error
        self._over.set()

    async def wait_accepted(self) -> Operation | None:
        """Return the operation, where it is kept, once it is durable; raise what it was refused with."""
        await self._over.wait()
        if self._error is not None:
            raise self._error
        return self._answer


Item: TypeAlias = Ask | Message


class Mailbox:
    """Items in the order in which they came."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._asks = 0

    def __len__(self) -> int:
        return len(self._items)

    @property
    def depth(self) -> int:
        """How many commands wait."""
        return self._asks

    def items(self) -> Iterator[Item]:
        """What waits, in order."""
        return iter(self._items)

    def put(self, item: Item) -> None:
        """Add an item; raise LimitReached for a command when too many wait."""
        if isinstance(item, Ask):
            if self._asks >= MOST_WAITING:
                raise LimitReached(
                    "mailbox_full", f"{self._asks} commands wait for this account already", "Try again in a minute."
                )
            self._asks += 1
        self._items.append(item)

    def take(self, most: int) -> list[Item]:
        """Remove and return the first items."""
        out = [self._items.popleft() for _ in range(min(most, len(self._items)))]
        self._asks -= sum(isinstance(item, Ask) for item in out)
        return out

    def put_back(self, items: list[Item]) -> None:
        """Put items back to the front, in their order (a commit that failed)."""
        self._items.extendleft(reversed(items))
        self._asks += sum(isinstance(item, Ask) for item in items)
