"""A plan as it goes over the socket: steps in order, with time, cost, quotas, parts and what would be refused."""

from typing import Any

from msgspec import Struct, field


class PlanStep(Struct, frozen=True, kw_only=True):
    """One step of a plan, with the seconds from the plan's beginning."""

    id: str
    kind: str
    action: str
    depends_on: list[str] = field(default_factory=list)
    starts: float = 0.0
    ends: float = 0.0
    usual: float = 0.0


class Seconds(Struct, frozen=True):
    """How long a plan takes."""

    expected: float = 0.0
    p90: float = 0.0


class PlanCost(Struct, frozen=True, kw_only=True):
    """What a plan changes of the bill."""

    marginal_per_hour: float = 0.0
    per_hour_running: float = 0.0
    per_hour_stopped: float = 0.0
    currency: str = "USD"


class PlanRefusal(Struct, frozen=True):
    """Why a planned command would be refused."""

    code: str
    detail: str
    hint: str = ""


class PlanComponent(Struct, frozen=True, kw_only=True):
    """A part of what is planned, and why it is there or not."""

    name: str
    there: bool
    because: str


class Plan(Struct, frozen=True, kw_only=True):
    """What would happen, in order, with time and cost; nothing was touched."""

    verb: str
    target: str
    steps: list[PlanStep] = field(default_factory=list)
    seconds: Seconds = field(default_factory=Seconds)
    cost: PlanCost = field(default_factory=PlanCost)
    quotas: list[dict[str, Any]] = field(default_factory=list)
    not_yet: list[str] = field(default_factory=list)
    refusals: list[PlanRefusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    components: list[PlanComponent] = field(default_factory=list)


class Desktop(Struct, frozen=True, kw_only=True):
    """A way into a sandbox's desktop, for whoever has it, until it expires; kept nowhere."""

    url: str
    expires_at: str

    def __repr__(self) -> str:
        """Return it without the way in."""
        return f"Desktop(expires_at={self.expires_at!r})"
