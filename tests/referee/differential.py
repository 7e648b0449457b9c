"""The same seeded calls to two AWSs, and where sandboxd would read something different of their answers."""

import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tests.referee.readings import READINGS, Reading
from tests.referee.sequences import Step, ending, living, making
from tests.referee.transcript import Door, Refused

SETTLED = 130.0
"""seconds after which everything that a call began has come true"""


class Unlike(NamedTuple):
    """Something that two AWSs answer differently."""

    kind: str
    after: str
    """operation"""
    member: str
    one: str
    other: str


# ---- sides
class Side:
    """One AWS, and its ids for the names of a sequence."""

    def __init__(
        self, door: Door, account: str, image: str, readings: Mapping[str, Reading] = READINGS, settled: float = SETTLED
    ) -> None:
        self._door, self._account, self._readings = door, account, readings
        self._ids, self._settled = {"image": image}, settled

    def run(self, step: Step) -> str:
        """Make the call and let it come true; `done`, or the code of a refusal."""
        try:
            answer: Any = self._door.call(self._account, step.service, step.operation, self._filled(step.parameters))
        except Refused as refused:
            return refused.code
        finally:
            self._door.later(self._settled)
        for part in step.answer:
            answer = answer[part]
        if step.answer:
            name = f"{step.about} association" if step.operation == "AssociateRouteTable" else step.about
            self._ids[name] = str(answer)
        return "done"

    def see(self, name: str) -> dict[str, Any]:
        """What sandboxd would read of a thing now; its absence is the code of the refusal, or nothing listed."""
        reading = self._readings[name.partition("-")[0]]
        try:
            answer = self._door.call(self._account, reading.service, reading.operation, reading.asked(self._ids[name]))
        except Refused as refused:
            return {"gone": refused.code}
        items = reading.items(answer)
        return self._named(reading.read(items[0])) if items else {"gone": "nothing listed"}

    def _filled(self, value: Any) -> Any:
        match value:
            case str():
                return self._ids[value[1:]] if value.startswith("$") else value
            case dict():
                return {key: self._filled(one) for key, one in value.items()}
            case list():
                return [self._filled(one) for one in value]
        return value

    def _named(self, value: Any) -> Any:
        names = {identifier: name for name, identifier in self._ids.items()}
        match value:
            case str():
                return names.get(value, value)
            case dict():
                return {key: self._named(one) for key, one in value.items()}
            case list() | tuple():
                return [self._named(one) for one in value]
        return value


def life(rng: random.Random) -> list[Step]:
    """Everything of EC2 made, lived and ended."""
    return [*making(rng), *living(rng), *ending(rng)]


def compare(
    seed: int, one: Side, other: Side, steps: Callable[[random.Random], list[Step]] = life
) -> tuple[int, list[Unlike]]:
    """How many members were compared, and those that differ."""
    rng = random.Random(seed)
    compared, unlike, things = 0, list[Unlike](), dict[str, None]()
    for step in steps(rng):
        results = [side.run(step) for side in (one, other)]
        if results[0] != results[1]:
            unlike.append(Unlike(step.about.partition("-")[0], step.operation, "result", *results))
        things[step.about] = None
        for name in (step.about, rng.choice(list(things))):
            seen = [side.see(name) for side in (one, other)]
            for member in sorted({*seen[0], *seen[1]}):
                compared += 1
                values = [str(found.get(member, "-")) for found in seen]
                if values[0] != values[1]:
                    unlike.append(Unlike(name.partition("-")[0], step.operation, member, *values))
    return compared, unlike
