"""A small desk that remembers: tenants, sandboxes, operations, events and Idempotency-Keys, without actors or AWS."""

from collections.abc import Sequence

import trio
from msgspec import structs

from sandboxd.identity.peers import Caller, Callers
from sandboxd.model.errors import Conflict, NotFound, Refusal
from sandboxd.wire import things
from sandboxd.wire.etags import check_tag
from sandboxd.wire.requests import NewSandbox, NewTenant, PlanRequest

NOW = "2026-11-25T08:00:00.000Z"
SHARED_ACCOUNT = "111111111111"
OVER = ("succeeded", "failed", "cancelled")


class FakeFeed:
    """Events 1..n of one epoch; the oldest ones may be forgotten."""

    def __init__(self, epoch: str = "e1") -> None:
        self.epoch, self.position, self.forgotten = epoch, 0, 0
        self.closing = trio.Event()
        self.events: list[things.Event] = []
        self._grown = trio.Event()

    def publish(self, type_: str, message: str = "", **data: object) -> things.Event:
        self.position += 1
        event = things.Event(
            id=f"{self.epoch}-{self.position}", seq=self.position, at=NOW, type=type_, message=message, data=data
        )
        self.events.append(event)
        self._wake()
        return event

    def forget(self) -> None:
        """As after a restart: what was is in the store only."""
        self.forgotten = self.position

    def since(self, last_id: str) -> Sequence[things.Event] | None:
        epoch, _, number = last_id.rpartition("-")
        if epoch != self.epoch or not number.isdigit() or not self.forgotten <= int(number) <= self.position:
            return None
        return self.events[int(number) :]

    async def wait_changed(self, position: int) -> None:
        while self.position <= position and not self.closing.is_set():
            await self._grown.wait()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        self.closing.set()
        self._wake()

    def _wake(self) -> None:
        grown, self._grown = self._grown, trio.Event()
        grown.set()


