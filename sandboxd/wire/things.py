"""The things that the API shows. Times are RFC 3339 in UTC by the daemon's clock, durations seconds.

Field names are API: clients ignore fields they do not know, the daemon never renames one.
"""

from typing import Any

from msgspec import Struct, field

from sandboxd.wire.plans import Desktop as Desktop
from sandboxd.wire.plans import Plan as Plan
from sandboxd.wire.plans import PlanComponent as PlanComponent
from sandboxd.wire.plans import PlanCost as PlanCost
from sandboxd.wire.plans import PlanRefusal as PlanRefusal
from sandboxd.wire.plans import PlanStep as PlanStep
from sandboxd.wire.plans import Seconds as Seconds


class Cost(Struct, frozen=True, kw_only=True):
    """What a sandbox costs."""

    per_hour: float = 0.0
    to_date: float = 0.0
    currency: str = "USD"
    running_per_hour: float | None = None
    """were it alone in its account: all that it needs while it runs"""
    stopped_per_hour: float | None = None
    """what stays and is billed while it is stopped: disks"""


class Endpoint(Struct, frozen=True):
    """Where a sandbox answers; `via` is the load balancer's own name, for whoever has no DNS record of the URL's host."""

    name: str
    url: str
    via: str = ""


class Resource(Struct, frozen=True, kw_only=True):
    """One AWS object; `id` is AWS's."""

    kind: str
    name: str
    id: str
    region: str
    state: str


class Tenant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A customer, who owns exactly one account."""

    id: str
    name: str
    email: str
    state: str
    since: str
    account_id: str | None = None
    expires_at: str | None = None
    sandboxes: int = field(default=0)


class Sandbox(Struct, frozen=True, kw_only=True):
    """One sandbox."""

    id: str
    name: str
    tenant: str
    account_id: str
    region: str
    profile: str
    state: str
    state_since: str
    created_at: str
    operation_id: str | None = None
    expires_at: str | None = None
    reason: str | None = None
    health: str = "ok"
    """ok | degraded | settling"""
    parameters: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    not_yet: list[str] = field(default_factory=list)
    endpoints: list[Endpoint] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    cost: Cost = field(default_factory=Cost)


class Step(Struct, frozen=True, kw_only=True):
    """One move of one resource: `id` is `<region>/<scope>/<name>#<generation>:<state>`."""

    id: str
    kind: str
    action: str
    """create | start | stop | delete | rebind | … in words of the kind"""
    state: str
    """pending | calling | waiting | done | backing-off | failed | skipped | dropped"""
    depends_on: list[str] = field(default_factory=list)
    attempts: int = 0
    started_at: str | None = None
    ended_at: str | None = None
    usual: float | None = None
    """seconds that it usually takes"""
    next_attempt_at: str | None = None
    reason: str | None = None


class Operation(Struct, frozen=True, kw_only=True):
    """The execution of one command."""

    id: str
    kind: str
    """create | start | stop | delete | onboard | …"""
    target: str
    """id of the sandbox or tenant"""
    tenant: str
    state: str
    requested_by: str
    requested_at: str
    target_name: str = ""
    account_id: str = ""
    position: int | None = None
    started_at: str | None = None
    ended_at: str | None = None
    eta: str | None = None
    reason: str | None = None
    code: str | None = None
    """of what it failed on"""
    steps: list[Step] = field(default_factory=list)


class Mailbox(Struct, frozen=True):
    """The queue of an account's actor."""

    depth: int = 0


class Credential(Struct, frozen=True, kw_only=True):
    """A secret of a sandbox, as AWS has it at this moment; kept nowhere."""

    sandbox_id: str
    name: str
    value: str

    def __repr__(self) -> str:
        """Return it without its value."""
        return f"Credential(sandbox_id={self.sandbox_id!r}, name={self.name!r})"


class Unmanaged(Struct, frozen=True, kw_only=True):
    """Something in an account that is not ours and is billed by the hour: it is told, never touched."""

    kind: str
    id: str
    region: str
    per_hour: float | None = None
    """None: the price list does not have it"""
    network: str | None = None
    """our VPC, if it is in one: its removal then waits for this to go"""


