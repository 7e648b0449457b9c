"""The daemon's ports in virtual time: its clock, how its commits are carried out, and the calls that need no bytes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import trio

from sandboxd.aws import outcomes
from sandboxd.model.ports import AwsError, Batch, Scope
from sandboxd.model.readings import Reading
from sandboxd.simulator import protocol
from sandboxd.simulator.calls import is_mutation
from sandboxd.simulator.errors import ApiError, NoReply
from sandboxd.simulator.world import World as Simulated
from sandboxd.store.writer import Commit
from sandboxd.world.life import Cut, Life
from sandboxd.world.trace import Trace

WAY = 0.15
"""seconds of a request's way to AWS, and of the reply's way back"""
HANG = 55.0
"""seconds after which the waist gives up on a reply"""
FSYNC = 0.002


class LifeClock:
    """Trio's own time, counted from the world's first moment."""

    pace = 1.0

    def __init__(self, life: Life, *, origin: float) -> None:
        self._life, self._origin = life, origin

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._origin + trio.current_time()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return trio.current_time()

    def reading(self) -> Reading:
        """Its machine is never booted anew."""
        return Reading("world", trio.current_time(), self.now())

    async def sleep(self, seconds: float) -> None:
        """Sleep; a moment at which the daemon may die."""
        await self._life.sleep(seconds)
        self._life.point("wake")


class Inline:
    """Commits in the loop itself, after a virtual fsync; no thread exists in a world."""

    def __init__(self, life: Life, trace: Trace) -> None:
        self._life, self._trace = life, trace

    async def __call__(self, commit: Commit, batches: Sequence[Batch]) -> list[int]:
        """Commit; the daemon may die on both sides of it."""
        await self._life.sleep(FSYNC)
        self._life.point("commit")
        positions = commit(batches)
        self._trace.commit(batches)
        self._life.point("committed")
        return positions


class Request(NamedTuple):
    """One call on its way."""

    scope: Scope
    service: str
    operation: str
    parameters: dict[str, Any]


class Calls:
    """The waist at depth *calls*: the simulated AWS in the same task."""

    def __init__(self, life: Life, simulated: Simulated, trace: Trace, abandoned: Callable[[Request], None]) -> None:
        self._life, self._simulated, self._trace, self._abandoned = life, simulated, trace, abandoned

    async def __call__(self, scope: Scope, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        """Answer as botocore would parse it; raise AwsError."""
        self._life.point(f"call {operation}")
        number = self._trace.call(scope, operation, parameters)
        answer, error = await self._exchange(Request(scope, service, operation, dict(parameters)))
        self._life.point(f"replied {operation}")
        self._trace.reply(number, error)
        if error is not None:
            raise error
        return answer

    async def _exchange(self, request: Request) -> tuple[Any, AwsError | None]:
        """There, the effect, and back; the daemon may die on both ways."""
        try:
            await self._life.sleep(WAY)
        except (trio.Cancelled, Cut):
            if is_mutation(request.operation):
                self._abandoned(request)
            raise
        answer, error = self._answer(request)
        if error is not None and error.code == "ReadTimeout":
            await self._life.sleep(HANG)
        self._life.point(f"reply {request.operation}")
        await self._life.sleep(WAY)
        return answer, error

    def _answer(self, request: Request) -> tuple[Any, AwsError | None]:
        scope, service, operation, parameters = request
        try:
            caller = self._simulated.caller(scope.account)
            return self._simulated.call(caller, scope.region, service, operation, parameters), None
        except ApiError as said:
            return {}, AwsError(outcomes.outcome(service, said.code, said.status), said.code, said.message, said.status)
        except NoReply as none:
            return {}, _unanswered(none.how, service, operation)


def _unanswered(how: str, service: str, operation: str) -> AwsError | None:
    """What the waist makes of a reply that is none; an empty body is an answer in JSON, and none in XML."""
    if how == "hang":
        return AwsError("unknown", "ReadTimeout", f"{operation} was not answered within {HANG:.0f} s")
    if how == "empty" and "json" in protocol.kind_of(service) and not _has_output(service, operation):
        return None
    if how in ("empty", "truncated"):
        return AwsError("unknown", "Unparsable", f"{operation} was answered with a body that is no answer")
    return AwsError("unknown", "ConnectionClosed", f"the connection was closed before {operation} was answered")


def _has_output(service: str, operation: str) -> bool:
    shape = protocol.model(service).operation_model(operation).output_shape
    return shape is not None and bool(shape.members)
