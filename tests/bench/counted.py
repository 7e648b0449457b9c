"""Which calls of a create count as its price: all from its first change on, but for what watches a running installer.

Put aside are the look before the first change (images, zones, quotas), STS, and what shows people how an installer goes on:
tails of its log with their listings, and looks at its command.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sandboxd.simulator.calls import is_mutation
from sandboxd.simulator.rows import Row
from sandboxd.world.trace import Entry

TAIL, INSTALL = "#sandboxd tail ", "#sandboxd install "
STS = ("AssumeRole", "GetCallerIdentity")


class Price(NamedTuple):
    """Of one create."""

    calls: int
    mutations: int
    """those that AWS accepted"""

    @property
    def ratio(self) -> float:
        """Calls for each mutation."""
        return self.calls / self.mutations


class _Made(NamedTuple):
    operation: str
    asked: dict[str, Any]
    accepted: bool


def price(entries: Sequence[Entry], commands: Iterable[Row]) -> Price:
    """Return the price of the create that this part of a trace is; `commands` are all that were sent to machines."""
    installers = {row.id for row in commands if _script(row.data["parameters"]).startswith(INSTALL)}
    made = [one for one in _made(entries) if one.operation not in STS]
    first = next(number for number, one in enumerate(made) if is_mutation(one.operation))
    counted = [one for one in made[first:] if not _watches(one, installers)]
    return Price(len(counted), sum(is_mutation(one.operation) and one.accepted for one in counted))


def _made(entries: Sequence[Entry]) -> Iterable[_Made]:
    ended = dict(text.split(" ", 1) for _, kind, _, text, _ in entries if kind == "reply")
    for _, kind, _, text, detail in entries:
        if kind == "call":
            number, operation = text.split(" ", 1)
            yield _Made(operation, json.loads(detail), ended.get(number) == "ok")


def _watches(one: _Made, installers: set[str]) -> bool:
    match one.operation:
        case "SendCommand":
            return _script(one.asked["Parameters"]).startswith(TAIL)
        case "ListCommandInvocations":
            return bool(one.asked.get("Details"))
        case "GetCommandInvocation":
            return one.asked["CommandId"] in installers
    return False


def _script(parameters: dict[str, Any]) -> str:
    return str(parameters["commands"][0])
