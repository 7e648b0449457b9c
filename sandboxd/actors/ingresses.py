"""What the ingress machines of an account run, asked of themselves at the moment somebody wants to know; beside what they should.

Reads only. It asks through Systems Manager, each machine once, and does not wait for one that is silent.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import trio

from sandboxd.actors.ingress import Asked, Region
from sandboxd.engine.contents import PART
from sandboxd.engine.scripts import run_script
from sandboxd.ingress.content import content
from sandboxd.ingress.parts import Part
from sandboxd.ingress.said import Runs, runs
from sandboxd.ingress.scripts import report
from sandboxd.lifecycle.state import State
from sandboxd.model.keys import is_shared, parts
from sandboxd.model.ports import AwsError, Call, Clock, Scope
from sandboxd.model.resource import Row

ROUTE, MACHINE, ENVOY = "ingress-route", "machine", "envoy"
LONGEST = 30
"""seconds of a report"""


class _Machine(NamedTuple):
    """An ingress machine that is there."""

    region: str
    id: str
    address: str


class Ingresses:
    """Asks the machines."""

    def __init__(self, *, call: Call, clock: Clock, role: str, timeout: float) -> None:
        self._call, self._clock, self._role, self._timeout = call, clock, role, timeout

    async def regions(self, state: State, account: str) -> list[Region]:
        """The ingress of each region of an account, as it should be and as it is."""
        machines = [found for row in state.rows.values() if (found := _machine(row)) is not None]
        said: dict[str, Runs | None] = {}

        async def one(machine: _Machine) -> None:
            said[machine.id] = await self._ask(account, machine)

        async with trio.open_nursery() as nursery:
            for machine in machines:
                nursery.start_soon(one, machine)
        routes = [row for row in state.rows.values() if row.node.kind == ROUTE and row.lo]
        regions = dict.fromkeys([*(one.region for one in machines), *(parts(row.node.key).region for row in routes)])
        return [_region(region, routes, machines, said) for region in regions]

    async def _ask(self, account: str, machine: _Machine) -> Runs | None:
        scope = Scope(account, machine.region, self._role)
        try:
            printed = await run_script(
                self._call, self._clock, scope, machine.id, report(), comment="sandboxd account ingress", most=LONGEST,
                timeout=self._timeout,
            )  # fmt: skip
        except AwsError:
            return None
        return runs(printed.text)


def _machine(row: Row) -> _Machine | None:
    if (
        row.node.kind != MACHINE
        or not row.lo
        or not is_shared(row.node.key)
        or row.node.parameters.get("boot") != ENVOY
    ):
        return None
    address = row.facts.get("address") or str(row.node.parameters.get("address", ""))
    return _Machine(parts(row.node.key).region, row.facts.get("id", ""), address)


def _region(region: str, routes: Iterable[Row], machines: Iterable[_Machine], said: dict[str, Runs | None]) -> Region:
    wanted = [
        msgspec.json.decode(row.facts[PART], type=Part)
        for row in routes
        if parts(row.node.key).region == region and PART in row.facts
    ]
    asked = [Asked(id=one.id, address=one.address, said=said.get(one.id)) for one in machines if one.region == region]
    version = _version(wanted, [one.said.version for one in asked if one.said is not None])
    known = {version: frozenset(part.key for part in wanted)}
    return Region(region=region, wanted=version, parts=wanted, machines=asked, known=known)


def _version(wanted: list[Part], running: list[str]) -> str:
    """The version that has these parts: that of a machine that runs them, else the one that comes next."""
    newest = max((int(one.partition("-")[0]) for one in running if one), default=0)
    made = content(wanted, newest + 1).version
    digest = made.partition("-")[2]
    return next((one for one in running if one.partition("-")[2] == digest), made)
