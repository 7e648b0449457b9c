"""Everything the dashboard knows, folded from what the daemon says. Pure: no Textual, no I/O; widgets only read it.

Messages of the feed come in by `loaded`, `happened` and `stood`, answers to questions by `learned`. What changed is
remembered until the next drawing, so that hundreds of events a second cost one.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct, structs

from sandboxd.client.fold import View
from sandboxd.wire import things
from tui import graph, words
from tui.clock import DaemonClock
from tui.merge import merged

Tab: TypeAlias = Literal["sandboxes", "tenants", "accounts", "operations", "events"]
Standing: TypeAlias = Literal["connecting", "live", "down"]
KEPT_EVENTS: Final = 500
OVER: Final = ("succeeded", "failed", "cancelled")
MAY_WRITE: Final = ("write", "admin")


class Link(Struct):
    """How the connection to the daemon stands, since when (on our own clock), and what was the last trouble."""

    standing: Standing = "connecting"
    words: str = ""
    since: float = 0.0
    tries: int = 0
    as_of: str = ""


class State:
    """The dashboard's picture of the world; `ticks` is a monotonic clock of real seconds."""

    def __init__(self, *, address: str, read_only: bool, ticks: Callable[[], float]) -> None:
        self.address, self._asked_read_only, self._ticks = address, read_only, ticks
        self.view = View()
        self.clock = DaemonClock(ticks)
        self.link = Link(since=ticks())
        self.events: deque[things.Event] = deque(maxlen=KEPT_EVENTS)
        self.whoami: things.Whoami | None = None
        self.health: things.Health | None = None
        self.profiles: list[things.Profile] = []
        self.full: dict[str, things.Sandbox | things.Account] = {}
        self.whys: dict[str, things.Why] = {}
        self.running: dict[str, None] = {}
        self.away: float | None = None
        """real seconds that the daemon was away, just after it is back; who tells it sets it back"""
        self._told: dict[str, float] = {}
        self._changed: dict[Tab, dict[str, None]] = {}
        self._reloaded = True

    # ---- what the daemon says
    def loaded(self, snapshot: things.Snapshot) -> None:
        """Begin anew with a whole state."""
        self.view.load(snapshot)
        self.clock.hear(words.parse(snapshot.now) or 0.0, snapshot.pace)
        self.running = {one.id: None for one in snapshot.operations if one.state not in OVER}
        self._told = dict.fromkeys(self.view.sandboxes, self.clock.now)
        self._reloaded = True

    def happened(self, event: things.Event) -> None:
        """Fold one event in; an old one only joins the log."""
        self.events.append(event)
        self._mark("events", event.id)
        if _position(event.id) <= self.view.position:
            return
        self.view.apply(event)
        self.clock.hear(words.parse(event.at) or 0.0)
        self._touch(event)

    def stood(self, standing: Standing, said: str) -> None:
        """The connection came or went."""
        if standing == self.link.standing == "down":
            self.link.words, self.link.tries = said, self.link.tries + 1
            return
        if standing == "down":
            self.clock.freeze()
            as_of = self.view.now if self.view.epoch else ""
            self.link = Link("down", said, self._ticks(), 1, as_of)
        elif standing == "live" and self.link.standing != "live":
            self.away = self.down_for if self.link.standing == "down" and self.link.as_of else None
            self.clock.thaw()
            self.link = Link("live", "", self._ticks())

    def learned(self, answer: Any) -> None:
        """Take the answer to a question."""
        match answer:
            case things.Operation():
                self.view.operations[answer.id] = merged(self.view.operations.get(answer.id), answer)
                self._operation_changed(answer.id)
            case things.Sandbox():
                self.full[answer.id] = answer
                if (known := self.view.sandboxes.get(answer.id)) is not None:
                    self.view.sandboxes[answer.id] = structs.replace(known, cost=answer.cost)
                    self._told[answer.id] = self.clock.now
            case things.Account():
                self.full[answer.id] = answer
            case things.Why():
                self.whys[answer.subject] = answer
            case things.Whoami():
                self.whoami = answer
            case things.Health():
                self.health = answer
                self.view.degraded = "; ".join(answer.reasons) or None

    # ---- what follows from it
    @property
    def live(self) -> bool:
        """Whether what is shown is how it is."""
        return self.link.standing == "live" and bool(self.view.epoch)

    @property
    def read_only(self) -> str | None:
        """Why nothing may be changed from here; None if it may."""
        if self._asked_read_only:
            return "this dashboard was started with --read-only"
        if self.whoami is not None and self.whoami.role not in MAY_WRITE:
            return f"user {self.whoami.user} may only read"
        return None

    @property
    def down_for(self) -> float:
        """Real seconds since the connection is as it is."""
        return self._ticks() - self.link.since

    def operation_of(self, sandbox: things.Sandbox) -> things.Operation | None:
        """The operation that runs for a sandbox, or the last one."""
        return self.view.operations.get(sandbox.operation_id or "")

    def full_sandbox(self, identifier: str) -> things.Sandbox | None:
        """A sandbox with what the stream does not carry, as last asked for."""
        known = self.full.get(identifier)
        return known if isinstance(known, things.Sandbox) else None

    def spent(self, sandbox: things.Sandbox) -> float:
        """What it has cost so far: as the daemon last told it, and at that rate since."""
        hours = max(0.0, self.clock.now - self._told.get(sandbox.id, self.clock.now)) / 3600
        return sandbox.cost.to_date + sandbox.cost.per_hour * hours

    def active_steps(self, operation: things.Operation) -> list[things.Step]:
        """What is being done right now."""
        return [step for step in operation.steps if step.state in graph.ACTIVE]

    def events_of(self, sandbox_id: str) -> list[things.Event]:
        """What happened to a sandbox, the newest last."""
        mine = [one.id for one in self.view.operations.values() if one.target == sandbox_id]
        return [one for one in self.events if one.sandbox_id == sandbox_id or one.operation_id in mine]

    def taken_names(self, tenant: str) -> set[str]:
        """Names of sandboxes that a tenant has already."""
        return {one.name for one in self.view.sandboxes.values() if one.tenant == tenant and one.state != "deleted"}

    # ---- what must be drawn again
    def take_changes(self) -> dict[Tab, dict[str, None]] | None:
        """Return ids by tab that changed since the last call; None if everything may have."""
        changed, reloaded = self._changed, self._reloaded
        self._changed, self._reloaded = {}, False
        return None if reloaded else changed

    def _touch(self, event: things.Event) -> None:
        if event.operation_id:
            self._operation_changed(event.operation_id)
        for tab, name in (("sandboxes", event.sandbox_id), ("accounts", event.account_id)):
            if name:
                self._mark(tab, name)  # type: ignore[arg-type]
        if "sandbox" in event.data and event.sandbox_id:
            self._told[event.sandbox_id] = words.parse(event.at) or self.clock.now
        if isinstance(tenant := event.data.get("tenant"), dict):
            self._mark("tenants", str(tenant.get("id", "")))
        if event.step_id and not event.operation_id:
            for name in self.running:
                self._operation_changed(name)

    def _operation_changed(self, identifier: str) -> None:
        self._mark("operations", identifier)
        if (operation := self.view.operations.get(identifier)) is None:
            return
        if operation.state in OVER:
            self.running.pop(identifier, None)
        else:
            self.running[identifier] = None
        self._mark("sandboxes", operation.target)

    def _mark(self, tab: Tab, identifier: str) -> None:
        self._changed.setdefault(tab, {})[identifier] = None


def _position(identifier: str) -> int:
    text = identifier.rpartition("-")[2]
    return int(text) if text.isdigit() else 0
