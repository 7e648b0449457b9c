"""The state of one account: its planner, sandboxes, operations, and what is remembered only while the daemon lives.

One actor owns it and `decide` changes it in place; a commit that fails means: load it again. Timers and watches are
not kept, they follow from what is.
"""

import heapq
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from sandboxd.lifecycle.account_life import CLAIMED
from sandboxd.lifecycle.messages import Stay
from sandboxd.lifecycle.snapshots import (
    AccountRecord,
    AccountSnapshot,
    SandboxSnapshot,
    decode_account,
    decode_operation,
    decode_reading,
    decode_sandbox,
    encode,
)
from sandboxd.model.keys import ACCOUNT, SHARED, Key, is_extra, scope_of
from sandboxd.model.kind import KindSpec
from sandboxd.model.readings import Reading
from sandboxd.model.records import Operation, SandboxRecord, TenantRecord
from sandboxd.model.resource import Facts, Need, Node, Row
from sandboxd.planning.incremental import Incremental
from sandboxd.planning.planner import Planner

ACCOUNT_SNAPSHOT = "account"
CLOCK = "clock"
"""name of the snapshot of what the clock said at the last commit"""
RECHECK = "recheck"
"""name of the alarm of the late listing"""


class Settings(Struct, frozen=True, kw_only=True):
    """What decisions depend on besides the state. Seconds of the daemon's clock."""

    relist_after: float = 60.0
    watch: float = 1200.0
    """after an outcome became unknown, the account is listed once more for what came late"""
    attempts: int = 8
    """of one resource, generation and direction, before a temporary failure counts as permanent"""
    longest_back_off: float = 300.0
    shortest_deadline: float = 1800.0
    prices: Mapping[str, float] = field(default_factory=dict)
    """price list: key -> cost per hour"""
    currency: str = "USD"
    kinds: Mapping[str, KindSpec] = field(default_factory=dict)
    """of what a proof may find and no snapshot knows"""
    prepared: tuple[Node, ...] = ()
    """what every account gets as soon as it is somebody's, and keeps"""


