"""The one table of states, and the sentences of its refusals."""

import pytest

from sandboxd.lifecycle.table import RUNNING, STATES, TABLE, diagram, next_state
from sandboxd.model.errors import Conflict


def test_delete_is_accepted_everywhere_but_while_deleting_and_after():
    """A sandbox can always be got rid of."""
    accepted = {state for state in STATES if (state, "delete") in TABLE}
    assert set(STATES) - accepted == {"deleting", "deleted"}
    assert TABLE["deleting_failed", "retry"] == "deleting"


def test_a_failed_sandbox_need_not_bill_for_ever():
    """Stop after a failed create or start, start after a failed stop."""
    for state in ("initializing_failed", "starting_failed"):
        assert next_state(state, "stop") == "stopping"
    assert next_state("stopping_failed", "start") == "starting"


def test_every_running_state_ends_there_or_failed_and_can_be_retried():
    """No state is a dead end but deleted."""
    for state in RUNNING:
        assert next_state(next_state(state, "fail"), "retry") == state
        assert next_state(state, "there") in ("started", "stopped", "deleted")


@pytest.mark.parametrize(
    ("state", "event", "code", "hint"),
    [
        ("started", "start", "sandbox_started", "already"), ("deleted", "start", "sandbox_deleted", "anew"),
        ("starting", "stop", "sandbox_starting", "cancel"), ("", "stop", "sandbox_absent", ""),
        ("deleting_failed", "stop", "sandbox_deleting_failed", "Retry"),
    ],
)  # fmt: skip
def test_what_is_not_in_the_table_says_what_to_do(state, event, code, hint):
    """A stable code, and a next step."""
    with pytest.raises(Conflict) as caught:
        next_state(state, event)
    assert caught.value.code == code
    assert hint in caught.value.hint


def test_the_diagram_has_every_row():
    """It is made from the table."""
    assert diagram().count("-->") == len(TABLE) + 1
