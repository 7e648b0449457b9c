"""Every single crash: one straight life is lived, and at its points a copy of the process dies there and lives on to its end.

A copy (`fork`) has lived the same life up to its point, so that nothing is lived twice: a quarter of a bank's time, none of a
trial's, where a copy costs what it saves. `schedule` with `crash_at` is the same life from its beginning; a finding names the point.
"""

import os
import random
import signal
import warnings
from collections.abc import Iterator

import msgspec
from msgspec import structs

from sandboxd.world import Point
from tests.faults.schedule import Case, Crashes, Result, schedule

PATIENCE = 300
"""real seconds after which a copy that came to no end is killed"""


class Copies(Crashes):
    """Where copies die; the original never does."""

    def __init__(self, rng: random.Random, *, first: int, every: int) -> None:
        super().__init__(rng, 0)
        self._first, self._every = first, every
        self._is_calm = False
        self.results: list[Result] = []
        self.out = -1
        """of a copy: where it tells what came of it"""

    def __call__(self, point: Point) -> bool:
        """Whether it dies at this point: true in a copy, once."""
        self.points += 1
        if self.out >= 0 or self._is_calm or self.points < self._first or (self.points - self._first) % self._every:
            return False
        return self._copy()

    def calm(self) -> None:
        """No more."""
        super().calm()
        self._is_calm = True

    def over(self, result: Result) -> None:
        """The end of a copy: it tells, and goes no further, for Trio's own end would wait for a loop that it shares."""
        if self.out < 0:
            return
        try:
            with os.fdopen(self.out, "wb") as pipe:
                pipe.write(msgspec.json.encode(structs.replace(result, entries=[], seconds=0.0)))
        finally:
            os._exit(0)

    def _copy(self) -> bool:
        """Return true in the copy; here, once it has come to its end, false."""
        heard, told = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # other threads of this process have no part in a world
            copy = os.fork()
        if not copy:
            signal.alarm(PATIENCE)
            os.close(heard)
            self.out = told
            return True
        os.close(told)
        with os.fdopen(heard, "rb") as pipe:
            said = pipe.read()
        os.waitpid(copy, 0)
        lost = Result(seed=0, findings=["lost: it came to no end"])
        result = msgspec.json.decode(said, type=Result) if said else lost
        result.findings = [f"--straight --no-faults --crash-at {self.points}: {one}" for one in result.findings]
        self.results.append(result)
        return False


def singles(case: Case, *, seed: int = 1, first: int = 0, every: int = 1) -> Iterator[Result]:
    """Results of the lives that die at each `every`th point from the `first` on; at point 0 none dies."""
    case = structs.replace(case, straight=True, faults=False)
    made: list[Copies] = []

    def crashes(rng: random.Random) -> Copies:
        made.append(Copies(rng, first=first, every=every))
        return made[0]

    result = schedule(seed, case, crashes=crashes)
    if not first:
        yield result
    yield from made[0].results
