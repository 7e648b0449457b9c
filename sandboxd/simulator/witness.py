"""What the simulator tells about itself, beside AWS's own API: inventory, counts of calls, the bound, its clock.

For the demo's summary, tests and benchmarks; `/_simulator/NAME` over HTTP. Nothing here changes the world.
"""

from collections import Counter
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from sandboxd.simulator.bound import bound
from sandboxd.simulator.calls import Entry
from sandboxd.simulator.inventory import inventory
from sandboxd.simulator.world import World

Reply = tuple[int, str, bytes]
_JSON = "application/json"
TAIL, INSTALL = "#sandboxd tail", "#sandboxd install"


class Witness:
    """Answers questions about a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, method: str, name: str, query: str) -> Reply:
        """Status, content type and body of one request."""
        try:
            asked = {key: float(value) for key, value in parse_qsl(query)}
        except ValueError:
            return 400, _JSON, b'{"error":"marks and moments are numbers"}'
        self._world.land(self._world.clock.now())
        match method, name:
            case "GET", "inventory":
                found: Any = inventory(self._world)
            case "GET", "clock":
                clock = self._world.clock
                found = {"now": clock.now(), "pace": clock.pace, "origin": clock.origin}
            case "POST", "mark":
                found = {"mark": self._world.log.count, "now": self._world.clock.now()}
            case "GET", "calls":
                found = _counts(self._phase(asked))
            case "GET", "bound":
                found = _bound(self._phase(asked))
            case _, "inventory" | "clock" | "mark" | "calls" | "bound":
                return 405, _JSON, b'{"error":"GET, and POST for mark"}'
            case _:
                return 404, _JSON, b'{"error":"known are inventory, clock, mark, calls and bound"}'
        return 200, _JSON, msgspec.json.encode(found)

    def _phase(self, asked: dict[str, float]) -> list[Entry]:
        """The calls from `mark` or the simulated moment `since` on, up to the mark `until`."""
        log = self._world.log
        entries = log.after(asked["since"]) if "since" in asked else log.since(int(asked.get("mark", 0)))
        return [entry for entry in entries if entry.number < asked.get("until", log.count)]


def _counts(entries: list[Entry]) -> dict[str, Any]:
    changes = [number for number, entry in enumerate(entries) if entry.mutation and entry.service != "sts"]
    first = entries[: changes[0]] if changes else entries
    installers = {change.what for entry in entries if _runs(entry, INSTALL) for change in entry.changes}
    return {
        "calls": len(entries),
        "mutations": sum(entry.mutation for entry in entries),
        "before": sum(entry.service != "sts" for entry in first),
        "tails": sum(_runs(entry, TAIL) for entry in entries),
        "watching": sum(_watches(entry, installers) for entry in entries),
        "refused": sum(bool(entry.error) for entry in entries),
        "operations": dict(Counter(f"{entry.service}:{entry.operation}" for entry in entries)),
    }


def _runs(entry: Entry, verb: str) -> bool:
    """Whether a script of ours with this verb was sent."""
    return entry.operation == "SendCommand" and any(ref.startswith(verb) for ref in entry.refs)


def _watches(entry: Entry, installers: set[str]) -> bool:
    """Whether a call only shows how a running installer goes on: tails of its log, their listings, looks at its command."""
    match entry.operation:
        case "SendCommand":
            return _runs(entry, TAIL)
        case "ListCommandInvocations":
            return True
        case "GetCommandInvocation":
            return bool(installers.intersection(entry.refs))
    return False


def _bound(entries: list[Entry]) -> dict[str, Any]:
    found = bound(entries)
    return {"bound_seconds": found.bound_seconds, "chain": [link._asdict() for link in found.chain]}
