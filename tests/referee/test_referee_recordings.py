"""The recordings themselves, where they are at hand: the facts follow from them, and answers are like recorded ones."""

import pytest

from tests.referee import recordings
from tests.referee.differences import UNLIKE, judge
from tests.referee.extract import FACTS, extract
from tests.referee.nearest import Nearest

pytestmark = pytest.mark.skipif(not recordings.at_hand(), reason="no recordings; say where with SANDBOXD_RECORDINGS")
SMALL = 300_000


@pytest.fixture(scope="module")
def extracted() -> dict[str, str]:
    """The facts, made anew."""
    return extract()


@pytest.fixture(scope="module")
def nearest(said) -> Nearest:
    """The simulator's answers beside the recorded ones."""
    found = Nearest()
    for one in said:
        found.hold(one)
    return found


def test_facts_are_what_the_recordings_give_byte_for_byte(extracted):
    written = {path.stem: path.read_text() for path in sorted(FACTS.glob("*.json"))}
    assert written == extracted, "run python -m tests.referee.extract"


def test_extraction_gives_the_same_bytes_again(extracted):
    assert extract() == extracted


def test_facts_are_small(extracted):
    assert sum(len(text.encode()) for text in extracted.values()) < SMALL


def test_every_structure_is_like_one_that_aws_sent(nearest, covered):
    without_reason, idle = judge(nearest.differences, UNLIKE)
    covered(f"referee: {len(nearest.alike)} structures like a recorded one, "
          f"{len(nearest.differences)} not, {len(without_reason)} without a reason")  # fmt: skip
    assert not without_reason, "\n".join(f"{one}: nearest of {nearest.differences[one]}" for one in without_reason)
    assert not idle
    assert len(nearest.alike) > len(nearest.differences)
