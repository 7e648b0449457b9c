"""One mutation, one attempt: shielded from cancellation, with its own deadline, and its outcome put into words.

What was sent is never cut off by a turn or a shutdown; it ends as answered, refused or unknown. Nothing is repeated here.
"""

from collections.abc import Mapping
from typing import Any

import trio
from msgspec import Struct

from sandboxd.aws.kind import Ask, Move, Seen
from sandboxd.model.ports import AwsError, Call, Scope


class Answered(Struct, frozen=True):
    """AWS did it, or is at it."""

    seen: Seen


class Refused(Struct, frozen=True):
    """Nothing happened."""

    code: str
    message: str


class Lost(Struct, frozen=True):
    """It may have happened, and may still happen."""

    reason: str


async def send(
    call: Call, scope: Scope, service: str, operation: str, parameters: Mapping[str, Any], timeout: float
) -> Any:
    """Return AWS's answer; raise AwsError. `timeout` is in real seconds."""
    with trio.move_on_after(timeout, shield=True):
        return await call(scope, service, operation, parameters)
    raise AwsError("unknown", "Timeout", f"{operation} was not answered within {timeout:.0f} s")


async def attempt(
    call: Call, scope: Scope, service: str, move: Move, parameters: Mapping[str, Any], ask: Ask, timeout: float
) -> Answered | Refused | Lost:
    """Carry out one move once."""
    try:
        answer = await send(call, scope, service, move.operation, parameters, timeout)
        return Answered(move.accepted(answer, ask))
    except AwsError as error:
        if error.outcome == "unknown":
            return Lost(str(error))
        return Refused(error.code, error.message)
    except (KeyError, IndexError, TypeError) as error:
        # a 200 without what it must carry proves nothing
        return Lost(f"the answer to {move.operation} has no {error}")
