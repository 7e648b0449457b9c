"""Scripted faults: a TOML file that says which calls are disturbed, when, and how. How to write one: `docs/simulator.md`.

[[fault]]
service = "ec2"
operation = "RunInstances"
nth = 1                          # the first such call, 1 if left out; `times` of them from there on
times = 2
action = "refuse"
code = "InsufficientInstanceCapacity"
status = 500
"""

import math
import random
from pathlib import Path

from sandboxd.simulator import conditions, guest
from sandboxd.simulator.calls import Request
from sandboxd.simulator.chaos import Chaos
from sandboxd.simulator.consistency import CALM, Weather
from sandboxd.simulator.fault_grammar import FaultFile, GuestTable, Scripted
from sandboxd.simulator.gate import Fault
from sandboxd.simulator.world import World
from sandboxd.toml import TomlError, decode_file


class FaultFileError(ValueError):
    """A fault file that cannot be used; the text says where, what, and what was probably meant."""


class Script:
    """A hook that carries out a file: the first fault that hits a call has it, chaos has what is left."""

    def __init__(self, file: FaultFile, *, opened: float) -> None:
        self._opened, self._file = opened, file
        self._faults = [_Standing(one, random.Random(f"{file.seed}/{n}")) for n, one in enumerate(file.fault)]
        self._guests = [_OnGuest(one) for one in file.guest]
        self.weather = CALM if (w := file.weather) is None else Weather(
            w.seed, chance=w.chance, mortal=w.mortal, until=_moment(opened, w.until)
        )  # fmt: skip
        self.chaos = Chaos(0, rate=0.0) if (c := file.chaos) is None else Chaos(
            c.seed, rate=c.rate, reads=c.reads, until=_moment(opened, c.until)
        )  # fmt: skip

    def set_on(self, world: World) -> None:
        """Disturb a world from now on."""
        world.hook, world.weather, world.guest_hook = self, self.weather, self.on_guest
        conditions.put(world, self._file.scarcity)
        world.quotas |= self._file.quotas
        world.guard_duty.is_on = world.guard_duty.is_on or self._file.guard_duty

    def __call__(self, q: Request) -> Fault | None:
        """What happens to this call."""
        concerned = [one for one in self._faults if one.scripted.concerns(q, self._opened)]
        due = [one for one in concerned if one.is_due()]
        if not due:
            return self.chaos(q)
        due[0].hits += 1
        return due[0].scripted.fault(q)

    def on_guest(self, account: str, verb: str, _: float) -> guest.Fault | None:
        """How a script on a machine fails."""
        due = [one for one in self._guests if one.is_due(account, verb)]
        return guest.Fault(due[0].scripted.code, due[0].scripted.never) if due else None


def _moment(opened: float, seconds: float | None) -> float:
    return math.inf if seconds is None else opened + seconds


class _Standing:
    """A fault, the calls that it concerned and those that it hit."""

    def __init__(self, scripted: Scripted, rng: random.Random) -> None:
        self.scripted, self._rng = scripted, rng
        self._seen = self.hits = 0

    def is_due(self) -> bool:
        """Count one more call that it concerns; whether it wants it."""
        one = self.scripted
        self._seen += 1
        drawn = one.chance is None or self._rng.random() < one.chance
        turn = one.every is None or (self._seen - one.nth) % one.every == 0
        return self._seen >= one.nth and drawn and turn and self.hits < one.most


class _OnGuest:
    """A fault on machines, and the scripts that it concerned."""

    def __init__(self, scripted: GuestTable) -> None:
        self.scripted, self._seen = scripted, 0

    def is_due(self, account: str, verb: str) -> bool:
        """Count one more script that it concerns; whether it wants it."""
        one = self.scripted
        if verb != one.verb or (one.accounts and account not in one.accounts):
            return False
        self._seen += 1
        return one.nth <= self._seen < one.nth + one.times


def read_script(path: Path, *, opened: float) -> Script:
    """Read a fault file for a world that was opened at a moment; raise FaultFileError."""
    try:
        return Script(decode_file(path, FaultFile), opened=opened)
    except TomlError as error:
        raise FaultFileError(str(error)) from error