class FakeDesk:
    """Desk and commands in one; every accepted write is an operation that stays running until `finish`."""

    def __init__(self, epoch: str = "e1") -> None:
        self.feed = FakeFeed(epoch)
        self.commands = self
        self._tenants: dict[str, things.Tenant] = {}
        self._sandboxes: dict[str, things.Sandbox] = {}
        self._operations: dict[str, things.Operation] = {}
        self.keys: dict[tuple[str, str], tuple[str, str]] = {}
        self.callers: list[Caller] = []
        self.planned: list[PlanRequest] = []
        self.ingress_ = things.Ingress(id="")

    # ---- reads
    def snapshot(self) -> things.Snapshot:
        return things.Snapshot(
            epoch=self.feed.epoch,
            seq=self.feed.position,
            now=NOW,
            pace=1.0,
            accounts=self.accounts(),
            tenants=self.tenants(),
            sandboxes=self.sandboxes(),
            operations=self.operations(),
        )

    def accounts(self) -> list[things.Account]:
        return [
            things.Account(
                id=SHARED_ACCOUNT,
                name="one",
                email="a@b",
                ou="pool",
                state="available",
                since=NOW,
                mailbox=things.Mailbox(3),
            )
        ]

    def tenants(self) -> list[things.Tenant]:
        return list(self._tenants.values())

    def sandboxes(self) -> list[things.Sandbox]:
        return list(self._sandboxes.values())

    def operations(self) -> list[things.Operation]:
        return list(self._operations.values())

    def pool(self) -> things.Pool:
        return things.Pool(available=1)

    def profiles(self) -> list[things.Profile]:
        return [things.Profile(name="trial", summary="small"), things.Profile(name="model-bank", summary="large")]

    def tenant(self, ref: str) -> things.Tenant:
        return self._one("tenant", self._tenants, ref, lambda tenant: tenant.name)

    def account(self, ref: str) -> things.Account:
        return self._one("account", {a.id: a for a in self.accounts()}, ref, lambda account: account.name)

    async def ingress(self, ref: str) -> things.Ingress:
        return structs.replace(self.ingress_, id=self.account(ref).id)

    def sandbox(self, ref: str) -> things.Sandbox:
        return self._one("sandbox", self._sandboxes, ref, lambda sandbox: f"{sandbox.tenant}/{sandbox.name}")

    def operation(self, ref: str) -> things.Operation:
        return self._one("operation", self._operations, ref, lambda operation: operation.id)

    def _one(self, what, known, ref, name):
        for identifier, thing in known.items():
            if ref in (identifier, name(thing)):
                return thing
        raise NotFound(f"{what}_not_found", f"There is no {what} {ref!r}.", "Look at the list.")

    def why(self, ref: str) -> things.Why:
        return things.Why(subject=ref, answer="nothing waits")

    def overdue(self) -> int:
        return 0

    def without_owner(self) -> int:
        return 0

    def in_trouble(self) -> int:
        return 0

    def health(self) -> things.Health:
        return things.Health(status="ok", version="1", since=NOW, stage="dev")

    async def plan(self, request: PlanRequest) -> things.Plan:
        self.planned.append(request)
        return things.Plan(verb=request.verb, target=request.target or "")

    async def wait(self, ref: str, timeout: float) -> things.Operation:
        with trio.move_on_after(timeout):
            while self.operation(ref).state not in OVER:
                await self.feed.wait_changed(self.feed.position)
        return self.operation(ref)

    async def history(self, after: int, limit: int) -> list[things.Event]:
        await trio.lowlevel.checkpoint()
        return self.feed.events[after : after + limit]

    # ---- writes
    async def onboard(self, request: NewTenant, by: Caller, key: str | None, digest: str) -> things.Operation:
        if (known := self._known(by, key, digest)) is not None:
            return known
        tenant = things.Tenant(
            id=f"ten_{len(self._tenants)}", name=request.name, email=request.email, state="active", since=NOW
        )
        self._tenants[tenant.id] = tenant
        self.feed.publish("tenant.active", tenant=structs.asdict(tenant))
        return self._accept("onboard", tenant.id, by, key, digest)

    async def create(self, request: NewSandbox, by: Caller, key: str | None, digest: str) -> things.Operation:
        if (known := self._known(by, key, digest)) is not None:
            return known
        ref = f"{request.tenant}/{request.name}"
        if any(f"{s.tenant}/{s.name}" == ref for s in self._sandboxes.values()):
            raise Conflict("sandbox_exists", f"The sandbox {ref!r} exists already.")
        sandbox = things.Sandbox(
            id=f"sbx_{len(self._sandboxes):03}",
            name=request.name,
            tenant=request.tenant,
            account_id=SHARED_ACCOUNT,
            region="eu-central-1",
            profile=request.profile,
            state="initializing",
            state_since=NOW,
            created_at=NOW,
            labels=request.labels,
        )
        self._sandboxes[sandbox.id] = sandbox
        self.feed.publish("sandbox.initializing", sandbox=sandbox)
        return self._accept("create", sandbox.id, by, key, digest)

    async def command(
        self, verb: str, ref: str, by: Caller, key: str | None, digest: str, if_match: str | None = None
    ) -> things.Operation:
        if (known := self._known(by, key, digest)) is not None:
            return known
        sandbox = self.sandbox(ref)
        check_tag(if_match, sandbox)
        state = {"start": "starting", "stop": "stopping", "delete": "deleting"}[verb]
        if sandbox.state == state:
            raise Conflict("sandbox_busy", f"The sandbox is {state} already.")
        operation = self._accept(verb, sandbox.id, by, key, digest)
        self._sandboxes[sandbox.id] = structs.replace(sandbox, state=state, operation_id=operation.id)
        self.feed.publish(f"sandbox.{state}", sandbox=self._sandboxes[sandbox.id])
        return operation

    async def desktop(self, ref: str, by: Caller) -> things.Desktop:
        sandbox = self.sandbox(ref)
        return things.Desktop(url=f"https://desktop.example/{sandbox.id}", expires_at="2026-11-25T12:05:00.000Z")

    async def extend(self, ref: str, seconds: float, by: Caller, key=None, digest="", if_match=None) -> things.Sandbox:
        check_tag(if_match, self.sandbox(ref))
        sandbox = structs.replace(self.sandbox(ref), expires_at=f"+{seconds:g}")
        self._sandboxes[sandbox.id] = sandbox
        return sandbox

    async def credential(self, ref: str, name: str, by: Caller) -> things.Credential:
        return things.Credential(sandbox_id=self.sandbox(ref).id, name=name, value="hush")

    async def retry(self, ref: str, step: str | None, by: Caller, key=None, digest="") -> things.Operation:
        return self.set(ref, "running")

    async def cancel(self, ref: str, by: Caller, key=None, digest="") -> things.Operation:
        return self.set(ref, "cancelled")

    async def skip(self, ref: str, step: str, reason: str, by: Caller, key=None, digest="") -> things.Operation:
        return structs.replace(self.operation(ref), reason=f"{step}: {reason}")

    # ---- the test's hand
    def set(self, ref: str, state: str) -> things.Operation:
        """Bring an operation into a state, and say so."""
        operation = structs.replace(self.operation(ref), state=state)
        self._operations[operation.id] = operation
        self.feed.publish(f"operation.{state}", operation=operation)
        return operation

    def _known(self, by: Caller, key: str | None, digest: str) -> things.Operation | None:
        if key is None or (by.user, key) not in self.keys:
            return None
        known, operation = self.keys[by.user, key]
        if known != digest:
            raise Refusal("idempotency_key_reused", "This Idempotency-Key was used for another request.", status=422)
        return self._operations[operation]

    def _accept(self, verb: str, target: str, by: Caller, key: str | None, digest: str) -> things.Operation:
        self.callers.append(by)
        operation = things.Operation(
            id=f"op_{len(self._operations):03}",
            kind=verb,
            target=target,
            tenant="acme",
            state="running",
            requested_by=by.user,
            requested_at=NOW,
            account_id=SHARED_ACCOUNT,
        )
        self._operations[operation.id] = operation
        if key is not None:
            self.keys[by.user, key] = (digest, operation.id)
        return operation


class FakeCallers(Callers):
    """Uid 0 is admin, 1 writes, 2 reads, everybody else may do nothing."""

    def __init__(self) -> None:
        super().__init__(own_uid=0, write_group="no-such-group", read_group="no-such-group")

    def caller(self, uid: int, gid: int, groups: Sequence[int]) -> Caller:
        role = {0: "admin", 1: "write", 2: "read"}.get(uid, "none")
        return Caller(f"user-{uid}", uid, gid, (), role)  # type: ignore[arg-type]
