"""The ingress of an account as people see it: what was wanted beside what each machine says it runs. Pure."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from sandboxd.ingress.parts import Part
from sandboxd.ingress.said import Runs, behind
from sandboxd.wire import things


class Asked(Struct, frozen=True, kw_only=True):
    """One ingress machine, and what it answered when it was asked; None: nothing."""

    id: str
    address: str
    said: Runs | None = None


class Region(Struct, frozen=True, kw_only=True):
    """The ingress of one region; `known` names the parts of versions that may run."""

    region: str
    wanted: str
    parts: Sequence[Part]
    machines: Sequence[Asked]
    known: Mapping[str, frozenset[str]]
    """version → keys of its parts"""


def ingress_view(account: str, regions: Sequence[Region]) -> things.Ingress:
    """All regions of an account."""
    return things.Ingress(
        id=account,
        machines=[_machine(one, machine) for one in regions for machine in one.machines],
        routes=[_route(one, part) for one in regions for part in one.parts],
    )


def _machine(region: Region, one: Asked) -> things.IngressMachine:
    reason = behind(one.id, region.wanted, one.said)
    return things.IngressMachine(
        region=region.region,
        id=one.id,
        address=one.address,
        wanted=region.wanted,
        runs=one.said.version if one.said else "",
        state=_state(region.wanted, one.said, reason),
        reason=reason or None,
    )


def _state(wanted: str, found: Runs | None, reason: str) -> str:
    if not reason:
        return "current"
    if found is None or not found.answers:
        return "silent"
    return "rejected" if found.files == wanted and found.rejected else "behind"


def _route(region: Region, part: Part) -> things.IngressRoute:
    run = [one.said.version if one.said else "" for one in region.machines]
    present = bool(run) and all(part.key in region.known.get(version, ()) for version in run)
    return things.IngressRoute(
        region=region.region,
        sandbox=f"{part.tenant}/{part.name}",
        route=part.route,
        layer=part.layer,
        at=str(part.listen) if part.layer == "tcp" else part.host,
        target=f"{part.address}:{part.port}",
        state="present" if present else "wanted",
    )
