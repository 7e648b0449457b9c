"""The account actor: one loop around `decide`, and the only place where an account's state is held.

It takes what waits in the mailbox, decides, commits, and only then answers, publishes and starts steps. It runs while
there is something to do and costs no task otherwise. It must not decide anything itself, and nobody calls it: all
that happens to an account is a message.
"""

from functools import partial

import trio
from msgspec import Struct

from sandboxd.actors.inflight import Inflight
from sandboxd.actors.mailbox import Ask, Item, Mailbox
from sandboxd.actors.owners import has_owner
from sandboxd.actors.publish import Changes, publish
from sandboxd.actors.shared import Shared
from sandboxd.lifecycle.decide import decide
from sandboxd.lifecycle.messages import Command, Decision, Progress, Recovered, Start
from sandboxd.lifecycle.state import CLOCK, State
from sandboxd.model.errors import Refusal, StoreFull
from sandboxd.model.ids import make_id
from sandboxd.model.ports import Batch, EventRow, KeyRow
from sandboxd.model.readings import shift
from sandboxd.model.records import Operation

BATCH = 64
FULL_STORE_PAUSE = 1.0


class _Turn(Struct):
    """What one commit holds: the decisions of some items, and who waits for it."""

    items: list[Item]
    decision: Decision
    accepted: list[Ask]
    keys: list[KeyRow]


