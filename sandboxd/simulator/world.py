"""The simulated world: rows, clock, organization, sessions, and the one door through which every call goes.

`call` answers one operation in the same task, without bytes; the wire stands on it. What a service does stands in its
own table; what disturbs, delays and logs a call stands in `gate`.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from sandboxd.simulator import durations, gate, pages, refusals
from sandboxd.simulator.calls import Caller, Log, Parameters, Request, is_mutation
from sandboxd.simulator.clock import SimClock
from sandboxd.simulator.consistency import Weather
from sandboxd.simulator.errors import ApiError, NoReply
from sandboxd.simulator.guard_duty import GuardDuty
from sandboxd.simulator.limits import LIMITS, exceeded
from sandboxd.simulator.needs import NEEDS
from sandboxd.simulator.pending import Pending
from sandboxd.simulator.rows import Row, Rows
from sandboxd.simulator.scarcity import Scarcity
from sandboxd.simulator.throttles import Throttles

Answer: TypeAlias = dict[str, Any]
Operation: TypeAlias = "Callable[[World, Request], Answer]"

REGIONS = ("eu-central-1", "us-east-1")
SWEEP = 3600.0
SUCCESSES = ("empty", "truncated")
"""replies of status 200, which no refused call gets"""


@dataclass(frozen=True, slots=True)
class Service:
    """What answers the calls of one service, and what must be so before any of them."""

    operations: Mapping[str, Operation]
    prepare: "Callable[[World, Request], None]" = lambda _world, _request: None


class World:
    """Everything there is in the simulated AWS."""

    def __init__(
        self,
        *,
        clock: SimClock,
        seed: int = 1,
        regions: tuple[str, ...] = REGIONS,
        services: Mapping[str, Service] | None = None,
    ) -> None:
        self.clock, self.regions = clock, regions
        self.services: Mapping[str, Service] = services or {}
        self.rows = Rows(seed=seed)
        self.log = Log()
        self.hook: gate.Hook = gate.undisturbed
        self.guest_hook: Callable[[str, str, float], Any] = lambda *_: None
        """how a script on a machine fails, by account, verb and moment; see `guest.py`"""
        self.pending = Pending()
        self.quotas = {name: limit.value for name, limit in LIMITS.items()}
        self.throttles: Throttles | None = None
        """how many requests an account may send; None: any number"""
        self.scarcity = Scarcity()
        self.guard_duty = GuardDuty()
        self.opt_in: dict[str, float] = {}
        """`<account> <region>` of a region that was opted in to -> the moment from which it is open"""
        self.organization: dict[str, Any] = {}
        self.keys: dict[str, str] = {}
        self.sessions: dict[str, tuple[str, str, float]] = {}
        """access key -> account, ARN, moment of expiry"""
        self.furnished: dict[str, bool] = {}
        """`<account> <region>` whose default network has been made"""
        self.addresses = 0
        self._swept = clock.now()

    # ---- the one door
    def call(self, caller: Caller, region: str, service: str, operation: str, parameters: dict[str, Any]) -> Answer:
        """Answer one call; raise ApiError, or NoReply when the caller hears nothing of what may have happened."""
        run = self._operation(service, operation)
        now = self.clock.now()
        self.land(now)
        q = Request(caller, region, service, operation, Parameters(parameters), now)
        if self.throttles is not None and not self.throttles.admits(q):
            fault: gate.Fault | None = refusals.throttled(service).fault
        else:
            fault = self.hook(q)
        return self._carry_out(q, run) if fault is None else self._disturbed(q, run, fault)

    def _disturbed(self, q: Request, run: Operation, fault: gate.Fault) -> Answer:
        if fault.reply in pages.REPLIES:
            return pages.REPLIES[fault.reply](q, self._carry_out(q, run))
        answer: Answer = {}
        match fault.effect:
            case "none":
                self.log.add(q, self._refs(q), fault.code or fault.reply)
            case "late":
                self.log.add(q, self._refs(q), "late")
                self.pending.add(q, q.now + fault.after)
            case "now":
                try:
                    answer = self._carry_out(q, run)
                except ApiError:
                    if fault.reply in SUCCESSES:
                        raise
        if fault.reply == "error":
            raise ApiError(fault.code, fault.message, fault.status)
        raise NoReply(fault.reply, answer)

    def _carry_out(self, q: Request, run: Operation) -> Answer:
        self.rows.now = q.now
        self._sweep(q.now)
        refs, error = self._refs(q), ""
        try:
            self.services[q.service].prepare(self, q)
            gate.check(q, self.quotas["tags"])
            answer = run(self, q)
            gate.check_understood(q)
        except ApiError as refused:
            error = refused.code
            raise
        finally:
            self.log.add(q, refs, error)
        return answer

    def _refs(self, q: Request) -> tuple[str, ...]:
        """What a call that changes something names or waits for; of a look at a command, which one."""
        if q.operation == "GetCommandInvocation":
            return (str(q.parameters.get("CommandId", "")),)
        if not is_mutation(q.operation):
            return ()
        needs = NEEDS[q.operation](self.rows, q) if q.operation in NEEDS else ()
        return (*gate.references(q.parameters), *needs)

    # ---- what its caller has given up on
    def land(self, now: float) -> None:
        """Carry out the requests that have been on their way until now, each at its own moment; nobody hears of it."""
        while (q := self.pending.landed(now)) is not None:
            with contextlib.suppress(ApiError):
                self._carry_out(q, self._operation(q.service, q.operation))

    def next_landing(self) -> float | None:
        """When the next late request lands; None when none is on its way."""
        return self.pending.next()

    def _operation(self, service: str, operation: str) -> Operation:
        known = self.services.get(service)
        if known is None or operation not in known.operations:
            words = f"The action {operation} is not valid for this web service."
            raise ApiError("InvalidAction", f"{words} (The simulator does not know {service}:{operation}.)")
        return known.operations[operation]

    def _sweep(self, now: float) -> None:
        if now >= self._swept + SWEEP:
            self._swept = now
            self.rows.sweep(now)
            self.sessions = {key: one for key, one in self.sessions.items() if one[2] > now - 24 * SWEEP}

    def caller(self, account: str) -> Caller:
        """The administrator of an account."""
        return _administrator(account)

    # ---- properties of the world
    @property
    def weather(self) -> Weather:
        """What reads see late, and what dies; calm by default."""
        return self.rows.weather

    @weather.setter
    def weather(self, weather: Weather) -> None:
        self.rows.weather = weather

    def draw(self, name: str) -> float:
        """One duration, in seconds."""
        return durations.draw(self.rows.rng, name)

    def quota(self, name: str) -> int:
        """A service quota."""
        return self.quotas[name]

    def check_quota(self, name: str, there: int, more: int = 1) -> None:
        """Refuse what would be more than there may be."""
        if there + more > self.quotas[name]:
            raise exceeded(name, self.quotas[name])

    def zones(self, region: str) -> list[tuple[str, str]]:
        """Zone names and ids of a region: `eu-central-1a`, `euc1-az1`."""
        continent, place, number = region.split("-")[:3]
        return [(region + letter, f"{continent}{place[0]}{number}-az{n}") for n, letter in enumerate("abc", 1)]

    def zone(self, region: str, parameters: dict[str, Any]) -> tuple[str, str]:
        """The zone that a request names, by name or id; the first one otherwise."""
        zones = self.zones(region)
        wanted = parameters.get("AvailabilityZoneId") or parameters.get("AvailabilityZone") or zones[0][0]
        for zone in zones:
            if wanted in zone:
                return zone
        raise ApiError("InvalidParameterValue", f"Value ({wanted}) for parameter availabilityZone is invalid.")

    # ---- client tokens
    def token(self, q: Request, *scope: str) -> str | None:
        """The id that this token was answered with before."""
        if "ClientToken" not in q.parameters:
            return None
        return self.rows.token(_scope(q, scope), _digest(q.parameters))

    def remember(self, q: Request, row: Row, *scope: str) -> None:
        """Remember what this token is answered with."""
        if "ClientToken" in q.parameters:
            self.rows.tokens[_scope(q, scope)] = (row.id, _digest(q.parameters))


@cache
def _administrator(account: str) -> Caller:
    user = hashlib.sha256(account.encode()).hexdigest()[:17].upper()
    return Caller(account, f"arn:aws:iam::{account}:user/admin", f"AIDA{user}")


def _scope(q: Request, scope: tuple[str, ...]) -> tuple[str, ...]:
    return (q.account, q.region, *scope, q.parameters["ClientToken"])


def _digest(parameters: dict[str, Any]) -> str:
    compared = {name: value for name, value in parameters.items() if name != "ClientToken"}
    return hashlib.sha256(json.dumps(compared, sort_keys=True, default=str).encode()).hexdigest()
