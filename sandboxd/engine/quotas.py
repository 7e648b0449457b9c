"""Service quotas before anything is created: one literal table of what may run out, and how it is counted.

Reads only. What AWS does not say is not known, and no reason to refuse: the refusal of the call itself comes later.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias

import trio
from msgspec import Struct

from sandboxd.engine.paging import joined, pages
from sandboxd.model.ports import AwsError, Call, Clock, Scope
from sandboxd.model.resource import Node

Parameters: TypeAlias = Mapping[str, Any]
Answers: TypeAlias = Mapping[str, Mapping[str, Any]]
"""operation -> its pages as one answer"""
VALUES = 600.0
"""seconds for which a quota's value is believed; it changes when a person asks for it"""
USED = 20.0
"""seconds for which what is there is believed"""
STANDARD = "acdhimrtz"
"""first letters of the families of instances that count for the quota of standard ones"""
OTHERS = ("inf", "trn", "dl", "hpc", "mac")
"""families that begin like those and have quotas of their own"""
RUNNING = 2
"""state of machines and fleets"""
_LIVE_MACHINE = ("pending", "running")
_DEAD_GATEWAY = ("deleted", "failed")
TIB = 1024.0


class Asked(Struct, frozen=True):
    """A resource that is to be there, the state it may be in already, and the one it is to enter."""

    node: Node
    at: int
    to: int


class Quota(Struct, frozen=True, kw_only=True):
    """One quota."""

    key: str
    name: str
    service: str
    code: str
    kinds: tuple[str, ...]
    wants: Callable[[Asked, Mapping[str, int]], float] = lambda asked, _: float(not asked.at)
    """how much of it a resource of these kinds takes; the second says how many vCPUs a type has"""
    reads: tuple[tuple[str, str, Parameters], ...]
    """(service, operation, parameters) of what shows how much is used"""
    used: Callable[[Answers, str], float]
    """how much is used, in the zone where that matters"""
    unit: str = ""
    fleet: bool = False
    """one a type: looked for by the type's name"""


class Line(Struct, frozen=True, kw_only=True):
    """What one quota says to a request."""

    name: str
    service: str
    code: str
    limit: float | None
    """None: AWS does not say"""
    used: float
    coming: float
    """what else of the account is about to take"""
    need: float
    unit: str = ""
    unknown: str = ""
    """why it is not known"""

    @property
    def is_short(self) -> bool:
        """Whether the request does not fit."""
        return self.limit is not None and self.need > 0 and self.used + self.coming + self.need > self.limit + 1e-9


# ---- how each is counted
def _machines(asked: Asked, vcpus: Mapping[str, int]) -> float:
    type_ = str(asked.node.parameters.get("type", ""))
    return float(vcpus.get(type_, 0)) if asked.at < RUNNING <= asked.to and is_standard(type_) else 0.0


def is_standard(type_: str) -> bool:
    """Whether an instance type counts for the quota of standard ones."""
    return type_[:1] in STANDARD and not type_.startswith(OTHERS)


def _vcpus_used(answers: Answers, _: str) -> float:
    total = 0.0
    for one in (m for r in answers["DescribeInstances"].get("Reservations") or () for m in r["Instances"]):
        if one["State"]["Name"] in _LIVE_MACHINE and is_standard(one["InstanceType"]):
            options = one.get("CpuOptions") or {}
            total += options.get("CoreCount", 1) * options.get("ThreadsPerCore", 2)
    return total


def _gateways_used(answers: Answers, zone: str) -> float:
    zones = {one["SubnetId"]: one.get("AvailabilityZoneId") for one in answers["DescribeSubnets"].get("Subnets") or ()}
    living = [g for g in answers["DescribeNatGateways"].get("NatGateways") or () if g["State"] not in _DEAD_GATEWAY]
    return float(sum(not zone or zones.get(one.get("SubnetId")) in (zone, None) for one in living))


def _disk(asked: Asked, _: Mapping[str, int]) -> float:
    return 0.0 if asked.at else float(asked.node.parameters.get("disk") or 0) / TIB


def _storage_used(answers: Answers, _: str) -> float:
    volumes = answers["DescribeVolumes"].get("Volumes") or ()
    return sum(float(one["Size"]) for one in volumes if one["VolumeType"] == "gp3") / TIB


def _balancers(type_: str) -> dict[str, Any]:
    def used(answers: Answers, _: str) -> float:
        found = answers["DescribeLoadBalancers"].get("LoadBalancers") or ()
        return float(sum(one["Type"] == type_ for one in found))

    def wants(asked: Asked, _: Mapping[str, int]) -> float:
        return float(not asked.at and asked.node.parameters.get("type", "application") == type_)

    return {"wants": wants, "used": used, "reads": (("elbv2", "DescribeLoadBalancers", {}),)}