class AccountActor:
    """Everything of one account happens here, one item after the other."""

    def __init__(self, account: str, *, shared: Shared) -> None:
        self.account = account
        self.mailbox = Mailbox()
        self.progress: dict[str, str] = {}
        self._shared = shared
        self._state: State | None = None
        self._next_seq = 1
        self._inflight = Inflight(account, shared=shared, post=self.post)
        self._idle = trio.Event()
        self._idle.set()
        self._back_off = trio.CancelScope()
        self._stopping = False
        self._recovered = False

    # ---- from outside
    def post(self, item: Item) -> None:
        """Put an item into the mailbox and see to it that the loop runs; never blocks."""
        if isinstance(item, Progress):
            self._note(item)
            return
        if self._rests_for_good and not isinstance(item, Ask):
            return  # nobody would wait for what it begins; the next life sees it for itself
        if not self._recovered:
            self._recovered = True
            self.mailbox.put(Recovered())
        self.mailbox.put(item)
        self._run()

    def _run(self) -> None:
        if self._idle.is_set():
            self._idle = trio.Event()
            self._shared.nursery.start_soon(self._drain, name=f"account {self.account}")

    async def ask(self, ask: Ask) -> Operation | None:
        """Post a command and return its operation, where it is kept, once it is durable; raise Refusal if it is refused."""
        self.post(ask)
        return await ask.wait_accepted()

    @property
    def state(self) -> State:
        """The account's state, loaded when it is first needed."""
        if self._state is None:
            loaded = self._shared.store.load(self.account)
            self._state = State.load(self.account, loaded.snapshots, loaded.operations, settings=self._shared.rules)
            self._next_seq = loaded.next_seq
        return self._state

    @property
    def state_if_loaded(self) -> State | None:
        """The state, if it is decoded at the moment."""
        return self._state

    def forget(self) -> bool:
        """Let go of the decoded state of an account at rest; return whether it did."""
        if not self._idle.is_set() or self.mailbox or self._inflight:
            return False
        self._state = None
        return True

    def recover(self) -> None:
        """First thing in this life: take up what was in flight."""
        if not (self._recovered or self._rests_for_good):
            self._recovered = True
            self.mailbox.put(Recovered())
            self._run()

    async def wait_rest(self) -> None:
        """Return when no step is in flight and every outcome is recorded, or cannot be."""
        while self._inflight or not self._idle.is_set():
            await self._inflight.wait_empty()
            await self._idle.wait()

    @property
    def _rests_for_good(self) -> bool:
        """Whether it was stopped, and everything that was in flight is recorded."""
        return self._stopping and self._idle.is_set() and not self._inflight

    def interrupt(self) -> None:
        """Stop: cancel what waits, also what begins from now on; mutating calls are shielded and finish."""
        self._stopping = True
        self._back_off.cancel()
        self._inflight.close()

    def owns(self, operation: str) -> bool:
        """Whether somebody is at work for a running operation, or will be: see `owners`; after a stop, the next life."""
        return (
            self._stopping
            or not self._idle.is_set()
            or bool(self.mailbox)
            or has_owner(self.state, operation, self._inflight)
        )

    # ---- the loop
    async def _drain(self) -> None:
        try:
            while self.mailbox and not (self._stopping and self._shared.trouble.reason(self.account)):
                items = self.mailbox.take(BATCH)
                try:
                    await self._turn(items)
                    self._shared.trouble.works(self.account)
                except Exception as error:  # noqa: BLE001 - the actor's edge: a broken account must not stop others
                    await self._broken(items, error)
        finally:
            self._idle.set()

    async def _broken(self, items: list[Item], error: Exception) -> None:
        """Start again from what is durable, after a back-off; outcomes are kept, and what is in flight is taken up anew."""
        self._keep_outcomes(items, error)
        if self._shared.writer.is_over:
            await trio.sleep_forever()  # nothing can be made durable any more: the daemon is about to end
        pause = self._shared.trouble.broke(self.account, error)
        with trio.CancelScope() as self._back_off:
            if self._stopping:
                self._back_off.cancel()
            await self._shared.clock.sleep(pause)
        self._inflight.interrupt()
        await self._inflight.wait_empty()
        # nothing of this life is in flight any more when the next one takes up what was
        if not any(isinstance(item, Recovered) for item in self.mailbox.items()):
            self.mailbox.put(Recovered())

    async def start_over(self) -> None:
        """Take up again what this account waits for, where nobody is at work for it."""
        self._inflight.interrupt()
        await self._inflight.wait_empty()
        if self._idle.is_set() and not self.mailbox and not self._stopping:
            self.mailbox.put(Recovered())
            self._run()

    async def _turn(self, items: list[Item]) -> None:
        turn = self._decide_all(items)
        if turn.decision.durable or turn.keys:
            try:
                await self._commit(turn)
            except StoreFull as error:
                await self._not_durable(turn, error)
                return
        for ask in turn.accepted:
            ask.accept(self.state.operations.get(ask.operation))
        self._carry_out(turn.decision)

    def _decide_all(self, items: list[Item]) -> _Turn:
        turn = _Turn(items=items, decision=Decision(), accepted=[], keys=[])
        for item in items:
            try:
                self._decide_one(item, turn)
            except Refusal as error:
                if not isinstance(item, Ask):
                    raise
                item.refuse(error)
        return turn

    def _decide_one(self, item: Item, turn: _Turn) -> None:
        message = item.build(self.state) if isinstance(item, Ask) else item
        if isinstance(message, Recovered):
            before, at = self.state.reading, self._shared.clock.reading()
            message = Recovered(shift(before, at) if before else 0.0)
        now = self._shared.clock.now()
        decision = decide(self.state, message, now)
        for start in decision.starts:
            self.progress.pop(start.key, None)  # what another step of it saw last
            self._render(start)
        _merge(turn.decision, decision)
        if isinstance(item, Ask):
            turn.accepted.append(item)
            if item.key:
                turn.keys.append(KeyRow(item.caller, item.key, item.digest, item.operation, now))

    def _render(self, start: Start) -> None:
        """Freeze the parameters of a step that is due: they are committed before anything is sent."""
        row = self.state.rows[start.key]
        row.intent = self._shared.engine.render(
            self._shared.owner(self.account, self.state), row, start, self.state.facts_of, self._shared.clock.now()
        )

    # ---- durable, then done
    async def _commit(self, turn: _Turn) -> None:
        decision, state = turn.decision, self.state
        changes = Changes.of(state, decision, self.account, self._shared, self._next_seq)
        state.reading = self._shared.clock.reading()
        names = [CLOCK, *(["account"] if decision.account_changed else []), *dict.fromkeys(decision.sandboxes)]
        operations = dict.fromkeys(decision.operations)
        batch = Batch(
            actor=self.account,
            snapshots={name: state.snapshot(name) for name in names},
            operations={name: state.operation(name) for name in operations},
            over=frozenset(name for name in operations if state.operations[name].is_over),
            events=tuple(EventRow(event.seq, blob) for event, blob in changes.encoded()),
            keys=tuple(turn.keys),
        )
        last = await self._shared.writer.commit(batch)
        self._next_seq += len(batch.events)
        publish(changes, last, self._shared)

    async def _not_durable(self, turn: _Turn, error: StoreFull) -> None:
        """Nothing of this turn happened: reload, refuse the commands, keep the outcomes for later."""
        self._keep_outcomes(turn.items, error)
        await trio.sleep(FULL_STORE_PAUSE)

    def _keep_outcomes(self, items: list[Item], error: Exception) -> None:
        self._state = None
        for item in items:
            if isinstance(item, Ask):
                item.refuse(error)
        self.mailbox.put_back([item for item in items if not isinstance(item, Ask)])

    def _carry_out(self, decision: Decision) -> None:
        state, inflight = self.state, self._inflight
        for turn in decision.turns:
            inflight.turn(turn)
        who = self._shared.owner(self.account, state)
        for start in decision.starts:
            if start.key in state.rows and state.rows[start.key].run == start.run:
                inflight.start(who, state, start)
        for look in decision.looks:
            inflight.look(who, state.rows[look.key].copy(), look, self.progress.get(look.key, ""))
        for proof in decision.proofs:
            inflight.prove(who, proof, state)
        if decision.survey:
            inflight.survey(who, state)
        # asked of the state: a turn in which everything was refused decided nothing, and must not silence the alarm
        self._shared.alarms.set(self.account, state.next_alarm())
        self.arm_expiry()

    def arm_expiry(self) -> None:
        """Ring when the next sandbox expires, whatever else the account does."""
        self._shared.alarms.set(f"{self.account} expiry", self._next_expiry())

    def _next_expiry(self) -> float | None:
        living = (one for one in self.state.sandboxes.values() if one.state not in ("deleting", "deleted"))
        return min((one.expires_at for one in living if one.expires_at is not None), default=None)

    def expire(self) -> None:
        """Delete the sandboxes whose time is over."""
        now = self._shared.clock.now()
        for record in self.state.sandboxes.values():
            if (
                record.expires_at is not None
                and record.expires_at <= now
                and record.state not in ("deleting", "deleted")
            ):
                operation = make_id("op", now, self._shared.randbits)
                message = Command(verb="delete", operation=operation, sandbox=record.id, by="expiry")
                self.post(Ask(operation=operation, build=partial(_always, message)))

    def _note(self, progress: Progress) -> None:
        """What a step sees, for as long as it is the one in flight."""
        row = self._state.rows.get(progress.key) if self._state is not None else None
        if row is None or row.run == progress.run:
            self.progress[progress.key] = progress.text


def _always(message: Command, _: State) -> Command:
    return message


def _merge(into: Decision, decision: Decision) -> None:
    into.account_changed |= decision.account_changed
    for name in ("sandboxes", "operations", "events", "starts", "turns", "looks", "proofs"):
        getattr(into, name).extend(getattr(decision, name))
    into.survey |= decision.survey
    into.wake_at = decision.wake_at
