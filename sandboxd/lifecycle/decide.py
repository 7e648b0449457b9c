"""`decide(state, message, now)`: what a message changes, what must be durable, and which steps may start.

Synchronous, without AWS, clock, loop or store. It changes the state in place (one actor owns it; a commit that fails
means: load it again) and raises a Refusal before anything changed.
"""

from typing import assert_never

from sandboxd.lifecycle import commands, outcomes, recovery, strays
from sandboxd.lifecycle.cost import hourly_cost
from sandboxd.lifecycle.messages import (
    Called,
    Cancel,
    Command,
    Create,
    Decision,
    Ended,
    Extend,
    LetIn,
    Lost,
    Message,
    Onboard,
    Progress,
    Proved,
    Recovered,
    Retry,
    Shown,
    Skip,
    Strayed,
    Surveyed,
    Tick,
    Unknown,
    Untied,
)
from sandboxd.lifecycle.settle import settle
from sandboxd.lifecycle.state import State
from sandboxd.lifecycle.turn import Turn


def decide(state: State, message: Message, now: float) -> Decision:
    """Return what follows from a message; raise Conflict or NotFound where it is refused."""
    turn = Turn(state, now)
    _dispatch(turn, message)
    settle(turn)
    _accrue(turn)
    return turn.decision


def _accrue(turn: Turn) -> None:
    """Cost to date of the sandboxes whose rate may have changed."""
    state = turn.state
    for name in list(state.planner.roots) if turn.repriced else list(turn.decision.sandboxes):
        if (record := state.sandboxes.get(name)) is None:
            continue
        record.cost += record.rate * max(0.0, turn.now - record.cost_at) / 3600
        record.cost_at, rate = turn.now, hourly_cost(state, name)
        if rate != record.rate:
            record.rate = rate
            turn.changed_scope(name)


def _dispatch(turn: Turn, message: Message) -> None:  # noqa: C901, PLR0912 - one line a message
    match message:
        case Create():
            commands.create(turn, message)
        case Command():
            commands.command(turn, message)
        case Onboard():
            commands.onboard(turn, message)
        case Retry():
            commands.retry(turn, message)
        case Cancel():
            commands.cancel(turn, message)
        case Skip():
            commands.skip(turn, message)
        case Extend():
            commands.extend(turn, message)
        case LetIn():
            commands.let_in(turn, message)
        case Shown():
            commands.shown(turn, message)
        case Called():
            outcomes.called(turn, message)
        case Unknown():
            outcomes.unknown(turn, message)
        case Ended():
            outcomes.ended(turn, message)
        case Lost():
            outcomes.lost(turn, message)
        case Strayed():
            outcomes.strayed(turn, message)
        case Untied():
            outcomes.untied(turn, message)
        case Proved():
            strays.proved(turn, message)
        case Surveyed():
            strays.surveyed(turn, message)
        case Tick():
            outcomes.tick(turn)
        case Recovered():
            recovery.recovered(turn, message)
        case Progress():
            pass
        case _:
            assert_never(message)
