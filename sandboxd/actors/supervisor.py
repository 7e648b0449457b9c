"""The supervisor: which actor answers for which account, made when it is first needed; recovery, alarms and shutdown."""

import contextlib
from collections.abc import Iterator

import trio

from sandboxd.actors import views
from sandboxd.actors.account import AccountActor
from sandboxd.actors.shared import Shared
from sandboxd.lifecycle.blocked import is_blocked
from sandboxd.lifecycle.messages import Tick
from sandboxd.lifecycle.state import State
from sandboxd.lifecycle.why import overdue
from sandboxd.model.errors import StoreError
from sandboxd.model.resource import Row
from sandboxd.wire import things

CHECK = 60.0
"""seconds of the daemon's clock between two looks whether every running operation has an owner"""


class Supervisor:
    """All actors of a daemon."""

    def __init__(self, *, shared: Shared) -> None:
        self._shared = shared
        self._actors: dict[str, AccountActor] = {}
        self._busy: list[str] = []
        self._unread: list[str] = []
        self.resumed = self.blocked = 0
        """operations found running: those that go on, and those whose steps this version does not know"""
        self.without_owner: list[str] = []
        self.overdue = 0
        """running operations that nobody works for, as of the last check"""

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

    # ---- the start of a life
    def show(self) -> None:
        """Put what the store knows into the directory; an account that cannot be read is tried again by `recover`."""
        for account in self._shared.store.actors():
            try:
                self._show(account)
            except Exception as error:  # noqa: BLE001 - one account must not hold up the others
                self._cannot_read(account, error)
                self._unread.append(account)

    def _show(self, account: str) -> None:
        actor = self.actor(account)
        show(actor.state, account, self._shared)
        actor.arm_expiry()
        for name in actor.state.running:
            stuck = is_blocked(actor.state, actor.state.operations[name])
            self.blocked, self.resumed = self.blocked + stuck, self.resumed + (not stuck)
        if is_busy(actor.state):
            self._busy.append(account)
        else:
            actor.forget()

    def _cannot_read(self, account: str, error: Exception) -> float:
        directory = self._shared.directory
        if account not in directory.accounts:
            since = views.stamp(self._shared.clock.now())
            directory.put_account(
                things.Account(id=account, name=account, email="", ou="customers", state="unread", since=since)
            )
        return self._shared.trouble.broke(account, error)

    async def recover(self) -> None:
        """Take up what was in flight, and read again what could not be read; nobody waits for another."""
        for account in self._busy:
            self.actor(account).recover()
            await trio.lowlevel.checkpoint()
        for account in self._unread:
            self._shared.nursery.start_soon(self._read_again, account, name=f"recovery {account}")
        self._busy, self._unread = [], []

    async def _read_again(self, account: str) -> None:
        pause = 0.0
        while True:
            await self._shared.clock.sleep(pause)
            try:
                self._show(account)
            except Exception as error:  # noqa: BLE001 - it is tried again for as long as it takes
                pause = self._cannot_read(account, error)
            else:
                break
        self._shared.trouble.works(account)
        self.actor(account).recover()

    # ---- while it lives
    def rows_of(self, kind: str) -> dict[str, list[Row]]:
        """The rows of one kind in every account that is known: what a document of several accounts should say."""
        found: dict[str, list[Row]] = {}
        for name in self._shared.store.actors():
            with contextlib.suppress(StoreError):  # what cannot be read says nothing
                found[name] = [row for row in self.actor(name).state.rows.values() if row.node.kind == kind]
        return found

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
        if self._shared.trouble.reason(account) is not None or not actor.state.planner.roots:
            return
        who = self._shared.owner(account, actor.state)
        rows = actor.state.rows
        resting = [row.copy() for row in rows.values() if row.lo == row.hi > 0 and row.flight is None]
        # an operation that runs finds by itself what is not as written
        await self._shared.engine.watch(who, resting, actor.post, rows, writes=bool(actor.state.running))

    async def check_owners(self) -> None:
        """Each minute: count overdue steps, and the running operations that nobody works for; take these up again."""
        while True:
            await self._shared.clock.sleep(CHECK)
            before, self.without_owner = self.without_owner, list(self._ownerless())
            for operation in self.without_owner:
                self._shared.log.error("nobody works for the running operation %s", operation)
            self.overdue = sum(overdue(state, self._shared.clock.now()) for state in self._at_work())
            again = {self._shared.directory.account_of(one) for one in self.without_owner if one in before}
            for account in sorted(again):
                await self.actor(account).start_over()

    def _ownerless(self) -> Iterator[str]:
        """Those of accounts whose actor is being tried again have a stated blocker."""
        for account, actor in self._actors.items():
            if actor.state_if_loaded is not None and self._shared.trouble.reason(account) is None:
                yield from (one for one in list(actor.state.running) if not actor.owns(one))

    def _at_work(self) -> Iterator[State]:
        loaded = (actor.state_if_loaded for actor in self._actors.values())
        return (state for state in loaded if state is not None and state.running)

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
