"""Random histories of `decide`: over random graphs and over the profiles, compared with the full evaluation after every message.

What must hold is checked after each message in `tests/support/history_checks.py`: nothing stands on nothing, no kept or held
root raises anything, nothing waits without a reason, a sandbox that says stopped or deleted is that in AWS, and in the
end everything is empty.
"""

import subprocess
import sys

import pytest

from tests.support.histories import PROFILES, batch

BATCHES, SIZE = 16, 250
ACCOUNTS = 15
"""histories of the profiles in a batch: each has some hundred resources"""
CROWDED = 300
"""seconds in which all commands of a crowded history fall: into each other's steps"""


@pytest.mark.parametrize("number", range(BATCHES))
def test_random_histories(number: int, record_property) -> None:
    """4,000 histories; each batch counts what it went through."""
    stats, ends, _ = batch(number * SIZE, SIZE)
    record_property("stats", dict(stats))
    assert stats["crashes"] > SIZE // 4
    assert stats["losses"] > SIZE // 10
    assert ends["failed"] > SIZE // 4
    assert ends["cancelled"] > SIZE // 4
    assert ends["succeeded"] > SIZE


@pytest.mark.parametrize("number", range(4))
def test_crowded_histories(number: int, record_property) -> None:
    """1,000 more whose commands fall into each other's steps: deletes during any wait, turns, commands superseded."""
    stats, ends, _ = batch(100_000 + number * SIZE, SIZE, span=CROWDED)
    record_property("stats", dict(stats))
    assert stats["turned"] > SIZE // 5
    assert ends["cancelled"] > SIZE


@pytest.mark.parametrize("number", range(4))
def test_histories_of_the_profiles(number: int, record_property) -> None:
    """Sandboxes of both profiles in one account, on the kinds that there are."""
    stats, ends, _ = batch(number * ACCOUNTS, ACCOUNTS, profiles=PROFILES, span=CROWDED)
    record_property("stats", dict(stats))
    assert stats["turned"]
    assert ends["succeeded"] > ACCOUNTS
    assert ends["failed"]


def test_one_seed_gives_one_history_under_every_hash_seed() -> None:
    """Nothing iterates over a set where order matters."""
    code = "from tests.support.histories import batch; print(batch(100, 25)[2])"
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(digests) == 1


@pytest.mark.parametrize("seed", [205, 260, 1359])
def test_histories_that_once_went_wrong(seed: int) -> None:
    """205: a retry needed a second one, because a mark stood in its way outside of its closure. 260: a retry that fails at once.

    1359: a stray of a deleted sandbox that could not be removed at once stayed for ever.
    """
    batch(seed, 1)


def test_a_create_before_a_new_life_has_looked_around() -> None:
    """100883: the full evaluation did not yet know what is desired, and took a row for one that nobody wants."""
    batch(100_883, 1, span=CROWDED)
