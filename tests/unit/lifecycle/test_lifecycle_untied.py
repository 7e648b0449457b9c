"""Data whose ground somebody removed: it stays, its sandbox is degraded, `why` says what to do, and it is seen when it is done."""

import pytest

from sandboxd.lifecycle.messages import Command, Lost, Untied
from sandboxd.lifecycle.views import health_of
from sandboxd.lifecycle.why import why
from tests.support.decidedesk import Desk

PROFILE, BOX = "r/shared/instance-profile", "r/sbx_bank/box"
WORDS = "i-1 has another instance profile"


@pytest.fixture
def desk():
    made = Desk()
    made.say(made.create())
    made.run()
    return made


def untied(desk, reason=WORDS, generation=1):
    return desk.say(Untied(BOX, generation, reason))


def test_a_machine_is_not_made_anew_because_its_profile_is(desk):
    """Somebody deleted it: it is there again, under the machine that was there."""
    desk.say(Lost(PROFILE, 1, 0, "gone"))
    desk.run()
    rows = desk.state.rows
    assert (rows[PROFILE].generation, rows[PROFILE].lo, rows[BOX].generation, rows[BOX].lo) == (2, 2, 1, 2)
    assert desk.sandbox().state == "started"


def test_a_person_is_told_once_what_to_do(desk):
    """And is told by `why` for as long as it is so."""
    out = untied(desk)
    assert [(event.type, event.sandbox_id) for event in out.events] == [("step.drifted", "sbx_bank")]
    assert WORDS in out.events[0].message
    assert out.sandboxes == ["sbx_bank"]
    assert health_of(desk.state, "sbx_bank") == "degraded"
    assert [link.text for link in why(desk.state, "sbx_bank")] == ["succeeded", f"{WORDS}; waits for a person"]
    assert not any(link.key for link in why(desk.state, "sbx_bank")), "what it said while it was made is long over"
    assert untied(desk).events == []


def test_once_it_is_done_that_is_told_too(desk):
    """The sandbox is well again."""
    untied(desk)
    (event,) = untied(desk, "").events
    assert "is as it was made" in event.message
    assert health_of(desk.state, "sbx_bank") == "ok"
    assert untied(desk, "").events == []


def test_what_waits_for_another_reason_is_left_alone(desk):
    """A lost machine is lost, whatever was seen of it before; nor does news of a former life count."""
    assert untied(desk, generation=2).events == []
    desk.say(Lost(BOX, 1, 0, "gone"))
    untied(desk)
    assert desk.state.rows[BOX].marks["raise"].code == "lost"


def test_it_can_be_stopped_started_and_deleted(desk):
    """A start tries, whoever did what meanwhile."""
    untied(desk)
    for verb, state in (("stop", "stopped"), ("start", "started"), ("delete", "deleted")):
        desk.say(Command(verb=verb, operation=f"op_{verb}", sandbox="sbx_bank"))
        desk.run()
        assert desk.sandbox().state == state


def test_a_stopped_machine_outlives_its_profile(desk):
    """It stays on its disk, and the profile is made anew under it."""
    desk.say(Command(verb="stop", operation="op_stop", sandbox="sbx_bank"))
    desk.run()
    desk.say(Lost(PROFILE, 1, 0, "gone"))
    desk.run()
    rows = desk.state.rows
    assert (rows[BOX].generation, rows[BOX].lo, rows[PROFILE].lo) == (1, 1, 2)
