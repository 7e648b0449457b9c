"""One step from its first call to its end: send, resolve what became unknown, wait until it has come true.

Raising and rebinding live here, lowering in `lower.py`. The order is the danger: an unknown outcome is resolved before
anything else happens, and nothing is sent while its opposite may still land.
"""

from functools import partial

from sandboxd.aws.kind import Move, Parameters, Seen
from sandboxd.engine.absence import is_missing
from sandboxd.engine.context import Attempt, Discovery, until_answered
from sandboxd.engine.meaning import hint, is_lasting, meaning, unanswered
from sandboxd.engine.pace import back_off, first_look, next_look
from sandboxd.engine.send import Answered, Lost, Refused, attempt
from sandboxd.engine.taken import made_with, owner_of_token
from sandboxd.lifecycle.messages import Ended, Left
from sandboxd.model.ports import AwsError

PUT_OFF = {
    "capacity": 60.0,
    "access": 60.0,
    "credentials": 30.0,
    "unreachable": 15.0,
    "throttled": 30.0,
    "unseen": 30.0,
}
"""seconds after which a refused step is tried again first"""
TOKEN_LIFE = 6 * 3600.0
"""seconds for which AWS surely remembers a client token (EC2 documents a day or more)"""


FORGOTTEN = "the reply was lost so long ago that its token is worth nothing, and nothing came of it"


async def raise_(a: Attempt) -> Ended:
    """Carry out a raise or a rebind."""
    step, at = a.start.step, a.row.lo
    if a.start.resumed and (known := await _resumed(a)) is not None:
        if isinstance(known, Ended):
            return known
        if known.state is None:
            a.called()
            return await come_true(a)
        at = known.state
    move = a.kind.move(a.node, step.way, at, step.to)
    if move is None:
        words = f"a {a.kind.spec.name} cannot go from {at} to {step.to}"
        return a.ended("nothing", "step_unknown", words, lasting=True)
    return await _call(a, move, _frozen(a, move, at))


async def _resumed(a: Attempt) -> Ended | Seen | None:
    """Look at what a former life or attempt began; None: nothing is known of it, and its outcome is unknown."""
    intent = a.row.intent
    at = max(a.ports.born, intent.unknown_at or 0.0) if intent else a.ports.born
    if not a.facts.get("id") or a.start.step.way == "rebind":
        a.unknown(at)
        return await _adopted(a, FORGOTTEN, after=0.0) if _token_is_old(a) else None
    if a.was_sent_before:
        a.unknown(at)
    a.unknown_at = at
    seen = await a.look_surely()
    if seen is None:
        return Seen()
    a.shown(seen.facts)
    return verdict(a, seen) or seen


def _token_is_old(a: Attempt) -> bool:
    """Whether AWS may have forgotten the client token: then the same call would make a second one."""
    move, intent = a.kind.move(a.node, a.start.step.way, a.row.lo, a.start.step.to), a.row.intent
    sent = intent is not None and a.now > intent.rendered_at + TOKEN_LIFE
    return sent and move is not None and move.resolves == "token"


def _frozen(a: Attempt, move: Move, at: int) -> Parameters:
    """Return the committed parameters; another move than the committed one changes nothing twice and is rendered now."""
    intent = a.row.intent
    if intent is not None and intent.operation == move.operation and at == a.row.lo:
        return intent.parameters
    return move.parameters(a.ask)


async def _call(a: Attempt, move: Move, parameters: Parameters) -> Ended:
    if move.returns:
        await opposite_landed(a)
    tries = 0
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
                if (ended := await refused(a, move, code, message)) is not None:
                    return ended
        tries += 1
        await a.ports.clock.sleep(back_off(tries, f"{a.node.key} {a.start.run}"))


async def refused(a: Attempt, move: Move, code: str, message: str) -> Ended | None:
    """Return how a refusal ends the step; None: the same call again."""
    settings, what = a.ports.settings, meaning(code, move, a.start.step.way)
    if what == "there":
        return await _there(a, move, code, message)
    if what == "taken":
        return await _taken(a, move, code, message)
    patience = {
        "throttled": settings.throttled,
        "unreachable": settings.unreachable,
        "credentials": settings.credentials,
        "unseen": settings.settle,
        "busy": settings.settle,
    }.get(what, 0.0)
    if a.now < a.began + patience:
        a.say(unanswered(code, message, move.operation))
        return None
    if what == "died":
        return await _died(a, move, code)
    lasting = what == "permanent" or (what == "access" and _attempts(a) >= settings.access_attempts)
    reason = " ".join(filter(None, (f"{move.operation}: {message or code}", hint(code))))
    if a.unknown_at is not None and a.row.lo == 0 and a.start.step.way == "raise":
        return await _adopted(a, reason, code=code, lasting=lasting)
    left: Left = "nothing" if a.unknown_at is None else "between"
    outage = what in ("unreachable", "credentials")
    return a.ended(left, code, reason, lasting=lasting, after=PUT_OFF.get(what, 30.0), outage=outage)


async def _taken(a: Attempt, move: Move, code: str, message: str) -> Ended:
    """Our token was used with other parameters: what it made is ours; what is not to be seen is not made again."""
    seen = await owner_of_token(a)
    if seen is not None and seen.state != 0:
        return await accepted(a, seen)
    if seen is not None:
        return _gone_again(a, move, code, seen)
    return a.ended("between", code, f"{move.operation}: {message or code} {hint(code)}", lasting=True)


async def _died(a: Attempt, move: Move, code: str) -> Ended:
    """What our token made is gone: the dead thing says why, and the next generation is due."""
    seen = await until_answered(a, partial(made_with, a))
    return _gone_again(a, move, code, seen or Seen())


