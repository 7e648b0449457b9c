"""One step from its first call to its end: send, resolve what became unknown, wait until it has come true.

Raising and rebinding live here, lowering in `lower.py`. The order is the danger: an unknown outcome is resolved before
anything else happens, and nothing is sent while its opposite may still land.
"""

from sandboxd.aws.kind import Move, Parameters, Seen
from sandboxd.engine.coming import accepted, come_true, verdict
from sandboxd.engine.context import Attempt
from sandboxd.engine.documents import sent_by
from sandboxd.engine.pace import back_off
from sandboxd.engine.refusals import adopted, refused
from sandboxd.engine.send import Answered, Lost, Refused
from sandboxd.engine.unreached import said_of
from sandboxd.lifecycle.messages import Ended

TOKEN_LIFE = 6 * 3600.0
"""seconds for which AWS surely remembers a client token (EC2 documents a day or more)"""
TOO_NEW = 6.0
"""half of the seconds before a call is made again that was refused for what its service does not know yet"""

FORGOTTEN = "the reply was lost so long ago that its token is worth nothing, and nothing came of it"


async def raise_(a: Attempt) -> Ended:
    """Carry out a raise or a rebind."""
    step, at = a.start.step, a.row.lo
    if a.start.resumed and (known := await _resumed(a)) is not None:
        if isinstance(known, Ended):
            return known
        if known.state is None:
            a.called()
            return await come_true(a, a.began)
        at = known.state
    move = a.kind.move(a.node, step.way, at, step.to)
    if move is None:
        words = f"a {a.kind.spec.name} cannot go from {at} to {step.to}"
        return a.ended("nothing", "step_unknown", words, lasting=True)
    if not move.operation:
        a.learn(move.accepted({}, a.ask).facts)
        a.called()
        return await come_true(a, a.began)
    return await _call(a, move, _frozen(a, move, at))


async def _resumed(a: Attempt) -> Ended | Seen | None:
    """Look at what a former life or attempt began; None: nothing is known of it, and its outcome is unknown."""
    a.unknown_at = a.row.intent.unknown_at if a.row.intent and a.row.intent.unknown_at is not None else a.now
    if not a.facts.get("id") or a.start.step.way == "rebind":
        return await adopted(a, FORGOTTEN, after=0.0) if _token_is_old(a) else None
    seen = await a.look_surely()
    if seen is None:
        return Seen()
    a.shown(seen.facts)
    if seen.failed and seen.state and seen.state == a.row.lo:
        return Seen(
            state=seen.state
        )  # it stands where it stood, and says why a former call came to nothing: that is no answer to the next
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
    tries, too_new = 0, False
    while True:
        if a.unknown_at is not None and move.resolves in ("tags", "comment"):
            return await adopted(a, f"the reply to {move.operation} was lost, and nothing came of it", after=0.0)
        sent = await sent_by(a, move, parameters)
        match sent:
            case Answered(seen):
                return await accepted(a, seen)
            case Lost(reason):
                a.unknown(a.now)
                a.say(f"the outcome of {move.operation} is not known: {reason}")
            case Refused(code, message):
                if (ended := await refused(a, move, code, message)) is not None:
                    return ended
                too_new = said_of(move, code, message) is not None
        tries += 1
        shortest = TOO_NEW if too_new else 1.0
        await a.ports.clock.sleep(back_off(tries, f"{a.node.key} {a.start.run}", shortest=shortest))


async def opposite_landed(a: Attempt) -> None:
    """Wait until no earlier, other mutation of this resource whose outcome was unknown can land any more."""
    intent = a.row.intent
    if intent is None or intent.opposite_at is None:
        return
    left = intent.opposite_at + a.ports.settings.landing - a.now
    if left > 0:
        a.say(f"an earlier call with an unknown outcome may still land, for {left:.0f} s")
        await a.ports.clock.sleep(left)