class State:
    """Everything about one account."""

    def __init__(self, account_id: str, *, settings: Settings, planner: Planner | None = None) -> None:
        self.account_id, self.settings = account_id, settings
        self.planner = planner or Incremental()
        self.account = AccountRecord()
        self.tenant: TenantRecord | None = None
        self.reading: Reading | None = None
        """what the clock said at the last commit"""
        self.sandboxes: dict[str, SandboxRecord] = {}
        self.operations: dict[str, Operation] = {}
        self.running: dict[str, bool] = {}
        """operations that are not over"""
        self.watch: dict[str, tuple[str, ...]] = {}
        """operation -> what it is judged again for; missing: now"""
        self.watchers: dict[str, dict[str, bool]] = {}
        self.reach: dict[str, dict[Key, bool]] = {}
        """sandbox -> every key that its blueprint reaches"""
        self.etas: dict[str, tuple[float, float]] = {}
        """operation -> when its end was last worked out, and what came of it"""
        self._sharers: dict[Key, int] = {}
        self._counted = 0
        self._timers: list[tuple[float, str]] = []
        self._armed: dict[str, float] = {}

    @classmethod
    def empty(cls, account_id: str, *, settings: Settings | None = None) -> "State":
        """An account of the pool that nothing has happened to."""
        return cls(account_id, settings=settings or Settings())

    # ---- what others look at
    @property
    def rows(self) -> dict[Key, Row]:
        """Every row, by key."""
        return self.planner.rows

    def rows_of(self, scope: str) -> Iterator[Row]:
        """The rows of a sandbox, or the shared ones."""
        return (self.planner.rows[key] for key in self.planner.of_scope.get(scope, ()))

    def facts_of(self, key: Key) -> Facts:
        """What is known of a resource; empty where there is none."""
        row = self.planner.rows.get(key)
        return row.facts if row is not None else {}

    # ---- who shares what is billed: counted anew when roots came or went, not with each message
    def billed_together(self, sandbox: str) -> list[tuple[Row, int]]:
        """What is shared, has a price and is reached by this sandbox's root, and how many roots reach it."""
        if self._counted != self.planner.rooted:
            self._sharers, self._counted = self._count_sharers(), self.planner.rooted
        reached = self.reach.get(sandbox, {}) if sandbox in self.planner.roots else {}
        return [(self.planner.rows[key], count) for key, count in self._sharers.items() if key in reached]

    def _count_sharers(self) -> dict[Key, int]:
        billed = [row.node.key for row in self.rows_of(SHARED) if row.node.prices]
        reached = [self.reach[name] for name in self.planner.roots if name in self.reach]
        return {key: sum(key in keys for keys in reached) for key in billed}

    def may_stay(self) -> dict[Key, Stay]:
        """What a listing may find, by key: what is known to be there, at most as it is; anything else is a stray."""
        return {key: _stay(row) for key, row in self.planner.rows.items() if row.hi or row.flight is not None}

    def knows(self, row: Row) -> bool:
        """Whether the present program knows this kind; another version may have written the row."""
        return not self.settings.kinds or row.node.kind in self.settings.kinds

    def is_orphan(self, key: Key) -> bool:
        """Whether it was found after its sandbox was gone: no operation waits for it, it is removed however often it takes."""
        scope = scope_of(key)
        return scope not in (SHARED, ACCOUNT) and scope not in self.reach

    def wanted(self, operation: Operation) -> tuple[Need, ...]:
        """What an operation that raises wants to be there."""
        if operation.verb == "onboard":
            return CLAIMED
        return self.sandboxes[operation.target].blueprint.started

    def scope_of(self, operation: Operation) -> str:
        """The scope whose own rows the operation changes; it is its root's name too."""
        return ACCOUNT if operation.verb in ("onboard", "offboard") else operation.target

    def concerns(self, operation: Operation, key: Key) -> bool:
        """Whether a step of this key is one of the operation's."""
        scope = self.scope_of(operation)
        return scope_of(key) == scope or key in self.reach.get(scope, ())

    # ---- timers: one for the actor, the earliest of all
    def arm(self, name: str, at: float | None) -> None:
        """Set or take back the alarm of a key or an operation."""
        if at is None:
            self._armed.pop(name, None)
        elif self._armed.get(name) != at:
            self._armed[name] = at
            heapq.heappush(self._timers, (at, name))

    def next_alarm(self) -> float | None:
        """The earliest moment at which something is to be looked at."""
        while self._timers and self._armed.get(self._timers[0][1]) != self._timers[0][0]:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def rung(self, now: float) -> Iterator[str]:
        """Take the alarms whose moment has come."""
        while (at := self.next_alarm()) is not None and at <= now:
            _, name = heapq.heappop(self._timers)
            del self._armed[name]
            yield name

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is timed."""
        return not self._armed

    # ---- durable form
    def snapshot(self, name: str) -> bytes:
        """The payload of one snapshot: `account`, `clock`, or the id of a sandbox."""
        if name == ACCOUNT_SNAPSHOT:
            root = self.planner.roots.get(ACCOUNT)
            rows = [
                row for scope in self.planner.of_scope if scope not in self.sandboxes for row in self.rows_of(scope)
            ]
            mode = root.mode if root else None
            return encode(
                AccountSnapshot(
                    account=self.account, tenant=self.tenant, rows=rows, mode=mode, sandboxes=list(self.sandboxes)
                )
            )
        if name == CLOCK:
            return encode(self.reading)
        root = self.planner.roots.get(name)
        snapshot = SandboxSnapshot(
            record=self.sandboxes[name], rows=list(self.rows_of(name)), mode=root.mode if root else None
        )
        return encode(snapshot)

    def operation(self, identifier: str) -> bytes:
        """The payload of one operation."""
        return encode(self.operations[identifier])

    @classmethod
    def load(
        cls,
        account_id: str,
        snapshots: Mapping[str, bytes],
        operations: Mapping[str, bytes],
        *,
        settings: Settings,
        planner: Planner | None = None,
    ) -> "State":
        """The state as it was committed; raise StoreError for a snapshot that is missing or not understood."""
        state = cls(account_id, settings=settings, planner=planner)
        if ACCOUNT_SNAPSHOT not in snapshots:
            return state
        account = decode_account(snapshots[ACCOUNT_SNAPSHOT], account_id)
        parts = [decode_sandbox(snapshots, name, account_id) for name in account.sandboxes]
        state.account, state.tenant, state.reading = account.account, account.tenant, decode_reading(snapshots, CLOCK)
        state.planner.load([*account.rows, *(row for part in parts for row in part.rows)])
        state.sandboxes = {part.record.id: part.record for part in parts}
        state.operations = {name: decode_operation(blob, name) for name, blob in operations.items()}
        state._restore(account, parts)
        return state

    def _restore(self, account: AccountSnapshot, parts: list[SandboxSnapshot]) -> None:
        """What follows from what is: roots, reach, running operations, alarms."""
        if account.mode is not None:
            self.planner.set_root(ACCOUNT, account.mode, account_needs(self))
        for part in parts:
            if part.record.state != "deleted":
                self.reach[part.record.id] = self.planner.reached(part.record.blueprint.started)
            if part.mode is not None:
                self.planner.set_root(part.record.id, part.mode, root_needs(self, part.record, part.mode))
        self.running = {name: True for name, one in self.operations.items() if one.state == "running"}
        for key in self.planner.rows:
            arm_row(self, key)
        self.arm(RECHECK, self.account.recheck_at)
        for name in self.running:
            self.arm(name, self.operations[name].due)


def _stay(row: Row) -> Stay:
    going = row.flight.to if row.flight is not None and row.flight.way == "raise" else 0
    return Stay(max(row.hi, going), row.facts.get("id", ""))


def account_needs(state: State) -> tuple[Need, ...]:
    """What the account's own root requires: its claim, and whatever is there for ever."""
    rows = (row for row in state.planner.rows.values() if row.node.permanent)
    return (*CLAIMED, *(Need(row.node.key, len(row.node.states) - 1) for row in rows))


def root_needs(state: State, record: SandboxRecord, mode: str) -> tuple[Need, ...]:
    """What a sandbox's root requires in a mode."""
    match mode:
        case "kept":
            return record.blueprint.kept
        case "held":
            own = tuple(Need(key, 1) for key in state.planner.of_scope.get(record.id, ()) if not is_extra(key))
            return (*record.blueprint.started, *own)
    return record.blueprint.started


def deadline_of(state: State, row: Row) -> float:
    """When the attempt in flight is looked at afresh."""
    assert row.flight is not None
    usual = row.node.up.get(row.flight.to) if row.flight.way == "raise" else row.node.down.get(row.hi)
    least = max(state.settings.shortest_deadline, row.node.patience)
    return row.since + max(least, usual.patience if usual else 0.0)


def arm_row(state: State, key: Key) -> None:
    """Set the alarm of a row: its deadline or the end of its back-off."""
    row = state.planner.rows[key]
    moments = [mark.until for mark in row.marks.values() if mark.waits and mark.until is not None]
    if row.flight is not None and not row.late:
        moments.append(deadline_of(state, row))
    state.arm(key, min(moments, default=None))
