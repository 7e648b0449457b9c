"""What a refusal makes of a step: the same call again, a look at what is there or what a token made, or the end of it.

A lost call's effect is looked for before a refusal of its repeat is believed.
"""

from collections.abc import Sequence
from functools import partial

from sandboxd.aws.kind import Explain, Move, Seen, Unseen
from sandboxd.engine.coming import accepted
from sandboxd.engine.context import Attempt, Discovery, until_answered
from sandboxd.engine.meaning import forbidden, hint, hinted, is_lasting, meaning, unanswered
from sandboxd.engine.pace import back_off
from sandboxd.engine.taken import made_with, owner_of_token
from sandboxd.engine.unreached import may_arrive, named, said_of
from sandboxd.lifecycle.messages import Ended, Left

PUT_OFF = {
    "capacity": 60.0,
    "access": 60.0,
    "credentials": 30.0,
    "unreachable": 15.0,
    "throttled": 30.0,
    "unseen": 30.0,
}
"""seconds after which a refused step is tried again first"""


async def refused(a: Attempt, move: Move, code: str, message: str) -> Ended | None:
    """Return how a refusal ends the step; None: the same call again."""
    if move.explain is not None and code in move.explain.codes:
        return await _explained(a, move, move.explain, code)
    return await _refused(a, move, code, message)


async def _refused(a: Attempt, move: Move, code: str, message: str) -> Ended | None:
    settings, what = a.ports.settings, meaning(a.kind.service, code, move, a.start.step.way)
    if what == "there":
        return await _there(a, move, code, message)
    if what == "taken":
        return await _taken(a, move, code, message)
    if unseen := said_of(move, code, message):
        return await _unseen(a, move, unseen, code, message)
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
    denied = forbidden(message, move.operation) if what == "access" else ""
    lasting = what == "permanent" or bool(denied)
    lasting = lasting or (what == "access" and _attempts(a) >= settings.access_attempts)
    reason = denied or hinted(f"{move.operation}: {message or code}", a.kind.service, code)
    outage = what in ("unreachable", "credentials")
    return await _in_vain(a, code, reason, lasting=lasting, after=PUT_OFF.get(what, 30.0), outage=outage)


async def _is_gone(a: Attempt, code: str) -> bool:
    """Whether what is not found is the thing itself, which was held: a mutation says so, and a look does not show it."""
    held = a.row.lo > 0 and a.start.step.way == "raise" and a.facts.get("id")
    return bool(held) and code in a.kind.missing and await a.look_surely() is None


async def _in_vain(
    a: Attempt, code: str, reason: str, *, lasting: bool, after: float = 30.0, outage: bool = False
) -> Ended:
    """It is refused; a former call whose outcome is unknown may have done it all the same, or the thing itself is gone."""
    if await _is_gone(a, code):
        return a.ended("absent", "gone", f"the {a.kind.spec.name} {a.facts.get('id', '')} is not there any more")
    if a.unknown_at is not None and a.row.lo == 0 and a.start.step.way == "raise":
        return await adopted(a, reason, code=code, lasting=lasting)
    left: Left = "nothing" if a.unknown_at is None else "between"
    return a.ended(left, code, reason, lasting=lasting, after=after, outage=outage)


async def _explained(a: Attempt, move: Move, explain: Explain, code: str) -> Ended | None:
    """Ask what a code that says several things means here, and never hand its own words through."""
    answers = await until_answered(a, lambda: a.answers(explain.questions(a.ask)))
    why = explain.judge(answers, a.ask)
    words = f"{move.operation}: {why.text}"
    if why.waits and a.now < a.began + a.ports.settings.settle:
        a.say(words)
        return None
    return await _in_vain(a, code, words, lasting=not why.waits)


async def _unseen(a: Attempt, move: Move, unseen: Sequence[Unseen], code: str, message: str) -> Ended | None:
    """Wait while what it names may only be too new; else it is what it says, and a person must look."""
    if await may_arrive(a, unseen):
        a.say(f"{move.operation}: {message or code}")
        return None
    words = f"{move.operation}: {(message or code).rstrip('. ')}. {named(a, unseen)}"
    return await _in_vain(a, code, hinted(words, a.kind.service, code), lasting=True)


async def _taken(a: Attempt, move: Move, code: str, message: str) -> Ended:
    """Our token was used with other parameters: what it made is ours; what is not to be seen is not made again."""
    seen = await owner_of_token(a)
    if seen is not None and seen.state != 0:
        return await accepted(a, seen)
    if seen is not None:
        return _gone_again(a, move, code, seen)
    return a.ended("between", code, f"{move.operation}: {message or code} {hint(a.kind.service, code)}", lasting=True)


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


async def adopted(
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
    if seen is None and found.former is not None and not _may_be_ours(a):
        a.learn(found.former.facts)
        return a.ended(
            "spoiled", "former_life", f"{words} It is there from a former life, and is made anew.", after=0.0
        )
    if seen is None and found.others and not _may_be_ours(a):
        return a.ended("nothing", code, f"{words} ({found.others} is there and not ours)", lasting=True)
    if seen is None or (not seen.failed and seen.state is not None and seen.state < a.start.step.to):
        a.say(words)
        known_at = a.began if a.unknown_at is None else a.unknown_at
        late = a.now >= known_at + a.ports.settings.settle
        # a look that shows less than AWS says may be stale: then what a lost call did is not denied
        left: Left = "nothing" if seen is None and a.unknown_at is None else "between"
        return a.ended(left, code, words, lasting=True) if late else None
    if seen.failed:
        return a.ended("nothing", seen.failed, seen.reason, lasting=True)
    if move.exclusive and a.unknown_at is None and seen.state == a.start.step.to:
        return a.ended("nothing", "account_claimed", f"{words} It was claimed by somebody else.", lasting=True)
    return await accepted(a, seen)


def _may_be_ours(a: Attempt) -> bool:
    """Whether a call of ours may have made what is there: its tags are seen later than itself, and a former life's ghost sooner."""
    return a.unknown_at is not None and a.now < a.unknown_at + a.ports.settings.settle
