"""Waiting until what was asked for has come true: looks, at the moments when such things usually end, and verdicts."""

from collections.abc import Awaitable, Callable

from sandboxd.aws.kind import Seen
from sandboxd.engine.absence import is_missing
from sandboxd.engine.context import Attempt
from sandboxd.engine.meaning import hinted, is_lasting, unanswered
from sandboxd.engine.nudge import nudge
from sandboxd.engine.pace import back_off, first_look, next_look
from sandboxd.engine.unreached import too_early
from sandboxd.lifecycle.messages import Ended, Left
from sandboxd.model.ports import AwsError


async def accepted(a: Attempt, seen: Seen) -> Ended:
    """The call is answered: it is as wanted, or it is on its way."""
    a.learn(seen.facts)
    if (ended := verdict(a, seen)) is not None:
        return ended
    a.called()
    # what was refused for a while before is not older for that; what a lost call made may be
    return await come_true(a, a.now if a.unknown_at is None else a.unknown_at)


def verdict(a: Attempt, seen: Seen) -> Ended | None:
    """Return how what was seen ends a raise; None: it is on its way."""
    step, rebinding = a.start.step, a.start.step.way == "rebind"
    if seen.foreign:
        return a.ended("nothing" if a.unknown_at is None else "between", seen.failed, seen.reason, lasting=True)
    if seen.failed and not rebinding:
        untouched = bool(seen.state) and seen.state == a.row.lo
        left: Left = "nothing" if untouched or not a.kind.can_be_lowered else "spoiled"
        lasting = (seen.lasting or is_lasting(seen.failed)) and not too_early(a, seen)
        return a.ended(left, seen.failed, hinted(seen.reason, a.kind.service, seen.failed), lasting=lasting)
    if seen.state == 0:
        return a.ended("absent", "gone", f"the {a.kind.spec.name} is {seen.text or 'gone'}")
    if seen.state is not None and seen.state >= step.to and not seen.failed:
        return a.done()
    return None


async def come_true(a: Attempt, since: float) -> Ended:
    """Look until it is as wanted or will never be; it is on its way since that moment, if no former life began it."""
    intent = a.row.intent
    since = intent.rendered_at if a.start.resumed and intent else since
    delay = 0.0 if a.start.resumed else _paced(a, first_look(a.usual) - (a.now - since))

    def judge(seen: Seen | None) -> Ended | None:
        if seen is None:
            return a.ended("absent", "gone", f"the {a.kind.spec.name} {a.facts.get('id', '')} is not there any more")
        return _judged(a, seen, since)

    return await looking(a, judge, since=since, delay=delay)


async def looking(
    a: Attempt,
    judge: Callable[[Seen | None], Ended | None],
    *,
    since: float,
    delay: float,
    missing: Callable[[Attempt], Awaitable[bool]] = is_missing,
) -> Ended:
    """Look, at the moments when such things usually end, until `judge` has an end; it hears None of what is surely not there."""
    failures = 0
    while True:
        try:
            seen = await a.see(max(delay, 0.0))
            known = seen is not None or await missing(a)
        except AwsError as error:
            failures += 1
            a.demand_permission(error)
            a.say(unanswered(error.code, error.message, "AWS does not answer a read"))
            delay = back_off(failures, a.node.key, shortest=2.0, longest=30.0)
            continue
        if known and (ended := judge(seen)) is not None:
            return ended
        await nudge(a, since)
        delay = _paced(a, next_look(a.usual, a.now - since), a.now - since)


def _paced(a: Attempt, delay: float, waited: float = 0.0) -> float:
    """People who watch want to see how it goes on, and that it is over; where nobody waits for a look it may be rare."""
    kind = a.kind
    if not kind.every:
        return max(delay, kind.least) if waited else delay
    may_be_over = kind.brief and waited + kind.every >= first_look(a.usual)
    return min(delay, kind.brief if may_be_over else kind.every)


def _judged(a: Attempt, seen: Seen, since: float) -> Ended | None:
    """Return how a look ends the wait."""
    a.shown(seen.facts)
    if (ended := verdict(a, seen)) is not None:
        return ended
    if (seen.state is not None or seen.failed or seen.unmet) and a.now >= since + a.ports.settings.settle:
        words = f"the {a.kind.spec.name} is still {seen.text or seen.reason}"
        left: Left = "nothing" if seen.state == a.row.lo else "between"
        code = seen.failed or seen.unmet or "no_effect"
        return a.ended(left, code, seen.reason if seen.unmet else words, lasting=bool(seen.unmet))
    if not a.is_brief:
        a.say(seen.text or "waiting")
    return None
