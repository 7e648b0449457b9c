"""The one call that may help what does not come true by itself; once in an attempt, recorded in its facts.

A reboot for an agent that sleeps, force for a machine that does not stop.
"""

from sandboxd.engine.context import Attempt
from sandboxd.engine.send import send
from sandboxd.model.ports import AwsError

NUDGED = "nudged"
"""the fact that says in which attempt, by its number: a retry may call again, a new life of the same attempt does not"""


async def nudge(a: Attempt, since: float) -> None:
    """Make the call when its time has come; whether it was answered does not matter, looks go on."""
    step = a.start.step
    at = max(a.row.hi, a.row.lo) if step.way == "lower" else a.row.lo
    move = a.kind.move(a.node, step.way, at, step.to)
    if move is None or move.nudge is None or a.now < since + move.nudge.after:
        return
    if a.facts.get(NUDGED) == str(a.start.run):
        return
    a.facts |= {NUDGED: str(a.start.run)}
    a.called()
    about = move.nudge
    a.say(f"nothing for {(a.now - since) / 60:.0f} min: {about.operation}, once")
    try:
        await send(
            a.ports.call,
            a.scope,
            about.service,
            about.operation,
            about.parameters(a.ask),
            a.ports.settings.call_timeout,
        )
    except AwsError as error:
        a.say(f"{about.operation} was not answered as it should: {error}")
