"""Every single crash: one straight life tells how many points there are, then the daemon dies at one of them after the other."""

from collections.abc import Iterator

from msgspec import structs

from tests.faults.schedule import Case, Result, schedule


def singles(case: Case, *, seed: int = 1, every: int = 1) -> Iterator[Result]:
    """Results of the lives that die at each `every`th point."""
    case = structs.replace(case, straight=True, faults=False)
    whole = schedule(seed, structs.replace(case, crash_at=0))
    yield whole
    for point in range(1, whole.points + 1, every):
        yield schedule(seed, structs.replace(case, crash_at=point))
