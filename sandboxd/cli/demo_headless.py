"""A whole life without a screen: create, stop, start, delete, each phase against its bound, and what is left.

Bounds, counts and the inventory are the simulator's; seconds are simulated, from accepted to done.
"""

import json
import urllib.request
from argparse import Namespace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from sandboxd.cli.output import form_of, narrate
from sandboxd.cli.waiting import follow
from sandboxd.cli.words import parameters
from sandboxd.client import ops
from sandboxd.client.stdlib import Connection
from sandboxd.wire.requests import NewSandbox, NewTenant
from sandboxd.wire.things import Operation

if TYPE_CHECKING:
    from sandboxd.cli.demo_processes import Demo

TENANT, SANDBOX = "acme", "bank"


class Phase(Struct):
    """One phase of the life."""

    name: str
    seconds: float
    bound_seconds: float
    aws_calls: int
    mutations: int
    aside: int
    """calls of STS, of the look before a create (images, zones, quotas), and those that only watch a running installer"""
    tails: int = 0
    """of the mutations: scripts that only show an installer's log"""


class Life:
    """The life in the making."""

    def __init__(self, demo: "Demo", arguments: Namespace) -> None:
        self._demo, self._arguments = demo, arguments
        self._connection = Connection(demo.socket)
        self.phases: list[Phase] = []
        self.created: dict[str, int] = {}

    def run(self) -> bool:
        """Live; return whether every phase succeeded."""
        request = NewSandbox(
            name=SANDBOX, tenant=TENANT, profile=self._arguments.profile, parameters=parameters(self._arguments.set)
        )
        ref = f"{TENANT}/{SANDBOX}"
        if TENANT not in {one.name for one in self._connection.call(ops.listing("tenants")).items}:
            self._follow(ops.onboard(NewTenant(name=TENANT, email="ops@acme.example")))
        steps = (
            ("create", ops.create(request)), ("stop", ops.command("stop", ref)), ("start", ops.command("start", ref)),
            ("delete", ops.command("delete", ref)),
        )  # fmt: skip
        return all(self._phase(name, op) for name, op in steps)

    def _phase(self, name: str, op: Any) -> bool:
        mark = self._ask("mark", method="POST")["mark"]
        ended = self._follow(op)
        counts, bound = self._ask(f"calls?mark={mark}"), self._ask(f"bound?mark={mark}")
        seconds = _moment(ended.ended_at) - _moment(ended.requested_at)
        # whose credentials it is, and what was looked up (images, zones, quotas) before anything was changed
        aside = counts["before"] + sum(n for name, n in counts["operations"].items() if name.startswith("sts:"))
        aside += counts["watching"]
        self.phases.append(
            Phase(
                name, round(seconds, 1), bound["bound_seconds"], counts["calls"], counts["mutations"], aside,
                counts["tails"],
            )
        )  # fmt: skip
        if name == "create":
            self.created = self._kinds()
        return ended.state == "succeeded"

    def _follow(self, op: Any) -> Operation:
        return follow(self._connection, self._connection.call(op))

    def _ask(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(f"{self._demo.endpoint}/_simulator/{path}", method=method)  # noqa: S310 - our own child
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own child
            return json.load(answer)

    def _kinds(self) -> dict[str, int]:
        out: dict[str, int] = {}
        for one in self._ask("inventory"):
            out[one["kind"]] = out.get(one["kind"], 0) + 1
        return dict(sorted(out.items()))

    def left(self) -> dict[str, int]:
        """What is in AWS at the end."""
        return self._kinds()


def _moment(text: str | None) -> float:
    return datetime.fromisoformat(text or "").timestamp()


def run(demo: "Demo", arguments: Namespace) -> int:
    """Live once, print what it took and what is left; return the exit code."""
    life = Life(demo, arguments)
    ok = life.run()
    left = life.left()
    if form_of(arguments) == "json":
        phases = [{name: getattr(phase, name) for name in phase.__struct_fields__} for phase in life.phases]
        document = {
            "profile": arguments.profile,
            "pace": demo.pace,
            "phases": phases,
            "created": life.created,
            "left": left,
        }
        print(json.dumps(document, indent=2))
    else:
        _tell(life, left)
    return 0 if ok and not left else 1


def _tell(life: Life, left: dict[str, int]) -> None:
    print("\nphase    seconds    bound   ratio   AWS calls   mutations")
    for one in life.phases:
        ratio = one.seconds / one.bound_seconds if one.bound_seconds else 0.0
        print(
            f"{one.name:<8}{one.seconds:>8.1f}{one.bound_seconds:>9.1f}{ratio:>8.2f}{one.aws_calls:>12}{one.mutations:>12}"
        )
    print("created: " + ", ".join(f"{count} {kind}" for kind, count in life.created.items()))
    print("left:    " + (", ".join(f"{count} {kind}" for kind, count in left.items()) or "nothing"))
    if left:
        narrate("Something is left in the simulated AWS.")
