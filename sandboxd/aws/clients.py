"""Clients of AWS, one per service and region: built when they are first used, and let go when a region has been quiet.

The daemon's own region is kept: its clients are built before the first command. The first client of a service takes a tenth
of a second of CPU, and its model stays in memory for good; another region's costs little beside that, until it is dropped.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import trio
from msgspec import Struct

SERVICES = (
    "ec2", "sts", "ssm", "organizations", "iam", "elbv2", "wafv2", "appstream", "ecr", "kms", "service-quotas",
)  # fmt: skip
"""what sandboxd calls in every life, as botocore names them: their clients are built at home before the first command"""
RARE = ("account", "apigateway")
"""what it calls only for regions to opt in to, and for links that hold a load balancer: built when somebody asks"""
GLOBAL = {"iam": "us-east-1", "organizations": "us-east-1", "account": "us-east-1"}
"""services that have one place for all regions: one client is enough"""
QUIET = 900.0
"""real seconds without a call, after which a client of another region is closed"""
Build = Callable[[AsyncExitStack, str, str], Awaitable[Any]]
"""(stack that it is closed with, service, region) -> client"""


class _Kept(Struct):
    """A client, and when it was used last."""

    client: Any
    stack: AsyncExitStack
    used: float = 0.0


class Clients:
    """All clients of one session."""

    def __init__(self, *, build: Build, home: str, quiet: float = QUIET) -> None:
        self._build, self._home, self._quiet = build, home, quiet
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._users: Counter[tuple[str, str]] = Counter()
        self._building = trio.Lock()

    def places(self) -> list[tuple[str, str]]:
        """(service, region) of every client there is."""
        return list(self._kept)

    @asynccontextmanager
    async def use(self, service: str, region: str) -> AsyncIterator[Any]:
        """A client for one call; it is not closed meanwhile."""
        place = (service, GLOBAL.get(service, region))
        self._users[place] += 1
        try:
            yield (await self._client(place)).client
        finally:
            self._users[place] -= 1
            if (kept := self._kept.get(place)) is not None:
                kept.used = trio.current_time()

    async def _client(self, place: tuple[str, str]) -> _Kept:
        if place not in self._kept:
            async with self._building:
                if place not in self._kept:
                    stack = AsyncExitStack()
                    self._kept[place] = _Kept(await self._build(stack, *place), stack, trio.current_time())
        return self._kept[place]

    async def _drop_quiet(self) -> None:
        """Close what nobody has used for long."""
        late = trio.current_time() - self._quiet
        for place, kept in list(self._kept.items()):
            if kept.used < late and not self._users[place] and self._is_away(place):
                del self._kept[place]
                await kept.stack.aclose()

    def _is_away(self, place: tuple[str, str]) -> bool:
        return place[1] != GLOBAL.get(place[0], self._home)

    async def keep_tidy(self) -> None:
        """Close what nobody has used for long, for ever."""
        while True:
            await trio.sleep(self._quiet / 3)
            async with self._building:
                await self._drop_quiet()

    async def aclose(self) -> None:
        """Close all of them."""
        kept, self._kept = self._kept, {}
        for one in kept.values():
            await one.stack.aclose()
