"""The governor: every mutation of AWS Organizations goes through it, one at a time, in the order in which it was asked.

Organizations answers overlapping changes with ConcurrentModification and counts requests for the whole organization.
Reads pass by; a waiting mutation can say how many are before it.
"""

from collections.abc import Mapping
from typing import Any

import trio

from sandboxd.model.ports import Call, Scope

MUTATIONS = frozenset(
    {"MoveAccount", "TagResource", "UntagResource", "CreateAccount", "CloseAccount", "CreateOrganizationalUnit"}
)


class Governor:
    """A `Call` that lets organization mutations through one by one."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._turn = trio.CapacityLimiter(1)

    @property
    def waiting(self) -> int:
        """How many mutations wait for their turn."""
        return self._turn.statistics().tasks_waiting

    async def __call__(self, scope: Scope, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        """Pass the call on, in its turn."""
        if service != "organizations" or operation not in MUTATIONS:
            return await self._call(scope, service, operation, parameters)
        async with self._turn:
            return await self._call(scope, service, operation, parameters)
