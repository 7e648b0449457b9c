"""Engines with one thing wrong: each breaks a rule that the design rests on, and each must be caught by some schedule.

A mutant is a name and what it patches. Those under "ours" are faults that this project once had.
"""

import itertools
from collections.abc import Callable, Mapping

import pytest
import trio
from msgspec import structs

from sandboxd.actors import account as actor
from sandboxd.actors.mailbox import Ask
from sandboxd.aws import outcomes as classes
from sandboxd.engine import context, engine, lower, send, step, tags, watch
from sandboxd.engine.send import Lost, Refused
from sandboxd.engine.settings import EngineSettings
from sandboxd.lifecycle import decide, settle
from sandboxd.lifecycle.messages import Ended, Proved
from sandboxd.lifecycle.messages import Lost as Vanished
from sandboxd.lifecycle.state import State
from sandboxd.world import ports

Patch = Callable[[pytest.MonkeyPatch], None]


def _settings(**changed: float) -> Patch:
    """The engine under other bounds."""
    old = engine.Engine.__init__

    def patch(monkey: pytest.MonkeyPatch) -> None:
        def init(self: engine.Engine, *, settings: EngineSettings, **parts: object) -> None:
            old(self, settings=structs.replace(settings, **changed), **parts)  # type: ignore[arg-type]

        monkey.setattr(engine.Engine, "__init__", init)

    return patch


def _random_token(monkey: pytest.MonkeyPatch) -> None:
    numbers = itertools.count()
    monkey.setattr(tags, "token", lambda *_: f"token-{next(numbers)}")
    old = step._frozen

    def frozen(a: context.Attempt, move: object, at: int) -> dict[str, object]:
        parameters = dict(old(a, move, at))
        if "ClientToken" in parameters:
            parameters["ClientToken"] = f"token-{next(numbers)}"
        return parameters

    monkey.setattr(step, "_frozen", frozen)


def _start_before_commit(monkey: pytest.MonkeyPatch) -> None:
    """What is due is sent before its intent is durable."""

    async def turn(self: actor.AccountActor, items: list[object]) -> None:
        turn = self._decide_all(items)
        self._carry_out(turn.decision)
        await trio.sleep(1)
        if turn.decision.durable or turn.keys:
            await self._commit(turn)
        for ask in turn.accepted:
            ask.accept(self.state.operations[ask.operation])

    monkey.setattr(actor.AccountActor, "_turn", turn)


def _acknowledge_before_commit(monkey: pytest.MonkeyPatch) -> None:
    old = actor.AccountActor._commit

    async def commit(self: actor.AccountActor, turn: actor._Turn) -> None:
        for ask in turn.accepted:
            ask.accept(self.state.operations[ask.operation])
        await trio.sleep(1)
        await old(self, turn)

    monkey.setattr(actor.AccountActor, "_commit", commit)


def _no_keys(monkey: pytest.MonkeyPatch) -> None:
    old = Ask.__init__

    def init(self: Ask, **parts: object) -> None:
        old(self, **{**parts, "key": None})  # type: ignore[arg-type]

    monkey.setattr(Ask, "__init__", init)


def _unknown_is_refused(monkey: pytest.MonkeyPatch) -> None:
    old = send.attempt

    async def attempt(*parts: object) -> object:
        sent = await old(*parts)  # type: ignore[arg-type]
        return Refused("Timeout", sent.reason) if isinstance(sent, Lost) else sent

    for module in (step, lower):
        monkey.setattr(module, "attempt", attempt)


def _repeats_blindly(monkey: pytest.MonkeyPatch) -> None:
    """A lost reply is answered by sending it again, whatever it was."""
    old = send.attempt

    async def attempt(*parts: object) -> object:
        sent = await old(*parts)  # type: ignore[arg-type]
        return await old(*parts) if isinstance(sent, Lost) else sent  # type: ignore[arg-type]

    for module in (step, lower):
        monkey.setattr(module, "attempt", attempt)


def _unshielded(monkey: pytest.MonkeyPatch) -> None:
    async def sent(call: object, *parts: object) -> object:
        *parts, timeout = parts
        with trio.move_on_after(timeout):  # type: ignore[arg-type]
            return await call(*parts)  # type: ignore[operator]
        raise ports.AwsError("unknown", "Timeout", "not answered")

    monkey.setattr(send, "send", sent)


def _forgets_what_may_be_there(monkey: pytest.MonkeyPatch) -> None:
    """A step that failed half-way left nothing, it thinks."""
    old = context.Attempt.ended

    def ended(self: context.Attempt, left: str, *parts: object, **more: object) -> Ended:
        return old(self, "nothing" if left in ("between", "spoiled") else left, *parts, **more)  # type: ignore[arg-type]

    monkey.setattr(context.Attempt, "ended", ended)


def _forgets_what_was_in_flight(monkey: pytest.MonkeyPatch) -> None:
    old = decide._dispatch

    def dispatch(turn: object, message: object) -> None:
        old(turn, message)  # type: ignore[arg-type]
        if type(message).__name__ == "Recovered":
            turn.decision.starts.clear()  # type: ignore[attr-defined]

    monkey.setattr(decide, "_dispatch", dispatch)


