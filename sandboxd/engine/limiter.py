"""The limiter: a `Call` that keeps to AWS's buckets, so that a storm of steps does not become a storm of throttles.

Mutations take a token of their bucket and wait, in order, where there is none; a throttle says that the bucket is smaller
than believed. Reads pass freely until one is throttled: then one at a time asks, with growing pauses, for everybody.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import trio

from sandboxd.aws import outcomes
from sandboxd.engine.buckets import Bucket, bucket_of
from sandboxd.engine.pace import back_off
from sandboxd.model.ports import AwsError, Call, Clock, Scope

SHRINK, SLOWEST = 0.7, 0.1
"""what a throttle leaves of the rate, and the share of the listed rate that is always tried"""
RECOVERY = 60.0
"""seconds from the slowest rate to the listed one"""
ONE_CUT = 2.0
"""seconds in which several throttles are one: those of requests that were on their way together"""
SHORTEST = 0.001
"""seconds of the shortest wait for a token: a rounded remainder must not be waited for for ever"""
TELL_AFTER = 60.0
"""seconds of throttling after which people are told since when"""


class Flow:
    """What may still be sent to one bucket, in which order, and how fast AWS has shown that it is refilled."""

    __slots__ = ("_at", "_bucket", "_cut_at", "line", "rate", "since", "tokens")

    def __init__(self, bucket: Bucket, now: float) -> None:
        self._bucket, self.tokens, self.rate, self._at, self._cut_at = bucket, bucket.burst, bucket.rate, now, -ONE_CUT
        self.since: float | None = None
        """since when AWS throttles"""
        self.line = trio.Lock()

    def refill(self, now: float) -> None:
        """What came in since the last time; a rate that was cut recovers with time."""
        seconds, self._at = now - self._at, now
        self.tokens = min(self._bucket.burst, self.tokens + seconds * self.rate)
        if self.rate < self._bucket.rate:
            self.rate = min(self._bucket.rate, self.rate + self._bucket.rate * seconds / RECOVERY)

    def throttled(self, now: float) -> None:
        """AWS's bucket is empty: so is ours, and it is refilled more slowly than believed."""
        self.refill(now)
        self.tokens = min(self.tokens, 0.0)
        self.since = self.since or now
        if now >= self._cut_at + ONE_CUT:
            self._cut_at, self.rate = now, max(self._bucket.rate * SLOWEST, self.rate * SHRINK)


class Gate:
    """Reads of one operation that AWS throttles: closed for a while, then one asks for all."""

    __slots__ = ("opens", "probing", "since", "tries")

    def __init__(self, now: float) -> None:
        self.since, self.tries, self.opens, self.probing = now, 0, now, trio.Lock()

    def close(self, now: float, seed: str) -> None:
        """Nobody asks for a while."""
        self.tries += 1
        self.opens = now + back_off(self.tries, seed, shortest=2.0, longest=20.0)


Place = tuple[str, str, str]


class Limiter:
    """Passes calls on, as fast as AWS takes them."""

    def __init__(self, *, call: Call, clock: Clock) -> None:
        self._call, self._clock = call, clock
        self._flows: dict[Place, Flow] = {}
        self._gates: dict[Place, Gate] = {}

    async def __call__(self, scope: Scope, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        """Return AWS's answer; raise AwsError."""
        place = (scope.account, scope.region, operation)
        if operation.startswith(outcomes.READS):
            return await self._read(place, scope, service, operation, parameters)
        now = self._clock.monotonic()
        flow = self._flows.get(place) or self._flows.setdefault(place, Flow(bucket_of(service, operation), now))
        await self._take(flow, now)
        try:
            answer = await self._call(scope, service, operation, parameters)
        except AwsError as error:
            if error.code not in outcomes.codes(service).throttled:
                raise
            flow.throttled(self._clock.monotonic())
            raise self._told(error, operation, flow.since) from error
        flow.since = None
        return answer

    async def _take(self, flow: Flow, now: float) -> None:
        """Take a token; where there is none, wait in line for one."""
        flow.refill(now)
        if flow.tokens < 1.0 or flow.line.locked():
            async with flow.line:
                while flow.tokens < 1.0:
                    await self._clock.sleep(max(SHORTEST, (1.0 - flow.tokens) / flow.rate))
                    flow.refill(self._clock.monotonic())
                flow.tokens -= 1.0
        else:
            flow.tokens -= 1.0

    async def _read(
        self, place: Place, scope: Scope, service: str, operation: str, parameters: Mapping[str, Any]
    ) -> Any:
        while (gate := self._gates.get(place)) is not None:
            async with gate.probing:
                if self._gates.get(place) is gate:
                    await self._clock.sleep(max(0.0, gate.opens - self._clock.monotonic()))
                    return await self._ask(place, gate, scope, service, operation, parameters)
        return await self._ask(place, None, scope, service, operation, parameters)

    async def _ask(
        self,
        place: Place,
        gate: Gate | None,
        scope: Scope,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
    ) -> Any:
        try:
            answer = await self._call(scope, service, operation, parameters)
        except AwsError as error:
            if error.code not in outcomes.codes(service).throttled:
                raise
            now = self._clock.monotonic()
            gate = gate or self._gates.setdefault(place, Gate(now))
            gate.close(now, " ".join(place))
            raise self._told(error, operation, gate.since) from error
        if gate is not None:
            self._gates.pop(place, None)
        return answer

    def _told(self, error: AwsError, operation: str, since: float | None) -> AwsError:
        """The same error; once it goes on for a while, with since when."""
        lasted = self._clock.monotonic() - since if since is not None else 0.0
        if lasted < TELL_AFTER:
            return error
        began = datetime.fromtimestamp(self._clock.now() - lasted, UTC).strftime("%H:%M:%S")
        words = f"{error.message or error.code} (AWS throttles {operation} since {began} UTC)"
        return AwsError(error.outcome, error.code, words, error.status)


__all__ = ["Limiter"]
