"""A fresh look at a step past its deadline: the verdict "timed out" comes only after AWS was asked once more."""

from sandboxd.aws.kind import Seen
from sandboxd.engine.absence import is_missing
from sandboxd.engine.blockers import holders
from sandboxd.engine.coming import verdict
from sandboxd.engine.context import Attempt
from sandboxd.engine.lower import lowered
from sandboxd.lifecycle.messages import Ended, Left
from sandboxd.model.ports import AwsError

AGAIN = 15.0
"""seconds between looks at what AWS does not show"""


async def fresh_look(a: Attempt, said: str = "") -> Ended:
    """Return how the step stands now; where nothing shows it, what it waited for last is the reason."""
    if a.kind.content is not None:  # nothing in AWS shows it
        return _timed_out(a, said or "no machine says that it runs it")
    try:
        seen = await _seen(a) if a.facts.get("id") else (await a.find(by_name=False)).mine
    except AwsError as error:
        # no verdict without a look: it goes on when AWS answers again
        return a.ended("between", "unreachable", f"AWS does not answer: {error}", outage=True)
    if seen is not None:
        a.learn(seen.facts)
        ended = lowered(a, seen) if a.start.step.way == "lower" else verdict(a, seen)
        return ended or await _still(a, seen)
    if not a.facts.get("id"):
        return _timed_out(a, said or "AWS does not show it")
    if a.start.step.way == "lower":
        return a.done()
    return a.ended("absent", "timed_out", "it is not there any more", lasting=True)


async def _seen(a: Attempt) -> Seen | None:
    """Look until it is shown, or surely missing."""
    while (seen := await a.see()) is None and not await is_missing(a):
        await a.ports.clock.sleep(AGAIN)
    return seen


async def _still(a: Attempt, seen: Seen) -> Ended:
    text = f"it is still {seen.text or 'there'}"
    if a.start.step.way == "lower":
        return _timed_out(a, f"{text} {await holders(a)}".strip())
    move = a.kind.move(a.node, a.start.step.way, a.row.lo, a.start.step.to)
    if move is not None and move.ends:
        return _timed_out(a, text, left="spoiled", then="It is ended; look for the cause, a retry begins it anew.")
    return _timed_out(a, text)


def _timed_out(
    a: Attempt, text: str, *, left: Left = "between", then: str = "Look for the cause; a retry goes on from here."
) -> Ended:
    usually = f"usually {a.usual.expected:.0f} s, mostly under {a.usual.p90:.0f} s"
    words = f"timed out ({usually}): {text.rstrip('. ')}. {then}"
    return a.ended(left, "timed_out", words, lasting=True)
