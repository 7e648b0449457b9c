"""One mutation, one attempt: shielded from cancellation, with its own deadline, and its outcome put into words.

What was sent is never cut off by a turn or a shutdown; it ends as answered, refused or unknown. Nothing is repeated here.
"""

import string
from collections.abc import Callable, Mapping
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


Randbits = Callable[[int], int]
_ALPHABET = string.ascii_letters + string.digits


def random_text(length: int, randbits: Randbits) -> str:
    """Return letters and digits that nobody can guess."""
    return "".join(_ALPHABET[randbits(64) % len(_ALPHABET)] for _ in range(length))


def filled(move: Move, parameters: Mapping[str, Any], randbits: Randbits) -> Mapping[str, Any]:
    """Return what is sent: in the place of a length a secret of that length, which exists nowhere else with us."""
    if not move.generated:
        return parameters
    return {**parameters, move.generated: random_text(int(parameters[move.generated]), randbits)}


async def attempt(
    call: Call,
    scope: Scope,
    service: str,
    move: Move,
    parameters: Mapping[str, Any],
    ask: Ask,
    timeout: float,
    randbits: Randbits,
) -> Answered | Refused | Lost:
    """Carry out one move once."""
    try:
        answer = await send(call, scope, service, move.operation, filled(move, parameters, randbits), timeout)
        return Answered(move.accepted(answer, ask))
    except AwsError as error:
        if error.outcome == "unknown":
            return Lost(str(error))
        return Refused(error.code, error.message)
    except (KeyError, IndexError, TypeError) as error:
        # a 200 without what it must carry proves nothing
        return Lost(f"the answer to {move.operation} has no {error}")
