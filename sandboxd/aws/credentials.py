"""In whose name a request is signed: one credentials object for all clients, which asks who is calling at the moment.

It fails closed: outside of a scope there are no credentials, and nothing falls back to the daemon's own. Sessions of
tenants are assumed once, kept for as long as AWS said by the `Date` of its own reply, and renewed by one task at a time.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import trio
from aiobotocore.credentials import AioCredentials
from botocore.credentials import ReadOnlyCredentials
from msgspec import Struct

from sandboxd.model.ports import AwsError, Clock

SESSION = 3600
"""seconds that are asked for; role chaining gives no more"""
MARGIN = 0.15
"""share of a session's life before its end in which it is renewed"""


class Signer(Struct):
    """Credentials to sign with, and the account they are said to belong to."""

    account: str
    frozen: Any


class _Context(AioCredentials):  # type: ignore[misc]  # aiobotocore is not typed
    """What the shared clients sign with."""

    def __init__(self, current: ContextVar[Signer]) -> None:
        super().__init__("unused", "unused", method="sandboxd")
        self._current = current

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the credentials of whoever is calling."""
        return self._current.get().frozen

    def get_account_id(self) -> str | None:
        """Return the account of whoever is calling, for endpoint rules."""
        signer = self._current.get(None)
        return signer.account if signer else None


class Provider:
    """Stands in for botocore's chain of credential providers."""

    def __init__(self, current: ContextVar[Signer]) -> None:
        self._credentials = _Context(current)

    async def load_credentials(self) -> AioCredentials:
        """Return the one credentials object."""
        return self._credentials


class Session:
    """The assumed role of one account."""

    def __init__(self, *, account: str, clock: Clock, assume: Callable[[], Awaitable[Any]]) -> None:
        self._account, self._clock, self._assume = account, clock, assume
        self._signer: Signer | None = None
        self._until = 0.0
        self._lock = trio.Lock()
        self.proving = trio.Lock()
        self.proven = False

    async def signer(self) -> Signer:
        """Return credentials that are valid for a while; raise AwsError."""
        if self._signer is None or self._clock.monotonic() >= self._until:
            async with self._lock:
                if self._signer is None or self._clock.monotonic() >= self._until:
                    await self._renew()
        assert self._signer is not None
        return self._signer

    def forget(self) -> None:
        """Take new credentials next time: AWS does not accept these any more."""
        self._until = 0.0

    async def _renew(self) -> None:
        answer = await self._assume()
        arn = answer["AssumedRoleUser"]["Arn"]
        if arn.split(":")[4] != self._account:
            raise AwsError("refused", "WrongAccount", f"the role of account {self._account} leads to {arn}")
        got = answer["Credentials"]
        frozen = ReadOnlyCredentials(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"], self._account)
        self._signer = Signer(self._account, frozen)
        self._until = self._clock.monotonic() + (1 - MARGIN) * lifetime(answer, got["Expiration"])


def lifetime(answer: Any, expiration: datetime) -> float:
    """Return seconds that credentials are valid: by AWS's own clock, at most what was asked for."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if not date:
        return float(SESSION)
    try:
        seconds = (expiration - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        return float(SESSION)
    return min(float(SESSION), max(seconds, 60.0))
