"""A daemon by script, in one object: for the picture in the README and for tests. It answers like one, and does nothing.

Its world stands still at one moment: a model bank nearly created, one that runs, one that is stopped, one that failed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from msgspec import structs

from sandboxd.client import ops
from sandboxd.client.errors import ClientError, DaemonDown
from sandboxd.client.sse import Reset
from sandboxd.wire import things
from tui.scripted_parts import ENDPOINTS, PARTS, RESOURCES, SAID
from tui.scripted_steps import CREATION
from tui.state import Standing

NOW: Final = "2026-11-25T14:52:07.000Z"
EPOCH: Final = "e1"
ADDRESS: Final = "/run/sandboxd/sandboxd.sock"
BANK_2: Final = "sbx_01K0BANK2000000000000000000"
_REGION: Final = "eu-central-1"
_ATTEMPTS: Final = {"pending": 0, "backing-off": 3}
_BEGUN: Final = 290.0
"""seconds since the create began"""


def ago(seconds: float) -> str:
    """The time so many seconds before the scene."""
    at = datetime.fromisoformat(NOW) - timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sandbox(name: str, tenant: str, account: str, state: str, since: float, **more: Any) -> things.Sandbox:
    cost = things.Cost(per_hour=more.pop("rate", 0.0), to_date=more.pop("spent", 0.0))
    identifier = more.pop("id", f"sbx_01K0{name.upper().replace('-', ''):0<22.22}")
    return things.Sandbox(
        id=identifier, name=name, tenant=tenant, account_id=account, region=_REGION, profile=more.pop("profile", "model-bank"),
        state=state, state_since=ago(since), created_at=ago(since + 600), cost=cost, **more,
    )  # fmt: skip


def _sandboxes() -> list[things.Sandbox]:
    bank = {"amq": False, "smart_client": False}
    whole = {"amq": True, "smart_client": True}
    return [
        _sandbox("bank-1", "acme", "111111111111", "started", 186_000, rate=1.922, spent=99.30, parameters=whole),
        _sandbox("bank-2", "acme", "111111111111", "initializing", _BEGUN, rate=1.613, spent=0.12, operation_id="op_create",
                 id=BANK_2, expires_at=ago(-28_800), parameters=whole),
        _sandbox("uat", "acme", "111111111111", "stopped", 40_500, rate=0.0846, spent=140.62, parameters=bank),
        _sandbox("migration", "globex", "222222222222", "initializing_failed", 1_260, rate=0.0522, spent=0.02,
                 operation_id="op_failed", parameters=bank,
                 reason="machine acp: InsufficientInstanceCapacity: no r6i.2xlarge in euc1-az1 at the moment"),
        _sandbox("trial-1", "globex", "222222222222", "started", 5_400, rate=0.0642, spent=0.10, profile="trial"),
    ]  # fmt: skip


def _operations() -> list[things.Operation]:
    return [
        things.Operation(
            id="op_create", kind="create", target=BANK_2, target_name="bank-2", tenant="acme", account_id="111111111111",
            state="running", requested_by="maria", requested_at=ago(_BEGUN), started_at=ago(_BEGUN), eta=ago(-683),
        ),
        things.Operation(
            id="op_failed", kind="create", target=f"sbx_01K0{'MIGRATION':0<22}", target_name="migration", tenant="globex",
            account_id="222222222222", state="failed", requested_by="ci", requested_at=ago(1_500), started_at=ago(1_500),
            ended_at=ago(1_260), reason="machine acp: InsufficientInstanceCapacity",
        ),
    ]  # fmt: skip


def _accounts() -> list[things.Account]:
    rows = [
        ("111111111111", "sandbox-0001", "customers", "assigned", "acme", 3),
        ("222222222222", "sandbox-0002", "customers", "assigned", "globex", 2),
        ("333333333333", "sandbox-0003", "pool", "available", None, 0),
        ("444444444444", "sandbox-0004", "pool", "available", None, 0),
    ]
    return [
        things.Account(id=i, name=n, email=f"aws+{n}@example.com", ou=ou, state=s, since=ago(864_000), tenant=t, sandboxes=c)
        for i, n, ou, s, t, c in rows
    ]  # fmt: skip


def snapshot() -> things.Snapshot:
    """The scene."""
    tenants = [
        things.Tenant(id=f"ten_{n}", name=n, email=f"bank@{n}.example", state="active", since=ago(400_000), account_id=a, sandboxes=c)
        for n, a, c in (("acme", "111111111111", 3), ("globex", "222222222222", 2))
    ]  # fmt: skip
    return things.Snapshot(
        epoch=EPOCH, seq=100, now=NOW, pace=1.0, accounts=_accounts(), tenants=tenants, sandboxes=_sandboxes(),
        operations=_operations(), pool=things.Pool(available=2, accounts=["333333333333", "444444444444"]),
    )  # fmt: skip


def events() -> list[things.Event]:
    """What happened last in the scene."""
    rows = [
        (_BEGUN, "operation.running", "Create of acme/bank-2 was accepted", "maria"),
        (106, "step.backing-off", "web-acl-association waf-assoc: is tried again", None),
        (37, "step.started", "constellation constellation-banking-apis: install", None),
        (4, "step.done", "agent envoy-a-agent: done", None), (3, "step.started", "ingress-route route-api: create", None),
    ]  # fmt: skip
    return [
        things.Event(id=f"{EPOCH}-{96 + n}", seq=n, at=ago(at), type=kind, message=message, by=by, account_id="111111111111",
                     sandbox_id=BANK_2, operation_id="op_create")
        for n, (at, kind, message, by) in enumerate(rows)
    ]  # fmt: skip


def profiles() -> list[things.Profile]:
    """What can be created."""
    amq = things.Parameter(name="amq", type="boolean", default=False, help="Offer Apache ActiveMQ to the outside")
    client = things.Parameter(name="smart_client", type="boolean", default=False, help="Offer the Smart Client")
    return [
        things.Profile(name="model-bank", summary="A whole bank to try things on", parameters=[amq, client]),
        things.Profile(name="trial", summary="One small machine behind a NAT gateway"),
    ]


def creation() -> list[things.Step]:
    """The steps of the create that runs."""
    ids = {
        name: f"{_REGION}/{scope or BANK_2}/{name.rstrip('+')}#1:{state}" for name, scope, _, _, state, *_ in CREATION
    }
    return [
        things.Step(
            id=ids[name], kind=kind, action=action, state=how, depends_on=[ids[one] for one in needs], usual=usual,
            attempts=_ATTEMPTS.get(how, 1), started_at=ago(_BEGUN - start) if start is not None else None,
            ended_at=ago(_BEGUN - end) if end is not None else None,
            reason=SAID.get(name) if how in ("waiting", "backing-off") else None, next_attempt_at=ago(-9) if how == "backing-off" else None,
        )
        for name, _, kind, action, _, how, needs, usual, start, end in CREATION
    ]  # fmt: skip


def _parts(parameters: dict[str, Any]) -> list[things.PlanComponent]:
    out = []
    for name, when, because in PARTS:
        there = when is None or bool(parameters.get(when))
        hangs = f"`{when}` is {'true' if there else 'false'}"
        why_ = because if when is None else f"{because}, as {hangs}" if there else hangs
        out.append(things.PlanComponent(name=name, there=there, because=why_))
    return out


def plan(verb: str, target: str, parameters: dict[str, Any]) -> things.Plan:
    """What a command would do, roughly."""
    steps = [
        things.PlanStep(id=f"s{n}", kind="vpc", action=verb) for n in range({"create": 115, "delete": 97}.get(verb, 6))
    ]
    times = {"create": (970.0, 1_190.0), "start": (410.0, 560.0), "stop": (158.0, 197.0), "delete": (290.0, 360.0)}
    return things.Plan(
        verb=verb, target=target, steps=steps, seconds=things.Seconds(*times[verb]),
        cost=things.PlanCost(marginal_per_hour=1.613 if verb in ("create", "start") else -1.5283,
                             per_hour_running=1.885, per_hour_stopped=0.0846),
        components=_parts(parameters) if verb == "create" else [],
        warnings=["The load balancers are open to the whole internet (port 80): see [ingress] sources."] if verb == "create" else [],
    )  # fmt: skip


def why() -> things.Why:
    """What the create waits for."""
    last = things.Reason(
        subject="constellation banking-apis",
        text="waits for AWS to be installed (banking-apis: [31%] step 4 of 12)",
        since=ago(37),
        usual=720.0,
    )
    return things.Why(subject=BANK_2, answer=last.text, chain=[last])


class ScriptedDaemon:
    """A backend for the dashboard: `calls` is what was asked of it, `answers` overrides paths, `standing` is settable."""

    def __init__(self) -> None:
        self.world = snapshot()
        self.role = "write"
        self.calls: list[tuple[str, str, bytes, str | None]] = []
        self.answers: dict[str, Any] = {}
        self.gate: asyncio.Event | None = None
        self._inbox: asyncio.Queue[things.Event | Reset | tuple[Standing, str]] = asyncio.Queue()
        self.down: str | None = None

    @property
    def writes(self) -> list[tuple[str, str, bytes, str | None]]:
        """What would have changed something."""
        return [call for call in self.calls if call[0] != "GET" and not call[1].endswith("/plans")]

    def say(self, message: things.Event | Reset | tuple[Standing, str]) -> None:
        """Put something into the stream."""
        self._inbox.put_nowait(message)

    async def call(self, op: ops.Op[Any], *, key: str | None = None) -> Any:
        """Answer, refuse or be away."""
        self.calls.append((op.method, op.path, op.content, key))
        if op.method != "GET" and self.gate is not None and not op.path.endswith("/plans"):
            await self.gate.wait()
        if self.down is not None:
            raise DaemonDown(Path(ADDRESS), OSError(2, self.down))
        answer = self.answers.get(f"{op.method} {op.path.partition('?')[0]}")
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, things.Problem):
            raise ClientError(answer)
        if isinstance(answer, Exception):
            raise answer
        return answer if answer is not None else self._answer(op)

    def _answer(self, op: ops.Op[Any]) -> Any:  # noqa: C901, PLR0911 - a table of answers
        path = op.path.partition("?")[0].removeprefix("/v1/")
        match op.method, path.split("/"):
            case "GET", ["snapshot"]:
                return self.world
            case "GET", ["whoami"]:
                return things.Whoami(user="maria", uid=1000, role=self.role)
            case "GET", ["health"]:
                return things.Health(status="ok", version="0.1.0", since=ago(500_000), stage="dev")
            case "GET", ["profiles"]:
                return ops.Items(profiles())
            case "GET", ["operations", identifier]:
                steps = creation() if identifier == "op_create" else []
                known = next(one for one in self.world.operations if one.id == identifier)
                return things.Operation(
                    **{name: getattr(known, name) for name in known.__struct_fields__} | {"steps": steps}
                )
            case "GET", ["sandboxes", identifier]:
                return _full(next(one for one in self.world.sandboxes if one.id == identifier))
            case "GET", ["sandboxes", identifier, "credentials", name]:
                return things.Credential(sandbox_id=identifier, name=name, value="correct-horse-battery-staple")
            case "POST", ["sandboxes", _, "desktop"]:
                return things.Desktop(
                    url="https://appstream2.example/authenticate?parameters=c5fadb59", expires_at=ago(-600)
                )
            case "GET", ["why", identifier]:
                return why() if identifier == BANK_2 else things.Why(subject=identifier, answer="nothing waits")
            case "POST", ["plans"]:
                wanted = op.body.sandbox
                return plan(op.body.verb, op.body.target or wanted.name, dict(wanted.parameters) if wanted else {})
            case _:
                return things.Operation(
                    id="op_new", kind="create", target=BANK_2, tenant="acme", state="succeeded", requested_by="maria",
                    requested_at=NOW,
                )  # fmt: skip

    async def follow(
        self,
        last_id: str,
        on_event: Callable[[things.Event | Reset], Awaitable[None]],
        on_standing: Callable[[Standing, str], Awaitable[None]],
    ) -> None:
        """Hand over the past, then what is said."""
        del last_id
        if self.down is not None:
            raise DaemonDown(Path(ADDRESS), OSError(2, self.down))
        await on_standing("live", "")
        for event in events():
            await on_event(event)
        while True:
            match await self._inbox.get():
                case (standing, said):
                    await on_standing(standing, said)
                case message:
                    await on_event(message)


def _full(sandbox: things.Sandbox) -> things.Sandbox:
    """A sandbox with what the stream does not carry."""
    own = {name: getattr(sandbox, name) for name in sandbox.__struct_fields__}
    whole = sandbox.parameters.get("smart_client", False)
    cost = structs.replace(sandbox.cost, running_per_hour=1.885, stopped_per_hour=0.0846) if whole else sandbox.cost
    endpoints = [things.Endpoint(*one) for one in ENDPOINTS] if whole and sandbox.state == "started" else []
    rows = [things.Resource(kind=k, name=n, id=i, region=_REGION, state=s) for k, n, i, s in RESOURCES] if whole else []
    return things.Sandbox(**own | {"resources": rows, "cost": cost, "endpoints": endpoints})