async def _nothing(*_: object) -> None:
    """Do nothing."""


def _done_when_accepted(monkey: pytest.MonkeyPatch) -> None:
    async def come_true(a: context.Attempt) -> Ended:
        return a.done()

    monkey.setattr(step, "come_true", come_true)


def _gone_when_accepted(monkey: pytest.MonkeyPatch) -> None:
    async def gone(a: context.Attempt) -> Ended:
        return lower._over(a)

    monkey.setattr(lower, "_gone_true", gone)


def _parameters_drift(monkey: pytest.MonkeyPatch) -> None:
    """A repeat carries other bytes than the first call: a tag with the time in it."""
    old = step._frozen

    def frozen(a: context.Attempt, move: object, at: int) -> dict[str, object]:
        parameters = dict(old(a, move, at))
        if "TagSpecifications" in parameters:
            first, *rest = parameters["TagSpecifications"]
            stamped = {**first, "Tags": [*first["Tags"], {"Key": "sent", "Value": f"{a.now}"}]}
            parameters["TagSpecifications"] = [stamped, *rest]
        return parameters

    monkey.setattr(step, "_frozen", frozen)


def _drift_at_first_sight(monkey: pytest.MonkeyPatch) -> None:
    async def look(ports: object, who: object, rows: tuple[object, ...], post: Callable[[object], None]) -> None:
        resting = [row for row in rows if row.lo == row.hi > 0 and row.flight is None and row.facts.get("id")]
        for less in await watch._less(ports, who, resting):
            post(Vanished(less.row.node.key, less.row.generation, less.state, less.reason))

    monkey.setattr(watch, "watch", look)


def _everything_may_be_lowered(monkey: pytest.MonkeyPatch) -> None:
    """A delete forgets its rows as soon as it is accepted, and goes by what it remembers: nothing."""
    monkey.setattr(settle, "unfinished", lambda state, operation, view: [])


def _unsaved(name: str) -> Patch:
    """Something is left out of what is made durable."""

    def patch(monkey: pytest.MonkeyPatch) -> None:
        old = actor.Batch

        def batch(**parts: object) -> object:
            kept = parts[name]
            empty = () if isinstance(kept, tuple) else {k: v for k, v in kept.items() if k == "account"}  # type: ignore[attr-defined]
            return old(**{**parts, name: empty})  # type: ignore[arg-type]

        monkey.setattr(actor, "Batch", batch)

    return patch


def _alarm_of_the_last_decision(monkey: pytest.MonkeyPatch) -> None:
    old = actor.AccountActor._carry_out

    def carry_out(self: actor.AccountActor, decision: object) -> None:
        old(self, decision)  # type: ignore[arg-type]
        self._shared.alarms.set(self.account, decision.wake_at)  # type: ignore[attr-defined]

    monkey.setattr(actor.AccountActor, "_carry_out", carry_out)


def _class(name: str, codes: frozenset[str]) -> Patch:
    return lambda monkey: monkey.setattr(classes, name, codes)


def _all_refused(monkey: pytest.MonkeyPatch) -> None:
    monkey.setattr(ports.outcomes, "outcome", lambda code, status: "refused")


MUTANTS: Mapping[str, Patch] = {
    "no settle time": _settings(settle=0),
    "a settle time that is too short": _settings(settle=60),
    "the opposite does not wait": lambda monkey: (
        monkey.setattr(step, "opposite_landed", _nothing) or monkey.setattr(lower, "opposite_landed", _nothing)
    ),
    "a random token": _random_token,
    "sent before it is durable": _start_before_commit,
    "acknowledged before it is durable": _acknowledge_before_commit,
    "keys are not kept": _no_keys,
    "unknown is taken for refused": _unknown_is_refused,
    "a lost reply is repeated blindly": _repeats_blindly,
    "5xx is taken for refused": _all_refused,
    "calls are not shielded": _unshielded,
    "what may be there is forgotten": _forgets_what_may_be_there,
    "what was in flight is forgotten": _forgets_what_was_in_flight,
    "done when accepted": _done_when_accepted,
    "gone when accepted": _gone_when_accepted,
    "parameters are not frozen": _parameters_drift,
    "operations are not saved": _unsaved("operations"),
    "sandboxes are not saved": _unsaved("snapshots"),
    "nothing is left to be removed": _everything_may_be_lowered,
    # ---- ours
    "not found is gone, in reads": lambda monkey: monkey.setattr(context.Attempt, "has_vanished", lambda _: True),
    "not found is gone, in calls": lambda monkey: monkey.setattr(lower, "certain", lambda _: True),
    "no tags means not ours": lambda monkey: monkey.setattr(step, "_may_be_ours", lambda _: False),
    "drift at first sight": _drift_at_first_sight,
    "a refusal silences the alarm": _alarm_of_the_last_decision,
}
__all__ = ["MUTANTS", "Proved", "State"]
