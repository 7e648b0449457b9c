"""The supervisor: which actor answers for which account, made when it is first needed; recovery, alarms and shutdown."""

from collections.abc import Iterator

import trio

from sandboxd.actors import views
from sandboxd.actors.account import AccountActor
from sandboxd.actors.shared import Shared
from sandboxd.lifecycle.blocked import is_blocked
from sandboxd.lifecycle.messages import Tick
from sandboxd.lifecycle.state import State


class Supervisor:
    """All actors of a daemon."""

    def __init__(self, *, shared: Shared) -> None:
        self._shared = shared
        self._actors: dict[str, AccountActor] = {}

    def actor(self, account: str) -> AccountActor:
        """The actor of an account."""
        if (actor := self._actors.get(account)) is None:
            actor = self._actors[account] = AccountActor(account, shared=self._shared)
        return actor

    def depth(self, account: str) -> int:
        """How many commands wait for an account."""
        return self._actors[account].mailbox.depth if account in self._actors else 0

    def ring(self, account: str) -> None:
        """The moment that an actor's state named has come."""
        name, _, what = account.partition(" ")
        if what == "expiry":
            self.actor(name).expire()
        else:
            self.actor(name).post(Tick())

    def recover(self) -> tuple[int, int]:
        """Show what the store knows, and take up what was in flight; idle accounts are let go again.

        Return how many operations go on, and how many are blocked because this version does not know their steps.
        """
        resumed = blocked = 0
        for account in self._shared.store.actors():
            actor = self.actor(account)
            show(actor.state, account, self._shared)
            for name in actor.state.running:
                if is_blocked(actor.state, actor.state.operations[name]):
                    blocked += 1
                else:
                    resumed += 1
            if is_busy(actor.state):
                actor.recover()
            else:
                actor.forget()
        return resumed, blocked

    def forget_idle(self) -> None:
        """Let go of the decoded states of accounts at rest."""
        for actor in self._actors.values():
            if not is_busy(actor.state_if_loaded):
                actor.forget()

    def statistics(self) -> Iterator[tuple[str, int]]:
        """Account and depth of the mailboxes that are not empty."""
        return ((name, actor.mailbox.depth) for name, actor in self._actors.items() if actor.mailbox.depth)

    async def collect(self, every: float) -> None:
        """Now and then: look at what is at rest, and let go of idle states."""
        while True:
            await self._shared.clock.sleep(every)
            async with trio.open_nursery() as nursery:  # side by side: one account's suspicion takes minutes
                for account in list(self._actors):
                    nursery.start_soon(self._look, account)
            self.forget_idle()

    async def _look(self, account: str) -> None:
        """One batched look at what an account holds; what is less than it should be is posted."""
        actor = self._actors[account]
        if self._shared.is_quarantined(account) or not actor.state.planner.roots:
            return
        who = self._shared.owner(account, actor.state)
        resting = [row.copy() for row in actor.state.rows.values() if row.lo == row.hi > 0 and row.flight is None]
        await self._shared.engine.watch(who, resting, actor.post)

    async def stop(self) -> None:
        """Cancel what waits, let calls in progress come to their end and be recorded."""
        for actor in self._actors.values():
            actor.interrupt()
        async with trio.open_nursery() as nursery:
            for actor in self._actors.values():
                nursery.start_soon(actor.wait_rest)


def is_busy(state: State | None) -> bool:
    """Whether something is in flight, timed or running."""
    if state is None:
        return False
    running = any(operation.state == "running" for operation in state.operations.values())
    return (
        running or state.account.recheck_at is not None or any(row.flight or row.marks for row in state.rows.values())
    )


def show(state: State, account: str, shared: Shared) -> None:
    """Put what a state holds into the directory."""
    now, directory = shared.clock.now(), shared.directory
    directory.put_account(views.account_view(state, account, directory.accounts.get(account)))
    if (tenant := views.tenant_view(state, account)) is not None:
        directory.put_tenant(tenant)
    for record in state.sandboxes.values():
        directory.put_sandbox(views.sandbox_view(state, record, account, now, full=False))
    for operation in state.operations.values():
        directory.put_operation(views.operation_view(state, operation, account, now))