def _gone_again(a: Attempt, move: Move, code: str, seen: Seen) -> Ended:
    why = f": {seen.reason}" if seen.reason else ""
    words = f"{move.operation}: it was made, and is gone again{why}"
    return a.ended("absent", seen.failed or code, words, lasting=is_lasting(seen.failed), after=0.0)


def _attempts(a: Attempt) -> int:
    mark = a.row.marks.get("lower" if a.start.step.way == "lower" else "raise")
    return mark.attempts if mark else 0


async def _adopted(
    a: Attempt, reason: str, *, code: str = "lost_reply", lasting: bool = False, after: float = 30.0
) -> Ended:
    """Find what a lost call made, until it must be visible; nothing by then proves that it made nothing."""
    tries = 0
    until = (a.unknown_at or a.now) + a.ports.settings.settle
    while True:
        asked = a.now
        seen = (await until_answered(a, lambda: a.find(by_name=False))).mine
        if seen is not None:
            return await accepted(a, seen)
        if asked >= until:
            return a.ended("absent", code, reason, lasting=lasting, after=after)
        tries += 1
        a.say("the reply was lost; looking for what it made")
        await a.ports.clock.sleep(min(back_off(tries, a.node.key, shortest=2.0, longest=30.0), until - asked + 1.0))


async def _there(a: Attempt, move: Move, code: str, message: str) -> Ended | None:
    """Look whose it is that is there already, and in which state; None: not to be seen yet, the same call again."""
    known = a.row.lo > 0 and a.facts.get("id")
    found = Discovery(await a.look_surely()) if known else await until_answered(a, lambda: a.find(by_name=True))
    seen, words = found.mine, f"{move.operation}: {message or code}"
    if seen is None and found.former is not None:
        a.learn(found.former.facts)
        return a.ended(
            "spoiled", "former_life", f"{words} It is there from a former life, and is made anew.", after=0.0
        )
    if seen is None and found.others and not _may_be_ours(a):
        return a.ended("nothing", code, f"{words} ({found.others} is there and not ours)", lasting=True)
    if seen is None or (not seen.failed and seen.state is not None and seen.state < a.start.step.to):
        a.say(words)
        late = a.now >= a.began + a.ports.settings.settle
        return a.ended("nothing", code, words, lasting=True) if late else None
    if seen.failed:
        return a.ended("nothing", seen.failed, seen.reason, lasting=True)
    if move.exclusive and a.unknown_at is None and seen.state == a.start.step.to:
        return a.ended("nothing", "account_claimed", f"{words} It was claimed by somebody else.", lasting=True)
    return await accepted(a, seen)


def _may_be_ours(a: Attempt) -> bool:
    """Whether a call of ours may have made what bears no tags: they are seen later than what bears them."""
    return a.unknown_at is not None and a.now < a.unknown_at + a.ports.settings.settle


async def accepted(a: Attempt, seen: Seen) -> Ended:
    """The call is answered: it is as wanted, or it is on its way."""
    a.learn(seen.facts)
    if (ended := verdict(a, seen)) is not None:
        return ended
    a.called()
    return await come_true(a)


def verdict(a: Attempt, seen: Seen) -> Ended | None:
    """Return how what was seen ends a raise; None: it is on its way."""
    step, rebinding = a.start.step, a.start.step.way == "rebind"
    if seen.failed and not rebinding:
        untouched = bool(seen.state) and seen.state == a.row.lo
        left: Left = "nothing" if untouched or not a.kind.can_be_lowered else "spoiled"
        return a.ended(left, seen.failed, seen.reason, lasting=is_lasting(seen.failed))
    if seen.state == 0:
        return a.ended("absent", "gone", f"the {a.kind.spec.name} is {seen.text or 'gone'}")
    if seen.state is not None and seen.state >= step.to and not seen.failed:
        return a.done()
    return None


async def come_true(a: Attempt) -> Ended:
    """Look, at the moments when such things usually end, until it is as wanted or will never be."""
    intent = a.row.intent
    since = intent.rendered_at if a.start.resumed and intent else a.began
    delay = 0.0 if a.start.resumed else first_look(a.usual) - (a.now - since)
    failures = 0
    while True:
        try:
            seen = await a.see(max(delay, 0.0))
            gone = seen is None and await is_missing(a)
        except AwsError as error:
            failures += 1
            a.say(unanswered(error.code, error.message, "AWS does not answer a read"))
            delay = back_off(failures, a.node.key, shortest=2.0, longest=30.0)
            continue
        if gone:
            return a.ended("absent", "gone", f"the {a.kind.spec.name} {a.facts.get('id', '')} is not there any more")
        if seen is not None and (ended := _judged(a, seen, since)) is not None:
            return ended
        delay = next_look(a.usual, a.now - since)


def _judged(a: Attempt, seen: Seen, since: float) -> Ended | None:
    """Return how a look ends the wait."""
    a.shown(seen.facts)
    if (ended := verdict(a, seen)) is not None:
        return ended
    if (seen.state is not None or seen.failed) and a.now >= since + a.ports.settings.settle:
        words = f"the {a.kind.spec.name} is still {seen.text or seen.reason}"
        return a.ended("nothing" if seen.state == a.row.lo else "between", seen.failed or "no_effect", words)
    a.say(seen.text or "waiting")
    return None


async def opposite_landed(a: Attempt) -> None:
    """Wait until no earlier mutation of this resource whose outcome was unknown can land any more."""
    intent = a.row.intent
    if intent is None or intent.unknown_at is None:
        return
    left = intent.unknown_at + a.ports.settings.landing - a.now
    if left > 0:
        a.say(f"an earlier call with an unknown outcome may still land, for {left:.0f} s")
        await a.ports.clock.sleep(left)
