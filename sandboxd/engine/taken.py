"""A client token that AWS knows already: what was made with it decides, before anything is sent with a fresh one.

A mismatch only says "this token is taken"; a token whose machine has died says why nowhere but at the dead machine.
"""

from sandboxd.aws.kind import Seen
from sandboxd.engine import tags
from sandboxd.engine.context import Attempt, until_answered
from sandboxd.engine.looks import describe
from sandboxd.engine.pace import back_off


async def made_with(a: Attempt) -> Seen | None:
    """Return what our token made, dead or alive; None: no read shows it. Raise AwsError."""
    kind, token = a.kind, (a.row.intent.token if a.row.intent else None) or a.ask.token
    filters = {kind.made_by: [token]} if kind.made_by else {f"tag:{tags.KEY}": [a.node.key]}
    for item in await describe(a.ports.call, a.scope, kind, filters):
        mine = tags.verify(a.ports.identity, a.who.account, kind.tags_of(item))
        if mine is not None and (mine.key, mine.generation) == (a.node.key, a.start.generation):
            return kind.judge(item, a.ask)
    return None


async def owner_of_token(a: Attempt) -> Seen | None:
    """Look for what a taken token made until it must be visible."""
    tries, until = 0, a.now + a.ports.settings.settle
    while True:
        asked = a.now
        seen = await until_answered(a, lambda: made_with(a))
        if seen is not None or asked >= until:
            return seen
        tries += 1
        a.say("the client token is taken; looking for what it made")
        await a.ports.clock.sleep(min(back_off(tries, a.node.key, shortest=2.0, longest=30.0), until - asked + 1.0))