class Account(Struct, frozen=True, kw_only=True):
    """One AWS member account."""

    id: str
    name: str
    email: str
    ou: str
    """pool | customers | expired | quarantine"""
    state: str
    since: str
    tenant: str | None = None
    mailbox: Mailbox = field(default_factory=Mailbox)
    sandboxes: int = 0
    resources: list[Resource] = field(default_factory=list)
    """what its sandboxes share"""
    unmanaged: list[Unmanaged] = field(default_factory=list)
    """what the last complete listing showed that is not ours"""
    cost: Cost = field(default_factory=Cost)
    reason: str | None = None


class IngressMachine(Struct, frozen=True, kw_only=True):
    """One machine that runs Envoy: what it should run, and what its Envoy says it runs."""

    region: str
    id: str
    address: str
    wanted: str
    """version: `<sequence>-<digest>`"""
    runs: str = ""
    """empty: it does not say, or is between two versions"""
    state: str = "behind"
    """current | behind | rejected | silent"""
    reason: str | None = None


class IngressRoute(Struct, frozen=True, kw_only=True):
    """One way into a sandbox: what the wanted version leads where."""

    region: str
    sandbox: str
    """tenant/name"""
    route: str
    layer: str
    """http | tls | tcp"""
    at: str
    """a host, or the port of the network load balancer"""
    target: str
    state: str = "wanted"
    """present: every machine runs a version with it | wanted"""


class Ingress(Struct, frozen=True, kw_only=True):
    """The Envoy configuration of an account: what was wanted, and what runs."""

    id: str
    """of the account"""
    machines: list[IngressMachine] = field(default_factory=list)
    routes: list[IngressRoute] = field(default_factory=list)


class Pool(Struct, frozen=True, kw_only=True):
    """The accounts that wait for tenants."""

    available: int = 0
    preparing: int = 0
    quarantined: int = 0
    accounts: list[str] = field(default_factory=list)
    reason: str | None = None


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened. `id` is the opaque stream position, `seq` has no gaps per account.

    `data` holds the changed thing as a client keeps it: `sandbox` (without resources), `operation` (without steps),
    `step`, `account` or `tenant`, each in the form of this module.
    """

    id: str
    seq: int
    at: str
    type: str
    message: str
    account_id: str | None = None
    sandbox_id: str | None = None
    operation_id: str | None = None
    step_id: str | None = None
    by: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


class Snapshot(Struct, frozen=True, kw_only=True):
    """The whole state at one instant; `seq` is the stream position after which events go on."""

    epoch: str
    seq: int
    now: str
    pace: float
    accounts: list[Account] = field(default_factory=list)
    tenants: list[Tenant] = field(default_factory=list)
    sandboxes: list[Sandbox] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    pool: Pool = field(default_factory=Pool)
    degraded: str | None = None
    """why the daemon changes nothing in AWS at the moment"""


class Parameter(Struct, frozen=True, kw_only=True):
    """A declared parameter of a profile."""

    name: str
    type: str
    default: Any = None
    help: str = ""


class Profile(Struct, frozen=True, kw_only=True):
    """A kind of sandbox, for choosing one."""

    name: str
    summary: str
    parameters: list[Parameter] = field(default_factory=list)
    not_yet: list[str] = field(default_factory=list)
    source: str = ""


class Reason(Struct, frozen=True, kw_only=True):
    """One link of a chain of reasons; `since` and `usual` where it is something in flight."""

    subject: str
    text: str
    since: str | None = None
    usual: float | None = None
    next_attempt_at: str | None = None


class Why(Struct, frozen=True, kw_only=True):
    """Why something waits: from what was asked about to what everything waits for."""

    subject: str
    answer: str
    chain: list[Reason] = field(default_factory=list)


class Whoami(Struct, frozen=True, kw_only=True):
    """Who the daemon believes the caller is, and what they may do."""

    user: str
    uid: int
    role: str
    """none | read | write | admin"""
    groups: list[str] = field(default_factory=list)


class Health(Struct, frozen=True, kw_only=True):
    """How the daemon is."""

    status: str
    """ok | degraded"""
    version: str
    since: str
    stage: str
    reasons: list[str] = field(default_factory=list)
    endpoint: str = ""
    """where AWS is, if not at AWS"""
    pid: int = 0
    state_dir: str = ""
    sqlite: str = ""


class Problem(Struct, kw_only=True, omit_defaults=True):
    """RFC 9457: `code` is stable, `hint` says what to do next, `pointer` is a JSON pointer into the request."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str = ""
    pointer: str | None = None
    hint: str | None = None
