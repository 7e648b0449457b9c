"""The one place that every call passes: is it known and complete, what disturbs it, and how it is logged.

Time, visibility, throttles and faults apply here or in the store, once for all operations. A hook decides what a fault
does to a call; the operations behind the gate know nothing of it.
"""

from collections.abc import Callable, Collection
from functools import cache
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from sandboxd.simulator import protocol
from sandboxd.simulator.calls import Request, is_mutation
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.limits import exceeded


class Fault(Struct, frozen=True, kw_only=True):
    """What disturbs one call: what becomes of it, and what the caller hears."""

    effect: Literal["none", "now", "late"] = "none"
    """nothing happens, it happens, or it happens `after` seconds, when the caller has long given up"""
    reply: Literal["error", "cut", "reset", "hang", "empty", "truncated", "empty-page", "same-page"] = "error"
    """an error of AWS's, no reply at all (`NoReply.how`), or a page of a listing that is not what it seems"""
    after: float = 0.0
    code: str = ""
    message: str = ""
    status: int = 400
    """of reply `error`"""


Hook: TypeAlias = Callable[[Request], Fault | None]
"""What disturbs a call, asked once for each; None leaves it alone."""


def undisturbed(_: Request) -> None:
    """No fault, ever."""


def check(q: Request, most_tags: int) -> None:
    """Refuse a call that lacks a parameter, has tags that nobody may give, or only asks whether it would be allowed."""
    for name in _required(q.service, q.operation):
        if q.parameters.get(name) in (None, "", []):
            raise _missing(q.service, name)
    for spec in dict.get(q.parameters, "TagSpecifications") or ():  # looked at, not understood
        check_tags([tag["Key"] for tag in spec.get("Tags", ())], most_tags)
    if q.parameters.get("DryRun"):
        raise ApiError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)


def check_tags(keys: Collection[str], most: int) -> None:
    """Refuse AWS's own keys, and more than there may be."""
    if any(key.lower().startswith("aws:") for key in keys):
        raise ApiError("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
    if len(keys) > most:
        raise exceeded("tags", most)


def check_understood(q: Request) -> None:
    """Refuse a read whose answer would ignore a parameter: a listing that is not what was asked for is a lie."""
    if not is_mutation(q.operation) and (unread := q.parameters.unread):
        raise ApiError("UnsupportedOperation", f"The simulator does not know {unread[0]} of {q.operation}.")


@cache
def _required(service: str, operation: str) -> tuple[str, ...]:
    shape = protocol.model(service).operation_model(operation).input_shape
    return tuple(shape.required_members) if shape is not None else ()


def _missing(service: str, name: str) -> ApiError:
    match protocol.kind_of(service):
        case "ec2":
            said = {"Resources": "resourceIdSet"}.get(name, name[0].lower() + name[1:])
            return ApiError("MissingParameter", f"The request must contain the parameter {said}")
        case "json" if service == "organizations":
            return ApiError("InvalidInputException", f"You specified an invalid value: {name} is missing.")
        case _:
            at = f"{name[0].lower()}{name[1:]}"
            words = f"1 validation error detected: Value null at '{at}' failed to satisfy constraint: "
            return ApiError("ValidationException", f"{words}Member must not be null")


def references(value: Any) -> list[str]:
    """Every string in the parameters that may be the id of something, in their order."""
    found: list[str] = []
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, str):
            if len(one) > _SHORTEST and "-" in one:
                found.append(one if len(one) <= _LONGEST else one.partition("\n")[0][:_LONGEST])
        elif isinstance(one, dict):
            todo.extend(reversed(one.values()))
        elif isinstance(one, list):
            todo.extend(reversed(one))
    return found


_SHORTEST, _LONGEST = 9, 300
"""characters; any id is longer, none is so long: of a script only the first line is kept"""
