"""A fresh look at a step past its deadline: the verdict "timed out" comes only after AWS was asked once more."""

from sandboxd.aws.kind import Seen
from sandboxd.engine.absence import certain
from sandboxd.engine.blockers import holders
from sandboxd.engine.coming import verdict
from sandboxd.engine.context import Attempt
from sandboxd.engine.lower import lowered
from sandboxd.lifecycle.messages import Ended
from sandboxd.model.ports import AwsError


async def fresh_look(a: Attempt) -> Ended:
    """Return how the step stands now."""
    try:
        seen = await a.see() if a.facts.get("id") else (await a.find(by_name=False))[0]
    except AwsError as error:
        # no verdict without a look: it goes on when AWS answers again
        return a.ended("between", "unreachable", f"AWS does not answer: {error}", outage=True)
    if seen is not None:
        a.learn(seen.facts)
        ended = lowered(a, seen) if a.start.step.way == "lower" else verdict(a, seen)
        return ended or await _still(a, seen)
    deleted = a.start.step == ("lower", 0) and a.facts.get("id") and certain(a)
    return a.done() if deleted else _timed_out(a, "AWS does not show it")


async def _still(a: Attempt, seen: Seen) -> Ended:
    text = f"it is still {seen.text or 'there'}"
    return _timed_out(a, f"{text} {await holders(a)}".strip() if a.start.step.way == "lower" else text)


def _timed_out(a: Attempt, text: str) -> Ended:
    usually = f"usually {a.usual.expected:.0f} s, mostly under {a.usual.p90:.0f} s"
    return a.ended("between", "timed_out", f"timed out ({usually}): {text}", lasting=True)