def _listed(operation: str, member: str) -> dict[str, Any]:
    def used(answers: Answers, _: str) -> float:
        return float(len(answers[operation].get(member) or ()))

    return {"used": used, "reads": (("ec2", operation, {}),)}


def _fleets_used(answers: Answers, type_: str) -> float:
    fleets = (one for one in answers["DescribeFleets"].get("Fleets") or () if one["InstanceType"] == type_)
    return float(
        sum((one.get("ComputeCapacityStatus") or {}).get("Desired", 1) for one in fleets if one["State"] != "STOPPED")
    )


QUOTAS = (
    Quota(
        key="vcpus", name="Running On-Demand Standard instances", service="ec2", code="L-1216C47A", kinds=("machine",),
        wants=_machines, reads=(("ec2", "DescribeInstances", {}),), used=_vcpus_used, unit="vCPU",
    ),
    Quota(
        key="storage", name="Storage for General Purpose SSD (gp3) volumes", service="ebs", code="L-7A658B76",
        kinds=("machine",), wants=_disk, reads=(("ec2", "DescribeVolumes", {}),), used=_storage_used, unit="TiB",
    ),
    Quota(
        key="vpcs", name="VPCs per Region", service="vpc", code="L-F678F1CE", kinds=("vpc",),
        **_listed("DescribeVpcs", "Vpcs"),
    ),
    Quota(
        key="addresses", name="EC2-VPC Elastic IPs", service="ec2", code="L-0263D0A3", kinds=("elastic-ip",),
        **_listed("DescribeAddresses", "Addresses"),
    ),
    Quota(
        key="gateways", name="NAT gateways per Availability Zone", service="vpc", code="L-FE5A380F", kinds=("nat-gateway",),
        reads=(("ec2", "DescribeNatGateways", {}), ("ec2", "DescribeSubnets", {})), used=_gateways_used,
    ),
    Quota(
        key="balancers", name="Application Load Balancers per Region", service="elasticloadbalancing", code="L-53DA6B97",
        kinds=("load-balancer",), **_balancers("application"),
    ),
    Quota(
        key="layer-4", name="Network Load Balancers per Region", service="elasticloadbalancing", code="L-69A177A2",
        kinds=("load-balancer",), **_balancers("network"),
    ),
    Quota(
        key="fleets", name="AppStream fleet instances", service="appstream2", code="", kinds=("appstream-fleet",), fleet=True,
        wants=lambda asked, _: float(asked.at < RUNNING <= asked.to), reads=(("appstream", "DescribeFleets", {}),), used=_fleets_used,
    ),
)  # fmt: skip


