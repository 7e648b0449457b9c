"""Engines with one thing wrong: each breaks a rule that the design rests on, and each must be caught by some schedule.

A mutant is a name and what it patches. Those under "ours" are faults that this project once had.
"""

import itertools
from collections.abc import Callable, Mapping

import pytest
import trio
from msgspec import Struct, structs

from sandboxd.actors import account as actor
from sandboxd.actors import directory
from sandboxd.actors.mailbox import Ask
from sandboxd.engine import (
    coming,
    context,
    documents,
    engine,
    fresh,
    listing,
    lower,
    refusals,
    send,
    step,
    tags,
)
from sandboxd.engine.contents import board, versions
from sandboxd.engine.send import Lost, Refused
from sandboxd.engine.settings import EngineSettings
from sandboxd.lifecycle import decide, recovery, settle
from sandboxd.lifecycle.messages import Ended
from sandboxd.planning.planner import Planner
from sandboxd.world import ports
from tests.faults import wrong_shared as wrong
from tests.faults.attacks import (
    a_class,
    bank_without_envoys,
    class_of_two,
    envoys_taken,
    everyday,
    gateway_taken,
    late_delivery,
    late_policy,
    late_stop,
    lost_installer,
    profile_taken,
    whole_bank,
)
from tests.faults.schedule import Case

Patch = Callable[[pytest.MonkeyPatch], None]
Attack = Callable[[int], Case]


class Mutant(Struct, frozen=True):
    """What is wrong, and the schedules that must see it."""

    patch: Patch
    attack: Attack = everyday
    first: int = 1
    """seed to begin with: some are met by few schedules only"""


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

    monkey.setattr(documents, "attempt", attempt)


def _repeats_blindly(monkey: pytest.MonkeyPatch) -> None:
    """A lost reply is answered by sending it again, whatever it was."""
    old = send.attempt

    async def attempt(*parts: object) -> object:
        sent = await old(*parts)  # type: ignore[arg-type]
        return await old(*parts) if isinstance(sent, Lost) else sent  # type: ignore[arg-type]

    monkey.setattr(documents, "attempt", attempt)


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

    for module in (step, coming):
        monkey.setattr(module, "come_true", come_true)


def _gone_when_accepted(monkey: pytest.MonkeyPatch) -> None:
    async def gone(a: context.Attempt) -> Ended:
        return lower._over(a)

    monkey.setattr(lower, "_gone_true", gone)


def _parameters_drift(monkey: pytest.MonkeyPatch) -> None:
    """A repeat carries other bytes than the first call, a tag with the time in it; the mismatch is believed to be a refusal."""

    async def taken(a: context.Attempt, _: object, code: str, message: str) -> Ended:
        return a.ended("absent", code, message, after=0.0)

    monkey.setattr(refusals, "_taken", taken)
    old = step._frozen

    def frozen(a: context.Attempt, move: object, at: int) -> dict[str, object]:
        parameters = dict(old(a, move, at))
        if "TagSpecifications" in parameters:
            first, *rest = parameters["TagSpecifications"]
            stamped = {**first, "Tags": [*first["Tags"], {"Key": "sent", "Value": f"{a.now}"}]}
            parameters["TagSpecifications"] = [stamped, *rest]
        return parameters

    monkey.setattr(step, "_frozen", frozen)


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


def _all_refused(monkey: pytest.MonkeyPatch) -> None:
    monkey.setattr(ports.outcomes, "outcome", lambda service, code, status: "refused")


def _missing_at_once(monkey: pytest.MonkeyPatch) -> None:
    async def missing(_: context.Attempt) -> bool:
        return True

    for module in (lower, fresh):
        monkey.setattr(module, "is_missing", missing)
    monkey.setitem(coming.looking.__kwdefaults__, "missing", missing)


def _no_opposite(monkey: pytest.MonkeyPatch) -> None:
    for module in (step, lower):
        monkey.setattr(module, "opposite_landed", _nothing)


def _wrong_order(monkey: pytest.MonkeyPatch) -> None:
    """Nothing waits until what stands on it is gone; AWS refuses, and is asked again."""
    monkey.setattr(Planner, "weights", lambda *_, **__: [])


def _from_the_journal(monkey: pytest.MonkeyPatch) -> None:
    """A delete removes what was noted as done, and asks nobody what there is."""
    old = engine.lower

    async def noted(a: context.Attempt) -> Ended:
        return await old(a) if a.row.lo else a.done()

    async def nothing(*_: object) -> list[object]:
        return []

    monkey.setattr(engine, "lower", noted)
    monkey.setattr(listing, "everything", nothing)


