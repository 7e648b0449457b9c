"""Joins an operation that was asked for with what events said meanwhile: the answer may be older than the stream. Pure."""

from typing import Final

from msgspec import structs

from sandboxd.wire.things import Operation, Step

_RANK: Final = {"pending": 0, "calling": 1, "waiting": 2, "backing-off": 3}
_OVER: Final = 4


def merged(known: Operation | None, answer: Operation) -> Operation:
    """Return the answer, but nothing in it set back behind what is known."""
    if known is None:
        return answer
    base = known if known.ended_at and not answer.ended_at else answer
    by_id = {step.id: step for step in known.steps}
    steps = [_later(by_id.pop(step.id, None), step) for step in answer.steps]
    begun = [step for step in by_id.values() if step.state != "pending"]
    return structs.replace(base, steps=steps + begun)


def _later(known: Step | None, answer: Step) -> Step:
    if known is None or _progress(answer) >= _progress(known):
        return answer
    return known


def _progress(step: Step) -> tuple[int, int]:
    return step.attempts, _RANK.get(step.state, _OVER)
