"""Tests of the engine run under a clock that jumps over every wait."""

import pytest
from trio.testing import MockClock


@pytest.fixture
def autojump_clock():
    """Hours in milliseconds."""
    return MockClock(autojump_threshold=0)