def _only_what_comes(monkey: pytest.MonkeyPatch) -> None:
    """A configuration that is written has what comes, and not what is there."""

    def wanted(_: object, batch: list[board.Change]) -> dict[str, object]:
        return {change.key: change.part for change in batch if change.part is not None}

    monkey.setattr(versions.Versions, "wanted", wanted)


def _names_by_age(monkey: pytest.MonkeyPatch) -> None:
    monkey.setattr(directory, "_precedence", lambda sandbox: sandbox.id)


def _believes_old_clocks(monkey: pytest.MonkeyPatch) -> None:
    """A moment that a former life noted is taken for one of the present clock."""
    monkey.setattr(recovery, "_move", lambda *_: None)


MUTANTS: Mapping[str, Mutant] = {
    "no settle time": Mutant(_settings(settle=0)),
    "a settle time that is too short": Mutant(_settings(settle=60)),
    "the opposite does not wait": Mutant(_no_opposite, late_stop, first=9),
    "a random token": Mutant(_random_token),
    "sent before it is durable": Mutant(_start_before_commit),
    "acknowledged before it is durable": Mutant(_acknowledge_before_commit),
    "keys are not kept": Mutant(_no_keys, first=140),
    "unknown is taken for refused": Mutant(_unknown_is_refused),
    "a lost reply is repeated blindly": Mutant(_repeats_blindly),
    "5xx is taken for refused": Mutant(_all_refused),
    "calls are not shielded": Mutant(_unshielded),
    "what may be there is forgotten": Mutant(_forgets_what_may_be_there, first=88),
    "what was in flight is forgotten": Mutant(_forgets_what_was_in_flight),
    "done when accepted": Mutant(_done_when_accepted),
    "gone when accepted": Mutant(_gone_when_accepted),
    "parameters drift, and a taken token is given up": Mutant(_parameters_drift),
    "operations are not saved": Mutant(_unsaved("operations")),
    "sandboxes are not saved": Mutant(_unsaved("snapshots")),
    "nothing is left to be removed": Mutant(_everything_may_be_lowered),
    "wrong order": Mutant(_wrong_order),
    "teardown from the journal": Mutant(_from_the_journal, first=80),
    "a configuration forgets the neighbours": Mutant(_only_what_comes, class_of_two),
    "a lost policy is not guarded": Mutant(wrong.unguarded, late_policy, first=5),
    "a policy forgets what former lives wrote": Mutant(wrong.learns_nothing, late_policy, first=50),
    "a policy is written without being read": Mutant(wrong.unread, lambda _: Case(profile="model-bank", tenants=2)),
    "what is given is never taken back": Mutant(wrong.gives_for_ever, a_class),
    "each sandbox is given for itself": Mutant(wrong.gives_to_each, class_of_two),
    "a delivery goes over whatever is there": Mutant(wrong.goes_over, late_delivery, first=3),
    "what dangles is not bound again": Mutant(wrong.dangles, envoys_taken, first=4),
    "a secret is made anew": Mutant(wrong.makes_secrets_anew, a_class, first=10),
    "a lost installer is sent again": Mutant(wrong.sends_installers_blindly, lost_installer),
    "a fleet runs for nobody": Mutant(wrong.leaves_fleets_running, whole_bank),
    # ---- ours
    "data goes with its ground": Mutant(wrong.data_goes_with_its_ground, profile_taken, first=5),
    "stopped data goes with its ground": Mutant(wrong.stopped_data_goes, profile_taken, first=5),
    "old looks count": Mutant(wrong.old_looks_count, bank_without_envoys, first=13),
    "what was begun on something gone is waited for": Mutant(wrong.goes_on_upon_what_is_gone, gateway_taken, first=17),
    "not found is gone, in reads": Mutant(_missing_at_once),
    "not found is gone, in calls": Mutant(lambda monkey: monkey.setattr(lower, "certain", lambda _: True), first=525),
    "a name is that of the greatest id": Mutant(_names_by_age, first=160),
    "a former life's clock is believed": Mutant(_believes_old_clocks),
    "a refusal silences the alarm": Mutant(_alarm_of_the_last_decision, first=1570),
}
__all__ = ["MUTANTS", "Mutant"]
