"""Every single crash: one straight life tells how many points there are, then the daemon dies at one of them after the other."""

from collections.abc import Iterator

from msgspec import structs

from tests.faults.schedule import Case, Result, schedule


def singles(case: Case, *, seed: int = 1, first: int = 0, every: int = 1) -> Iterator[Result]:
    """Results of the lives that die at each `every`th point from the `first` on; at point 0 none dies."""
    case = structs.replace(case, straight=True, faults=False)
    points = schedule(seed, structs.replace(case, crash_at=0)).points
    for point in range(first, points + 1, every):
        yield schedule(seed, structs.replace(case, crash_at=point))
