"""What an actor has in flight: one task per step, look and proof, each with a cancel scope, all in one nursery.

A turned step is cancelled by key and run. A task that breaks ends its step as possibly begun, never silently.
"""

from collections.abc import Awaitable, Callable

import trio

from sandboxd.actors.mailbox import Item
from sandboxd.actors.shared import Shared
from sandboxd.engine.ports import Owner
from sandboxd.lifecycle.messages import Ended, Look, Proof, Proved, Start, Surveyed, Turn
from sandboxd.lifecycle.state import State
from sandboxd.model.keys import GLOBAL, parts
from sandboxd.model.resource import Row


class Inflight:
    """The tasks of one account."""

    def __init__(self, account: str, *, shared: Shared, post: Callable[[Item], None]) -> None:
        self._account, self._shared, self._post = account, shared, post
        self._scopes: dict[tuple[str, int], trio.CancelScope] = {}
        self._closed = False
        self._empty = trio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._scopes)

    def start(self, who: Owner, state: State, start: Start) -> None:
        """Run one step to its end."""
        row, rows = state.rows[start.key].copy(), state.rows
        broken = Ended(key=start.key, run=start.run, left="between", how="temporary", code="internal_error")
        self._spawn((start.key, start.run), lambda: self._shared.engine.run(who, row, start, self._post, rows), broken)

    def turn(self, turn: Turn) -> None:
        """Give up a step that only waits."""
        if scope := self._scopes.get((turn.key, turn.run)):
            scope.cancel()

    def look(self, who: Owner, row: Row, look: Look, said: str = "") -> None:
        """Give up waiting for a step past its deadline, and look afresh; `said`: what it waited for last."""
        self.turn(Turn(key=look.key, run=look.run))
        broken = Ended(key=look.key, run=look.run, left="between", how="permanent", code="timed_out")
        name = (f"look {look.key}", look.run)
        self._spawn(name, lambda: self._shared.engine.look(who, row, look, self._post, said), broken)

    def prove(self, who: Owner, proof: Proof, state: State) -> None:
        """List, by another code path, what should not be there."""
        regions, stay = self._regions(state), state.may_stay()
        broken = Proved(operation=proof.operation, number=proof.number, failed="internal error, see the daemon's log")
        name = (f"proof {proof.operation}", proof.number)
        self._spawn(name, lambda: self._shared.engine.prove(who, proof, regions, stay, self._post), broken)

    def has(self, name: str, number: int) -> bool:
        """Whether a step (by key and run), `look KEY` or `proof OPERATION` is at work."""
        return (name, number) in self._scopes

    def close(self) -> None:
        """Interrupt, now and whatever is started from now on: it is called, and not waited for."""
        self._closed = True
        self.interrupt()

    def survey(self, who: Owner, state: State) -> None:
        """List the account for late arrivals."""
        regions, stay = self._regions(state), state.may_stay()
        broken = Surveyed(failed="internal error, see the daemon's log")
        self._spawn(("survey", 0), lambda: self._shared.engine.survey(who, regions, stay, self._post), broken)

    def _regions(self, state: State) -> tuple[str, ...]:
        """Every region that the account may use, and every one that it did use."""
        used = (parts(key).region for key in state.rows)
        return tuple(one for one in dict.fromkeys([*self._shared.regions, *used]) if one != GLOBAL)

    def interrupt(self) -> None:
        """Cancel everything that waits; what is being called is shielded by the engine."""
        for scope in list(self._scopes.values()):
            scope.cancel()

    async def wait_empty(self) -> None:
        """Return when nothing is in flight."""
        await self._empty.wait()

    def _spawn(self, name: tuple[str, int], work: Callable[[], Awaitable[None]], broken: Item) -> None:
        scope = self._scopes[name] = trio.CancelScope()
        if self._closed:
            scope.cancel()
        self._empty = trio.Event() if self._empty.is_set() else self._empty
        self._shared.nursery.start_soon(self._run, name, scope, work, broken, name=f"{self._account} {name[0]}")

    async def _run(
        self, name: tuple[str, int], scope: trio.CancelScope, work: Callable[[], Awaitable[None]], broken: Item
    ) -> None:
        try:
            with scope:
                await work()
        except Exception as error:
            self._shared.log.exception("step %s broke", name[0], exc_info=error)
            self._post(broken)
        finally:
            if self._scopes.get(name) is scope:
                del self._scopes[name]
            if not self._scopes:
                self._empty.set()
