"""One step from its first call to its end: send, resolve what became unknown, wait until it has come true.

Raising and rebinding live here, lowering in `lower.py`. The order is the danger: an unknown outcome is resolved before
anything else happens, and nothing is sent while its opposite may still land.
"""

from sandboxd.aws.kind import Move, Parameters, Seen
from sandboxd.engine.context import AT, SEEN, Attempt, until_answered
from sandboxd.engine.meaning import hint, is_lasting, meaning
from sandboxd.engine.pace import back_off, first_look, next_look
from sandboxd.engine.send import Answered, Lost, Refused, attempt
from sandboxd.lifecycle.messages import Ended
from sandboxd.model.ports import AwsError

PUT_OFF = {"capacity": 60.0, "access": 60.0, "credentials": 30.0, "unreachable": 15.0, "throttled": 30.0, "unseen": 30.0}
"""seconds after which a refused step is tried again first"""


async def raise_(a: Attempt) -> Ended:
    """Carry out a raise or a rebind."""
    step, at = a.start.step, a.row.lo
    if a.start.resumed and (known := await _resumed(a)) is not None:
        if isinstance(known, Ended):
            return known
        at = known.state or 0
        if known.state is None:
            return await come_true(a)
    move = a.kind.move(a.node, step.way, at, step.to)
    if move is None:
        words = f"a {a.kind.spec.name} cannot go from {at} to {step.to}"
        return a.ended("nothing", "not_supported", words, lasting=True)
    return await _call(a, move, _frozen(a, move, at))


async def _resumed(a: Attempt) -> Ended | Seen | None:
    """Look at what a former life or attempt began; None: nothing is known of it, and its outcome is unknown."""
    intent = a.row.intent
    at = max(a.ports.born, intent.unknown_at or 0.0) if intent else a.ports.born
    if not a.facts.get("id"):
        a.unknown(at)
        return None
    a.unknown_at = at
    seen = await a.look_surely()
    if seen is None:
        return Seen()
    a.learn(seen.facts | {SEEN: "1"})
    return verdict(a, seen) or (Seen(state=seen.state) if seen.state is not None else Seen())


def _frozen(a: Attempt, move: Move, at: int) -> Parameters:
    """Return the committed parameters; another move than the committed one changes nothing twice and is rendered now."""
    intent = a.row.intent
    if intent is not None and intent.operation == move.operation and at == a.row.lo:
        return intent.parameters
    return move.parameters(a.ask)


async def _call(a: Attempt, move: Move, parameters: Parameters) -> Ended:
    if move.returns:
        await opposite_landed(a)
    tries, begun = 0, a.now
    while True:
        if a.unknown_at is not None and move.resolves == "tags":
            return await _adopted(a, f"the reply to {move.operation} was lost, and nothing came of it", after=0.0)
        sent = await attempt(
            a.ports.call, a.scope, a.kind.service, move, parameters, a.ask, a.ports.settings.call_timeout
        )
        match sent:
            case Answered(seen):
                return await accepted(a, seen)
            case Lost(reason):
                a.unknown(a.now)
                a.say(f"the outcome of {move.operation} is not known: {reason}")
            case Refused(code, message):
                if (ended := await _refused(a, move, code, message, begun)) is not None:
                    return ended
        tries += 1
        await a.ports.clock.sleep(back_off(tries, f"{a.node.key} {a.start.run}"))


async def _refused(a: Attempt, move: Move, code: str, message: str, begun: float) -> Ended | None:
    """Return how a refusal ends the step; None: the same call again."""
    settings, what = a.ports.settings, meaning(code, move, a.start.step.way)
    if what == "there":
        return await _there(a, move, code, message)
    patience = {
        "throttled": settings.throttled,
        "unreachable": settings.unreachable,
        "unseen": settings.settle,
        "busy": settings.settle,
    }.get(what, 0.0)
    if a.now < begun + patience:
        a.say(f"{move.operation}: {message or code}")
        return None
    if what == "died":
        return a.ended("absent", code, f"{move.operation}: it was made, and is gone again", after=0.0)
    lasting = what == "permanent" or (what == "access" and _attempts(a) >= settings.access_attempts)
    reason = " ".join(filter(None, (f"{move.operation}: {message or code}", hint(code))))
    if a.unknown_at is not None and a.row.lo == 0:
        return await _adopted(a, reason, code=code, lasting=lasting)
    left = "nothing" if a.unknown_at is None else "between"
    return a.ended(left, code, reason, lasting=lasting, after=PUT_OFF.get(what, 30.0))


def _attempts(a: Attempt) -> int:
    mark = a.row.marks.get("lower" if a.start.step.way == "lower" else "raise")
    return mark.attempts if mark else 0


async def _adopted(a: Attempt, reason: str, *, code: str = "lost_reply", lasting: bool = False, after: float = 30.0) -> Ended:
    """Find what a lost call made, until it must be visible; nothing by then proves that it made nothing."""
    tries = 0
    until = (a.unknown_at or a.now) + a.ports.settings.settle
    while True:
        asked = a.now
        seen, _ = await until_answered(a, lambda: a.find(by_name=False))
        if seen is not None:
            return await accepted(a, seen)
        if asked >= until:
            return a.ended("absent", code, reason, lasting=lasting, after=after)
        tries += 1
        a.say("the reply was lost; looking for what it made")
        await a.ports.clock.sleep(min(back_off(tries, a.node.key, shortest=2.0, longest=30.0), until - asked + 1.0))


async def _there(a: Attempt, move: Move, code: str, message: str) -> Ended | None:
    """Look whose it is that is there already."""
    by_id = bool(a.facts.get("id")) and a.row.lo > 0
    if by_id:
        seen, others = await a.look_surely(), ""
    else:
        seen, others = await until_answered(a, lambda: a.find(by_name=True))
    foreign = seen is not None and move.exclusive and a.unknown_at is None and seen.state == a.start.step.to
    if seen is None and not others and a.now < (a.unknown_at or a.row.intent_at) + a.ports.settings.settle:
        a.say(f"{move.operation}: {message or code}")
        return None
    if seen is None or foreign or (seen.failed and not by_id) or (seen.state == 0 and seen.failed):
        words = (seen.reason if seen else "") or f"{message or code}{f' ({others}, not made by us)' if others else ''}"
        failed = "account_claimed" if foreign else (seen.failed if seen and seen.failed else code)
        return a.ended("nothing", failed, words, lasting=True)
    return await accepted(a, seen)
