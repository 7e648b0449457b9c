"""The grammar of fault files: one struct a table, and what does not go together. Explained in `docs/simulator.md`."""

import math
from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct, field

from sandboxd.simulator import refusals
from sandboxd.simulator.calls import Request
from sandboxd.simulator.conditions import ScarcityTable, check_quotas, known
from sandboxd.simulator.gate import Fault
from sandboxd.simulator.guest import GUEST
from sandboxd.simulator.services import SERVICES

Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Effect = Literal["none", "now", "late"]
Reply = Literal["error", "cut", "reset", "hang", "empty", "truncated", "empty-page", "same-page"]
EVERY = "*"
DELIVERS = "envoy-deliver"


class Action(NamedTuple):
    """What becomes of a call, what the caller hears, and whether it goes on until it is told to end."""

    effect: Effect
    reply: Reply
    standing: bool = False


ACTIONS: Mapping[str, Action] = {
    "refuse": Action("none", "error"), "fail": Action("none", "error"), "drop": Action("none", "cut"),
    "lose": Action("now", "cut"), "reset": Action("now", "reset"), "hang": Action("now", "hang"),
    "empty": Action("now", "empty"), "truncated": Action("now", "truncated"), "late": Action("late", "cut"),
    "empty-page": Action("now", "empty-page"), "same-page": Action("now", "same-page"),
    "storm": Action("none", "error", standing=True), "deny": Action("none", "error", standing=True),
    "down": Action("none", "reset", standing=True),
}  # fmt: skip


class Scripted(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"since": "from"}, omit_defaults=True
):
    """One fault of the file."""

    service: str | tuple[str, ...]
    operation: str | tuple[str, ...]
    action: str
    accounts: tuple[str, ...] = ()
    nth: Positive = 1
    times: Positive | None = None
    every: Positive | None = None
    chance: Annotated[float, Meta(gt=0, le=1)] | None = None
    since: Seconds | None = None
    until: Seconds | None = None
    after: Annotated[float, Meta(gt=0)] = 60.0
    effect: Literal["none", "now"] | None = None
    code: str = ""
    status: Annotated[int, Meta(ge=400, le=599)] | None = None
    message: str = "The simulator was told to refuse this call."

    def __post_init__(self) -> None:
        """Names that nobody knows, and what does not go together, are mistakes."""
        known("action", (self.action,), ACTIONS)
        known("service", _names(self.service), (EVERY, *SERVICES))
        operations = (one for service in SERVICES.values() for one in service.operations)
        known("operation", _names(self.operation), (EVERY, *operations))
        if self.action == "refuse" and not self.code:
            raise ValueError("a refusal needs a `code`, such as code = 'RequestLimitExceeded'")
        if self.chance is not None and self.every is not None:
            raise ValueError("`every` and `chance` exclude each other")
        if self.until is not None and self.until <= (self.since or 0.0):
            raise ValueError("`until` lies after `from`")
        if self.effect and ACTIONS[self.action].reply in ("error", "empty-page", "same-page") and self.action != "fail":
            raise ValueError(f"{self.action!r} has no `effect` to choose")

    def concerns(self, q: Request, opened: float) -> bool:
        """Whether a call is one of those meant: by name, account and time."""
        named = _names(self.service), _names(self.operation)
        return (
            (EVERY in named[0] or q.service in named[0])
            and (EVERY in named[1] or q.operation in named[1])
            and (not self.accounts or q.account in self.accounts)
            and (self.since or 0.0) <= q.now - opened < (math.inf if self.until is None else self.until)
        )

    @property
    def most(self) -> float:
        """How many calls are hit at most."""
        if self.times is not None:
            return self.times
        free = (self.every, self.chance, self.since, self.until) != (None,) * 4 or ACTIONS[self.action].standing
        return math.inf if free else 1

    def fault(self, q: Request) -> Fault:
        """What the gate does to a call."""
        effect, reply, _ = ACTIONS[self.action]
        said = self._said(q)
        status = self.status or said.status
        if reply == "error":
            return Fault(effect=self.effect or effect, code=said.code, message=said.message, status=status)
        return Fault(effect=self.effect or effect, reply=reply, after=self.after)

    def _said(self, q: Request) -> refusals.ErrorReply:
        if self.code:
            return refusals.ErrorReply(self.code, self.message, 500 if self.action == "fail" else 400)
        match self.action:
            case "storm":
                return refusals.throttled(q.service)
            case "deny":
                return refusals.denied(q.service)
            case _:
                return refusals.BROKEN


def _names(named: str | tuple[str, ...]) -> tuple[str, ...]:
    return (named,) if isinstance(named, str) else named


class WeatherTable(Struct, frozen=True, forbid_unknown_fields=True):
    """How bad the weather is; see `consistency.Weather`."""

    chance: Share = 0.3
    mortal: Share = 0.0
    seed: int = 1
    until: Seconds | None = None


class ChaosTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Faults by seed beside those of the script; see `chaos.Chaos`."""

    rate: Share = 0.1
    reads: Share | None = None
    seed: int = 1
    until: Seconds | None = None


class GuestTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One script on a machine that fails; see `guest.py`."""

    verb: str
    accounts: tuple[str, ...] = ()
    nth: Positive = 1
    times: Positive = 1
    code: Annotated[int, Meta(ge=0, le=255)] = 1
    """exit code; 0 with `envoy-deliver`: delivered, says the script, and the old version runs on"""
    never: bool = False
    """it runs on, and reports nothing"""

    def __post_init__(self) -> None:
        """A verb that no machine knows is a mistake."""
        known("verb", (self.verb,), GUEST)
        if self.code == 0 and not self.never and self.verb != DELIVERS:
            raise ValueError(f"`code` 0 is no failure of {self.verb!r}; {DELIVERS!r} alone can end well and do nothing")


class FaultFile(Struct, frozen=True, forbid_unknown_fields=True):
    """All of a file."""

    fault: tuple[Scripted, ...] = ()
    guest: tuple[GuestTable, ...] = ()
    scarcity: tuple[ScarcityTable, ...] = ()
    quotas: dict[str, Annotated[int, Meta(ge=0)]] = field(default_factory=dict)
    """name -> how many there may be"""
    guard_duty: bool = False
    """whether it puts its endpoint into every VPC with machines"""
    weather: WeatherTable | None = None
    chaos: ChaosTable | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        """A quota that nobody knows is a mistake."""
        check_quotas(self.quotas)