class Preflight:
    """Quotas of accounts, and how much of them is used; each believed for a while."""

    def __init__(self, *, call: Call, clock: Clock) -> None:
        self._call, self._clock = call, clock
        self._known: dict[tuple[Any, ...], tuple[float, float, Any]] = {}
        """what was read -> when, until when it is believed, and what it says"""
        self._locks: dict[Scope, trio.Lock] = {}

    async def lines(
        self, scope: Scope, need: Iterable[Asked], coming: Callable[[float], Iterable[Asked]], zone: str = ""
    ) -> list[Line]:
        """Return what each quota that matters says; `coming` is what else is on its way and a look at a moment does not show.

        `zone` is where NAT gateways are made.
        """
        need = list(need)
        async with self._lock(scope):
            self._tidy()
            vcpus = await self._vcpus(scope, [*need, *coming(self._clock.now())])
            lines: dict[str, Line] = {}

            async def one(quota: Quota, mine: list[Asked]) -> None:
                lines[quota.key] = await self._line(scope, quota, mine, coming, vcpus, zone)

            async with trio.open_nursery() as nursery:
                for quota in QUOTAS:
                    mine = [one for one in need if one.node.kind in quota.kinds]
                    if any(quota.wants(one, vcpus) for one in mine):
                        nursery.start_soon(one, quota, mine)
        told = [lines[quota.key] for quota in QUOTAS if quota.key in lines]
        return told + [_untold(one) for one in need if _is_untold(one, vcpus)]

    async def _line(
        self,
        scope: Scope,
        quota: Quota,
        mine: list[Asked],
        coming: Callable[[float], Iterable[Asked]],
        vcpus: Mapping[str, int],
        zone: str,
    ) -> Line:
        type_ = str(mine[0].node.parameters.get("type", "")) if quota.fleet else ""
        limit, code, unknown = await self._limit(scope, quota, type_)
        used, at = 0.0, self._clock.now()
        if limit is not None:
            try:
                at, answers = await self._used(scope, quota)
                used = quota.used(answers, type_ or zone)
            except AwsError as error:
                limit, unknown = None, str(error)
        others = [one for one in coming(at) if one.node.kind in quota.kinds]
        return Line(
            name=f"{quota.name} ({type_})" if type_ else quota.name,
            service=quota.service,
            code=code,
            limit=limit,
            used=used,
            coming=sum(quota.wants(one, vcpus) for one in others),
            need=sum(quota.wants(one, vcpus) for one in mine),
            unit=quota.unit,
            unknown=unknown,
        )

    def _lock(self, scope: Scope) -> trio.Lock:
        """Twenty requests at once for one account look once."""
        return self._locks.setdefault(scope, trio.Lock())

    def _tidy(self) -> None:
        """Forget what is no longer believed."""
        now = self._clock.now()
        self._known = {key: one for key, one in self._known.items() if now < one[1]}

    # ---- reads, each believed for a while
    async def _believed(
        self, key: tuple[Any, ...], seconds: float, read: Callable[[], Awaitable[Any]]
    ) -> tuple[float, Any]:
        """The moment at which it was read, and what was read."""
        if (known := self._known.get(key)) is None or self._clock.now() >= known[1]:
            at = self._clock.now()
            known = self._known[key] = (at, at + seconds, await read())
        return known[0], known[2]

    async def _limit(self, scope: Scope, quota: Quota, type_: str) -> tuple[float | None, str, str]:
        """The quota's value and code, or why it is not known."""
        try:
            asked = partial(self._ask_limit, scope, quota, type_)
            _, found = await self._believed((scope, quota.key, type_), VALUES, asked)
        except AwsError as error:
            return None, quota.code, str(error)
        if found is None:
            return None, quota.code, "Service Quotas does not list it"
        return float(found["Value"]), str(found["QuotaCode"]), ""

    async def _ask_limit(self, scope: Scope, quota: Quota, type_: str) -> Mapping[str, Any] | None:
        if type_:
            listed = await self._read(scope, "service-quotas", "ListServiceQuotas", {"ServiceCode": quota.service})
            named = (one for one in listed.get("Quotas") or () if type_ in one["QuotaName"].split())
            return next((one for one in named if "fleet" in one["QuotaName"].lower()), None)
        asked = {"ServiceCode": quota.service, "QuotaCode": quota.code}
        # what was never raised in an account may be known by its default only
        for operation in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
            try:
                answer = await self._call(scope, "service-quotas", operation, asked)
            except AwsError as error:
                if error.code != "NoSuchResourceException":
                    raise
            else:
                return dict(answer["Quota"])
        return None

    async def _used(self, scope: Scope, quota: Quota) -> tuple[float, Answers]:
        """When it was looked, and what was seen; the earliest moment where several calls were needed."""
        moments, answers = [], {}
        for service, operation, parameters in quota.reads:
            asked = partial(self._read, scope, service, operation, parameters)
            at, answers[operation] = await self._believed((scope, operation), USED, asked)
            moments.append(at)
        return min(moments), answers

    async def _read(self, scope: Scope, service: str, operation: str, parameters: Parameters) -> Mapping[str, Any]:
        return joined(await pages(self._call, scope, service, operation, parameters))

    async def _vcpus(self, scope: Scope, asked: Iterable[Asked]) -> dict[str, int]:
        """How many vCPUs each type of machine has; one that AWS does not describe is missing."""
        out: dict[str, int] = {}
        for type_ in dict.fromkeys(_type(one) for one in asked if one.node.kind == "machine"):
            try:
                ask = partial(self._ask_vcpus, scope, type_)
                _, out[type_] = await self._believed((scope.region, type_, "vcpus"), float("inf"), ask)
            except AwsError:
                continue
        return out

    async def _ask_vcpus(self, scope: Scope, type_: str) -> int:
        answer = await self._call(scope, "ec2", "DescribeInstanceTypes", {"InstanceTypes": [type_]})
        return int(answer["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"])


def _type(asked: Asked) -> str:
    return str(asked.node.parameters.get("type", ""))


def _is_untold(asked: Asked, vcpus: Mapping[str, int]) -> bool:
    """Whether nobody says how much of a quota it takes."""
    return asked.node.kind == "machine" and (_type(asked) not in vcpus or not is_standard(_type(asked)))


def _untold(asked: Asked) -> Line:
    words = f"nobody says which quota, and how much of it, {_type(asked)} takes"
    return Line(
        name="Running On-Demand instances",
        service="ec2",
        code="",
        limit=None,
        used=0,
        coming=0,
        need=0,
        unit="vCPU",
        unknown=words,
    )
