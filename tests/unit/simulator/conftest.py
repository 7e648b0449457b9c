"""A world under a clock that tests move."""

import pytest
from simdesk import Desk


@pytest.fixture
def desk() -> Desk:
    """Calls in one account."""
    return Desk()
