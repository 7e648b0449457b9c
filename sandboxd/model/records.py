"""Records that a store keeps: sandboxes, tenants, operations, events, and the blueprint a create is frozen into.

Persisted types have defaults for new fields; times are seconds of the daemon's clock since the epoch.
"""

from typing import Any, Literal, TypeAlias

from msgspec import Struct, field

from sandboxd.model.keys import Key
from sandboxd.model.resource import Need, Node

Verb: TypeAlias = Literal["create", "start", "stop", "delete", "onboard", "offboard"]
OperationState: TypeAlias = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Mode: TypeAlias = Literal["pursued", "kept", "held"]


class Blueprint(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A profile with parameters, images, zones and addresses resolved: what one sandbox consists of."""

    profile: str
    region: str
    parameters: dict[str, Any] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()
    """shared ones first, in an order in which each stands on earlier ones only"""
    started: tuple[Need, ...] = ()
    kept: tuple[Need, ...] = ()
    slot: int = 0
    """number of the sandbox in its account's address plan"""
    zones: tuple[str, ...] = ()
    """ids of the zones that the account uses in this region"""
    ports: dict[str, int] = field(default_factory=dict)
    """layer-4 route -> its port at the load balancer, the only such port of its account and region"""
    not_yet: tuple[str, ...] = ()
    """parts of the profile whose kinds come with a later release, in words"""
    heal: dict[str, bool] = field(default_factory=dict)
    """'shared' | 'start' | 'remake' -> whether drift is repaired by rule"""


class SandboxRecord(Struct, omit_defaults=True, kw_only=True):
    """One sandbox as its snapshot keeps it."""

    id: str
    name: str
    tenant: str
    blueprint: Blueprint
    state: str = ""
    state_since: float = 0.0
    operation: str = ""
    """the running operation, else the last one"""
    created_at: float = 0.0
    expires_at: float | None = None
    reason: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    cost: float = 0.0
    """to date, in the price list's currency, up to `cost_at`"""
    cost_at: float = 0.0
    rate: float = 0.0
    """per hour since `cost_at`"""


class TenantRecord(Struct, omit_defaults=True, kw_only=True):
    """The tenant an account belongs to; kept in the account's snapshot."""

    id: str
    name: str
    email: str
    state: str = "onboarding"
    since: float = 0.0
    contacts: dict[str, str] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)


class StepRecord(Struct, omit_defaults=True, kw_only=True):
    """What an operation remembers of one of its steps."""

    key: Key
    kind: str
    action: str
    state: str
    depends_on: list[str] = field(default_factory=list)
    attempts: int = 0
    started_at: float | None = None
    ended_at: float | None = None
    reason: str = ""
    usual: float | None = None


class Operation(Struct, omit_defaults=True, kw_only=True):
    """The execution of one command."""

    id: str
    verb: Verb
    target: str
    """id of the sandbox or tenant"""
    state: OperationState = "running"
    reason: str = ""
    requested_by: str = ""
    requested_at: float = 0.0
    started_at: float | None = None
    ended_at: float | None = None
    cancelling: bool = False
    superseded_by: str = ""
    stands_on: tuple[Key, ...] = ()
    """the keys whose marks it failed on"""
    proof: int = 0
    proving: bool = False
    empty: int = 0
    due: float | None = None
    found: dict[str, int] = field(default_factory=dict)
    """ids that its proofs found -> how often: what comes back each time does not converge"""
    code: str = ""
    """of what it failed on"""
    steps: dict[str, StepRecord] = field(default_factory=dict)
    """the steps it has waited for, by id, in the order in which they began"""

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen to it any more: it succeeded, or a later one took its place."""
        return self.state == "succeeded" or bool(self.superseded_by)


class Event(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What happened, as `decide` says it; `seq` and the stream position come with the commit."""

    type: str
    message: str
    sandbox_id: str = ""
    operation_id: str = ""
    step_id: str = ""
    by: str = ""
    data: dict[str, Any] = field(default_factory=dict)
