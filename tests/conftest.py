"""What all tests share: how hypothesis looks for counterexamples, and an environment without anybody's AWS."""

import gc
import os
from collections import Counter, defaultdict
from collections.abc import Callable

import pytest
from hypothesis import settings

# On shared cores a deadline per example is a flake; in CI the same examples come every time.
settings.register_profile("here", deadline=None, database=None)
settings.register_profile("ci", deadline=None, database=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# thousands of worlds are made and dropped: looking for cycles after every 700 objects is a tenth of the time
gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True)
def _nobodys_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may reach an AWS account or a daemon that the person who runs it happens to use."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "SANDBOXD_")) and name != "SANDBOXD_RECORDINGS":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


# ---- long tests come first in every worker's share: what is left at the end, and can be shared out anew, is short
LONG = ("test_kill_many", "one_history", "[wire", "test_random_", "test_crowded_", "faults.py::test_every_", "test_storm", "test_kill", "test_store_lost")  # fmt: skip
"""in ids of tests, the longest first"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the long ones out and leave the others in their order: xdist gives each worker one stretch of the list to begin with."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    ranked = sorted(items, key=_rank)
    many = sum(_rank(item) < len(LONG) for item in items)
    long, short, dealt = ranked[:many], ranked[many:], list[pytest.Item]()
    for worker in range(workers):
        mine = long[worker::workers]
        others = (len(items) - len(dealt)) // (workers - worker) - len(mine)
        dealt += mine + short[:others]
        short = short[others:]
    items[:] = dealt


def _rank(item: pytest.Item) -> int:
    return next((rank for rank, words in enumerate(LONG) if words in item.nodeid), len(LONG))


# ---- tests that cover many cases say how many, whichever process ran them
@pytest.fixture
def covered(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """`covered("schedules of trial", schedules=100, crashes=171)`: numbers of one label are added up."""
    return lambda label, **numbers: record_property("covered", (label, numbers))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was covered."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                for name, value in report.user_properties:
                    if name == "covered":
                        said[value[0]].update(value[1])
    if said:
        terminalreporter.section("covered")
    for label, numbers in sorted(said.items()):
        terminalreporter.line(
            f"{label}: {', '.join(f'{value:g} {name}' for name, value in numbers.items())}".rstrip(": ")
        )
