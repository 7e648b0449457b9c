"""Ways to be wrong about what several sandboxes or accounts share, and about what a whole bank has: patches of mutants."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from msgspec import structs

from sandboxd.aws.kind import Move
from sandboxd.aws.kinds import KINDS
from sandboxd.engine import documents, engine, ledgers, watch
from sandboxd.engine.context import Attempt
from sandboxd.lifecycle.messages import Ended, Lost
from sandboxd.model.keys import Key
from sandboxd.model.resource import Need
from sandboxd.planning import graph, planner
from sandboxd.profile.draft import Draft
from sandboxd.simulator import guest_envoy
from sandboxd.simulator.rows import Row

Patch = Callable[[pytest.MonkeyPatch], None]


def _move(kind: str, step: tuple[str, int], **changed: object) -> Patch:
    """One step of one kind is another one."""

    def patch(monkey: pytest.MonkeyPatch) -> None:
        moves: Mapping[Any, Move] = next(one.moves for one in KINDS if one.spec.name == kind)
        monkey.setitem(moves, step, structs.replace(moves[step], **changed))  # type: ignore[arg-type]

    return patch


def unguarded(monkey: pytest.MonkeyPatch) -> None:
    """Nobody waits for a write whose reply was lost, to put back what it takes away."""
    monkey.setattr(documents, "_guarded", lambda _: 0.0)


def learns_nothing(monkey: pytest.MonkeyPatch) -> None:
    """A document should say what this life has written, whatever former lives wrote."""
    monkey.setattr(ledgers.Ledger, "learn", lambda *_, **__: None)


def unread(monkey: pytest.MonkeyPatch) -> None:
    """A policy is written as it should be, whatever else is in it."""

    async def read(_: object) -> str:
        return ""

    monkey.setattr(documents._Change, "_read", read)


def gives_for_ever(monkey: pytest.MonkeyPatch) -> None:
    """What the image account has given is not taken back."""
    old = engine.lower

    async def lower(a: Attempt) -> Ended:
        return a.done() if a.kind.where == "images" else await old(a)

    monkey.setattr(engine, "lower", lower)


def gives_to_each(monkey: pytest.MonkeyPatch) -> None:
    """Each sandbox has a share of its own of what its account is given once."""

    def each(draft: Draft, kind: str, name: str, /, **parameters: object) -> str:
        key = draft.key(name, shared=False)
        there = any(node.key == key for node in draft.nodes)
        return key if there else draft.add(kind, name, shared=False, **parameters)

    monkey.setattr(Draft, "once", each)


def goes_over(monkey: pytest.MonkeyPatch) -> None:
    """A delivery replaces whatever version there is."""
    old = guest_envoy.deliver

    def deliver(machine: Row, words: Mapping[str, str], script: str, now: float, *told: int | None) -> guest_envoy.Done:
        here = guest_envoy._disk(machine, now)["files"]
        return old(machine, {**words, "expected": here}, script, now, *told)

    monkey.setattr(guest_envoy, "deliver", deliver)


def dangles(monkey: pytest.MonkeyPatch) -> None:
    """What stands loosely is left on what is gone."""
    monkey.setattr(planner.Planner, "_rebinding", lambda *_: planner.REST)


def makes_secrets_anew(monkey: pytest.MonkeyPatch) -> None:
    """A secret that was sent before is written over."""
    old, sent = documents.attempt, set[str]()

    async def attempt(
        call: Any, scope: Any, service: str, move: Move, parameters: Mapping[str, Any], *more: Any
    ) -> Any:
        if move.operation == "PutParameter":
            name = f"{scope.account} {parameters['Name']}"
            if name in sent:
                parameters = {k: v for k, v in parameters.items() if k != "Tags"} | {"Overwrite": True}
            sent.add(name)
        return await old(call, scope, service, move, parameters, *more)

    monkey.setattr(documents, "attempt", attempt)


def old_looks_count(monkey: pytest.MonkeyPatch) -> None:
    """A look that began before the last step tells what is lost."""
    old = watch._news

    def news(one: watch._Other) -> object:
        found = old(one)
        return structs.replace(found, run=None) if isinstance(found, Lost) else found

    monkey.setattr(watch, "_news", news)


def goes_on_upon_what_is_gone(monkey: pytest.MonkeyPatch) -> None:
    """What was begun loosely on lost ground is waited for."""

    def is_seed(self: graph.Graph, key: Key, still: Mapping[Key, bool]) -> bool:
        row = self.rows[key]
        firm = ((ground, g) for ground, g in self.bonds(key).items() if ground not in row.node.loose)
        return (row.spoiled and key not in still) or (bool(row.hi) and any(self.is_lost(*bond) for bond in firm))

    monkey.setattr(graph.Graph, "is_seed", is_seed)


sends_installers_blindly = _move("constellation", ("raise", 1), resolves="repeat")
leaves_fleets_running = _move("appstream-fleet", ("lower", 1), operation="")


def data_goes_with_its_ground(monkey: pytest.MonkeyPatch) -> None:
    """A machine whose profile somebody deletes is made anew as everything else is."""
    monkey.setattr(graph.Graph, "is_pinned", lambda *_: False)


def stopped_data_goes(monkey: pytest.MonkeyPatch) -> None:
    """A stopped machine whose profile somebody deletes is not kept."""
    old = graph.Graph.kept

    def kept(self: graph.Graph, wanted: Iterable[Need]) -> list[Need]:
        return [need for need in old(self, wanted) if self.is_grounded(need)]

    monkey.setattr(graph.Graph, "kept", kept)
