"""Taking a resource down by one step: find it if its id is not known, ask AWS until it is on its way, wait until it is gone.

"Not found" says gone only of what some read has shown, or after the settle time: a young thing is not visible yet, and
its successor would be made beside it. What holds a resource is named while it is waited for.
"""

from functools import partial

from sandboxd.aws.kind import Move, Seen
from sandboxd.engine import ownerless
from sandboxd.engine.absence import certain, is_missing
from sandboxd.engine.aws_made import let_go
from sandboxd.engine.blockers import holders
from sandboxd.engine.coming import looking
from sandboxd.engine.context import AT, SEEN, Attempt, until_answered
from sandboxd.engine.documents import sent_by
from sandboxd.engine.meaning import meaning
from sandboxd.engine.pace import back_off, first_look
from sandboxd.engine.refusals import refused
from sandboxd.engine.send import Answered, Lost, Refused
from sandboxd.engine.step import opposite_landed
from sandboxd.lifecycle.messages import Ended

LONGEST_BUSY = 15.0
LOOK_EVERY = 4
"""refusals between two looks at what holds a resource: about a minute"""


async def lower(a: Attempt) -> Ended:
    """Carry out a lowering."""
    step = a.start.step
    move = a.kind.move(a.node, "lower", max(a.row.hi, a.row.lo), step.to)
    if move is not None and not move.operation:
        return a.done()
    if not a.facts.get("id") and not await _locate(a):
        return a.done()
    if move is None:
        words = f"a {a.kind.spec.name} cannot be lowered to {a.kind.spec.states[step.to]}"
        return a.ended("nothing", "step_unknown", words, lasting=True)
    await opposite_landed(a)
    return await _call(a, move)


async def _locate(a: Attempt) -> bool:
    """Find by its tags what a call made whose reply was lost, or did not say yet whose it is; return whether there is any."""
    intent, settings = a.row.intent, a.ports.settings
    known = [at for at in (intent.unknown_at, intent.opposite_at) if at is not None] if intent else []
    if AT in a.facts:  # it was made, and its id is not believed before a look at its tags
        known.append(float(a.facts[AT]))
    since = max(known, default=a.ports.born)
    until, tries = since + max(settings.settle, settings.landing), 0
    while True:
        asked = a.now
        seen = (await until_answered(a, lambda: a.find(by_name=False))).mine
        if seen is not None:
            a.shown(seen.facts)
            return True
        if asked >= until:
            return False
        tries += 1
        a.say("looking for what a call with a lost reply may have made")
        await a.ports.clock.sleep(min(back_off(tries, a.node.key, shortest=2.0, longest=30.0), until - asked + 1.0))


async def _call(a: Attempt, move: Move) -> Ended:
    tries = 0
    while True:
        # rendered for every call: a look may have learned what AWS wants to be told back
        sent = await sent_by(a, move, move.parameters(a.ask))
        match sent:
            case Answered(seen):
                if (ended := lowered(a, seen)) is not None:
                    return ended
                a.facts |= {SEEN: "1"}
                a.called()
                return await _gone_true(a, move)
            case Lost(reason):
                a.unknown(a.now)
                a.say(f"the outcome of {move.operation} is not known: {reason}")
            case Refused(code, message):
                if (ended := await _refused(a, move, code, message, tries)) is not None:
                    return ended
        tries += 1
        await a.ports.clock.sleep(back_off(tries, f"{a.node.key} {a.start.run}", longest=LONGEST_BUSY))


async def _refused(a: Attempt, move: Move, code: str, message: str, tries: int) -> Ended | None:
    match meaning(a.kind.service, code, move, "lower"):
        case "gone":
            if await _is_gone(a):
                return _over(a)
            a.say("AWS does not know it, which may be too early or stale: not surely gone")
            return None
        case "busy":
            a.facts |= {SEEN: "1"}
            return await _held(a, code, message, tries)
        case "there":
            if (seen := await a.look_surely()) is not None:
                a.shown(seen.facts)
                return lowered(a, seen)
            return _over(a) if await until_answered(a, lambda: is_missing(a)) else None
        case _:
            return await refused(a, move, code, message)


async def _held(a: Attempt, code: str, message: str, tries: int) -> Ended | None:
    """Name what holds it; what somebody else put there, seen twice, is not waited for but asked about.

    Interfaces that are nobody's are removed; a service's go by themselves.
    """
    if tries % LOOK_EVERY != 1:  # the first refusal is often over a second later
        return None
    found = await holders(a)
    removed, in_vain = await let_go(a)
    removed = f"{removed} {ownerless.let_go(a, found.ownerless)}".strip()
    a.say(f"{message or code} {found} {removed}".strip())
    if in_vain:
        return a.ended("nothing" if a.unknown_at is None else "between", "held_by_aws", in_vain, lasting=True)
    if not found.others or found.others != a.held_by:
        a.held_by = found.others
        return None
    words = f"{message or code} {found} {', '.join(found.others)} is not ours: remove it, then retry."
    return a.ended("nothing" if a.unknown_at is None else "between", "held_by_others", words, lasting=True)


async def _gone_true(a: Attempt, move: Move) -> Ended:
    def judge(seen: Seen | None) -> Ended | None:
        if seen is None:
            return _over(a)
        a.shown(seen.facts if seen.state else {})
        if (ended := lowered(a, seen)) is None:
            a.say(seen.text or "waiting")
        return ended

    return await looking(a, judge, since=a.began, delay=first_look(a.usual), missing=partial(_proved, move))


async def _proved(move: Move, a: Attempt) -> bool:
    """Whether it is gone: a mutation that does not find what was seen says so at once, reads only after the settle time."""
    if move.again and a.start.step.to == 0 and SEEN in a.facts:
        sent = await sent_by(a, move, move.parameters(a.ask))
        if isinstance(sent, Refused) and sent.code in move.gone:
            return True
        if isinstance(sent, Lost):
            a.unknown(a.now)
    return await is_missing(a)


async def _is_gone(a: Attempt) -> bool:
    """Whether a refusal proves it; what is to stay in a lower state is not given up for one stale answer."""
    return certain(a) if a.start.step.to == 0 else await until_answered(a, lambda: is_missing(a))


def lowered(a: Attempt, seen: Seen) -> Ended | None:
    """Return how what was seen ends a lowering; None: not yet."""
    if seen.state is None or seen.state > a.start.step.to:
        return None
    return _over(a) if seen.state == 0 else a.done()


def _over(a: Attempt) -> Ended:
    """It is gone altogether: as wanted, or more than was wanted."""
    if a.start.step.to == 0:
        return Ended(a.node.key, a.start.run, "done")
    return a.ended("absent", "gone", f"the {a.kind.spec.name} {a.facts.get('id', '')} is gone")
