"""What a machine does with a script that Systems Manager hands it: one literal table of verbs, and a disk that outlives a stop.

The first line of every script of ours says what it is: `#sandboxd <verb> key=value …`, values percent-encoded. What it says
beyond that line is carried out on real machines only. Anything else is answered after a second, with exit code 0.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from sandboxd.simulator import guest_envoy
from sandboxd.simulator.consistency import NEVER
from sandboxd.simulator.durations import draw
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

MARK = "#sandboxd "
CUT = 143
"""exit code of what was killed"""
STEPS = 12
"""of an installer, as its log counts them"""


class Work(NamedTuple):
    """How long a script runs, and how it ends; NEVER seconds: it does not."""

    seconds: float
    code: int = 0
    output: str = ""
    error: str = ""


class Guest(NamedTuple):
    """A script on a machine, at the moment at which it begins."""

    world: World
    machine: Row
    words: Mapping[str, str]
    script: str
    now: float
    command: str
    stream: random.Random
    fault: "Fault | None" = None

    @property
    def disk(self) -> dict[str, Any]:
        """What is written here is there until the machine is terminated."""
        found: dict[str, Any] = self.machine.data.setdefault("disk", {})
        return found


class Fault(NamedTuple):
    """How a script was told to fail."""

    code: int = 1
    never: bool = False


Verb = Callable[[Guest], Work]


# ---- verbs
def _echo(g: Guest) -> Work:
    return Work(0.2, output=g.words.get("say", "") + "\n")


def _install(g: Guest) -> Work:
    """Runs once: the second start waits for the first and answers with its end, and what is installed stays so."""
    place = f"install {g.words.get('name', '')}"
    known = g.disk.get(place, {})
    if known and known["ends"] > g.now:
        return Work(min(NEVER, known["ends"] - g.now), known["code"], "already running\n")
    if known and known["code"] == 0:
        return Work(0.5, 0, "already installed\n")
    seconds, code = _course(g)
    runs = known.get("runs", 0) + 1
    ends = min(NEVER, g.now + seconds)
    g.disk[place] = {"command": g.command, "began": g.now, "ends": ends, "code": code, "runs": runs}
    said = "installed\n" if code == 0 else f"the installer ended with {code}\n"
    return Work(seconds, code, said)


def _course(g: Guest) -> tuple[float, int]:
    """How long this run takes and how it ends; in mortal weather it breaks off, or hangs."""
    seconds = draw(g.stream, "installer.run")
    fault = g.fault
    if fault is None and g.world.weather.dies(g.now):
        fault = Fault(never=g.world.weather.choose(False, False, True))
    if fault is None:
        return seconds, 0
    return (NEVER, fault.code) if fault.never else (round(seconds * g.stream.uniform(0.1, 0.9), 3), fault.code)


def _tail(g: Guest) -> Work:
    """The last line of an installer's log."""
    run = g.disk.get(f"install {g.words.get('name', '')}")
    if run is None:
        return Work(0.2)
    share = min(1.0, (g.now - run["began"]) / max(1.0, min(run["ends"] - run["began"], 720.0)))
    step = min(STEPS, 1 + int(share * STEPS))
    return Work(0.2, output=f"[{min(99, int(100 * share))}%] step {step} of {STEPS}\n")


def _probe(g: Guest) -> Work:
    """Passes at once, or not until its deadline."""
    fault = g.fault
    if g.words.get("kind") == "tcp" and ":" not in g.words.get("target", ""):
        fault = Fault(1)  # a port without a host
    if fault is None:
        return Work(draw(g.stream, "probe.run"), output="passed\n")
    seconds = NEVER if fault.never else float(g.words.get("deadline") or 60)
    return Work(seconds, fault.code, error=f"{g.words.get('target', '')} does not answer\n")


def _deliver(g: Guest) -> Work:
    """An ingress machine takes up a configuration, or says why not."""
    if g.fault is not None and g.fault.never:
        return Work(NEVER)
    told = None if g.fault is None else g.fault.code
    return Work(*guest_envoy.deliver(g.machine, g.words, g.script, g.now, told))


def _report(g: Guest) -> Work:
    return Work(*guest_envoy.report(g.machine, g.now))


GUEST: Mapping[str, Verb] = {
    "echo": _echo, "install": _install, "tail": _tail, "probe": _probe, "envoy-deliver": _deliver, "envoy-report": _report,
}  # fmt: skip
"""verb -> what happens"""


# ---- from outside
def run(world: World, machine: Row, script: str, now: float, command: str) -> Work:
    """Begin a script at a moment; what it does to the disk is done."""
    verb, words = read(script)
    fault = world.guest_hook(machine.account, verb, now)
    stream = random.Random(f"{world.rows.seed} {machine.id} {command}")
    g = Guest(world, machine, words, script, now, command, stream, fault)
    if verb in GUEST:
        return GUEST[verb](g)
    return Work(1.0, fault.code if fault else 0)


def read(script: str) -> tuple[str, dict[str, str]]:
    """Verb and words of a script's first line; no verb if it is not one of ours."""
    first = script.split("\n", 1)[0]
    if not first.startswith(MARK):
        return "", {}
    verb, *pairs = first.removeprefix(MARK).split()
    parts = [pair.partition("=") for pair in pairs]
    return verb, {key: unquote(value) for key, _, value in parts}


def kill(machine: Row, now: float, command: str = "") -> None:
    """What runs on a machine is cut off: all of it, or what one command began."""
    for one in machine.data.get("disk", {}).values():
        if isinstance(one, dict) and one.get("ends", 0.0) > now and command in ("", one.get("command")):
            one |= {"ends": now, "code": CUT}


def power_off(world: World, machine: Row, now: float) -> None:
    """A machine goes down: its agent reports nothing more, so what was under way runs into its timeouts."""
    kill(machine, now)
    for row in world.rows.holders(machine.id, now, "command"):
        state, data = row.state(now), row.data
        if state in ("Pending", "InProgress"):
            end = "DeliveryTimedOut" if state == "Pending" else "ExecutionTimedOut"
            row.goes(now, (max(0.0, data["times_out"] - now), end), (KEPT, "deleted"))


KEPT = 30 * 86400.0
"""seconds for which Systems Manager remembers commands"""
