"""One scripted life through each door to the simulator, lived once for all tests."""

import pytest

from tests.referee.checks import Checks
from tests.referee.doors import InProcess, OverWire
from tests.referee.life import whole_life
from tests.referee.life_organization import organization
from tests.referee.transcript import Said, Transcript


@pytest.fixture(scope="session", params=[InProcess, OverWire], ids=["in process", "over the wire"])
def said(request) -> list[Said]:
    """Everything that one simulator said."""
    door = request.param()
    member, management = Transcript(door, door.members[0]), Transcript(door, door.management)
    whole_life(member, door.management)
    organization(management)
    return member.said + management.said


@pytest.fixture(scope="session")
def held(said) -> Checks:
    """What came of holding it against the facts."""
    checks = Checks()
    for one in said:
        checks.hold(one)
    return checks
