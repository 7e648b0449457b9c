"""What commands, failures, retries and losses make of an account; the model bank's own graph, no AWS, no clock."""

import pytest
from decidedesk import Desk

from sandboxd.lifecycle.forecast import forecast
from sandboxd.lifecycle.messages import (
    Called,
    Cancel,
    Command,
    Ended,
    Found,
    Lost,
    Proved,
    Retry,
    Skip,
)
from sandboxd.lifecycle.state import Settings, State
from sandboxd.lifecycle.views import health_of, steps_of
from sandboxd.lifecycle.why import why
from sandboxd.model.errors import Conflict


@pytest.fixture
def desk():
    return Desk()


def test_a_life(desk):
    """Created, stopped, started, deleted; a stopped one has no gateway, a deleted one nothing."""
    desk.say(desk.create())
    desk.run()
    assert (desk.sandbox().state, desk.operation("op_bank").state) == ("started", "succeeded")
    desk.say(Command(verb="stop", operation="op_2", sandbox="sbx_bank"))
    desk.run()
    assert desk.sandbox().state == "stopped"
    assert "box" in desk.there()
    assert not {"nat", "eip", "private-default"} & desk.there()
    desk.say(Command(verb="start", operation="op_3", sandbox="sbx_bank"))
    desk.run()
    assert desk.sandbox().state == "started"
    desk.say(Command(verb="delete", operation="op_4", sandbox="sbx_bank"))
    desk.run()
    assert desk.sandbox().state == "deleted"
    assert desk.there() == set()


def test_a_stop_is_proved_twice(desk):
    """Two empty listings, sixty seconds apart; what the first finds is removed and proved again."""
    desk.say(desk.create())
    desk.run()
    desk.say(Command(verb="delete", operation="op_2", sandbox="sbx_bank"))
    while desk.flying:
        start = desk.flying.pop(0)
        desk.say(Ended(start.key, start.run))
    assert desk.sandbox().state == "deleting"
    proof = desk.proofs.pop()
    desk.say(Proved(proof.operation, proof.number, (Found("r/shared/eip", 1, "elastic-ip", "eipalloc-1"),)))
    assert [s.key for s in desk.flying] == ["r/shared/eip"]
    assert desk.state.rows["r/shared/eip"].facts["id"] == "eipalloc-1"
    before = desk.now
    desk.run()
    assert desk.sandbox().state == "deleted"
    assert desk.now - before >= 60


def test_a_permanent_failure_fails_the_operation_and_holds_what_is_there(desk):
    """The reason is the resource's; a retry goes on, a delete cleans up."""
    desk.say(desk.create())
    start = desk.run(until="nat")
    desk.flying.remove(start)
    desk.say(Ended(start.key, start.run, "nothing", "permanent", "AddressLimitExceeded", "no more addresses"))
    desk.run()
    assert desk.sandbox().state == "initializing_failed"
    assert "no more addresses" in desk.operation("op_bank").reason
    assert "vpc" in desk.there()
    assert any(step.state == "failed" for step in steps_of(desk.state, desk.operation("op_bank")))
    desk.say(Retry(operation="op_bank"))
    desk.run()
    assert desk.sandbox().state == "started"


def test_a_temporary_failure_backs_off_and_says_when_it_is_tried_again(desk):
    """The next attempt is visible, and the operation goes on meanwhile."""
    desk.say(desk.create())
    start = desk.run(until="nat")
    desk.flying.remove(start)
    desk.say(Ended(start.key, start.run, "nothing", "temporary", "RequestLimitExceeded", "throttled"))
    step = next(
        step
        for step in steps_of(desk.state, desk.operation("op_bank"))
        if step.key == start.key and step.state == "backing-off"
    )
    assert step.reason == "throttled"
    assert desk.now < step.next_attempt_at <= desk.now + 60
    while desk.flying:
        one = desk.flying.pop(0)
        desk.say(Ended(one.key, one.run, facts={"id": one.key}))
    assert "throttled" in why(desk.state, "sbx_bank")[-1].text
    desk.run()
    assert desk.sandbox().state == "started"


def test_a_delete_during_a_create_supersedes_it_and_turns_what_waits(desk):
    """The gateway that is coming is given up; the create is void and cannot be retried."""
    desk.say(desk.create())
    start = desk.run(until="nat")
    desk.say(Called(start.key, start.run, {"id": "nat-1"}))
    out = desk.say(Command(verb="delete", operation="op_2", sandbox="sbx_bank"))
    assert [turn.key for turn in out.turns] == [start.key]
    assert desk.operation("op_bank").superseded_by == "op_2"
    with pytest.raises(Conflict) as caught:
        desk.say(Retry(operation="op_bank"))
    assert caught.value.code == "superseded"
    desk.run()
    assert desk.sandbox().state == "deleted"
    assert desk.there() == set()


def test_two_sandboxes_share_and_the_last_one_removes(desk):
    """One VPC and one gateway for both; the first one's delete leaves them, the second one's takes them."""
    desk.say(desk.create("one"))
    desk.say(desk.create("two"))
    assert len([s for s in desk.flying if s.key == "r/shared/vpc"]) == 1
    desk.run()
    assert desk.sandbox("one").blueprint.slot != desk.sandbox("two").blueprint.slot
    ids = [{step.id for step in steps_of(desk.state, desk.operation(name))} for name in ("op_one", "op_two")]
    assert {"r/shared/vpc#1:present", "r/shared/nat#1:present"} <= ids[0] & ids[1]
    desk.say(Command(verb="delete", operation="op_3", sandbox="sbx_one"))
    desk.run()
    assert {"vpc", "nat"} <= desk.there()
    desk.say(Command(verb="delete", operation="op_4", sandbox="sbx_two"))
    desk.run()
    assert desk.there() == set()


def test_a_cancel_resolves_what_is_in_flight_first(desk):
    """Then the sandbox is failed with that reason, and can be deleted."""
    desk.say(desk.create())
    desk.run(until="nat")
    desk.say(Cancel(operation="op_bank"))
    assert desk.operation("op_bank").state == "running"
    desk.run()
    assert desk.operation("op_bank").state == "cancelled"
    assert desk.sandbox().state == "initializing_failed"


def test_a_lost_machine_is_never_made_anew_by_rule(desk):
    """What bears data waits for a person; a lost gateway is repaired."""
    desk.say(desk.create())
    desk.run()
    box = desk.state.rows["r/sbx_bank/box"]
    desk.say(Lost("r/sbx_bank/box", box.generation, 0, "terminated"))
    desk.run()
    assert not desk.state.rows["r/sbx_bank/box"].hi
    assert (desk.sandbox().state, health_of(desk.state, "sbx_bank")) == ("started", "degraded")
    nat = desk.state.rows["r/shared/nat"]
    desk.say(Lost("r/shared/nat", nat.generation, 0, "deleted by somebody"))
    desk.run()
    assert desk.state.rows["r/shared/nat"].generation == 2
    assert desk.state.rows["r/shared/private-default"].on["r/shared/nat"] == 2


def test_a_machine_that_somebody_stopped_is_started_again(desk):
    """A fact lowered by somebody else is healed where the profile lets it."""
    desk.say(desk.create())
    desk.run()
    box = desk.state.rows["r/sbx_bank/box"]
    desk.say(Lost("r/sbx_bank/box", box.generation, 1, "stopped"))
    assert [s.step.to for s in desk.flying] == [2]
    desk.run()
    assert desk.state.rows["r/sbx_bank/box"].lo == 2


def test_what_is_not_skippable_says_so(desk):
    """A machine cannot be skipped."""
    desk.say(desk.create())
    with pytest.raises(Conflict) as caught:
        desk.say(Skip(operation="op_bank", step="r/sbx_bank/box", reason="why not"))
    assert caught.value.code == "not_skippable"


def test_a_state_is_the_same_after_a_reload(desk):
    """Everything durable is in the snapshots: rows, roots, operations, what is in flight."""
    desk.say(desk.create())
    desk.run(until="nat")
    names = ["account", "sbx_bank"]
    snapshots = {name: desk.state.snapshot(name) for name in names}
    operations = {name: desk.state.operation(name) for name in desk.state.operations}
    again = State.load("1", snapshots, operations, settings=Settings())
    twice = State.load("1", {name: again.snapshot(name) for name in names}, operations, settings=Settings())
    assert {name: again.snapshot(name) for name in names} == {name: twice.snapshot(name) for name in names}
    assert again.rows == desk.state.rows
    assert [key for key, row in again.rows.items() if row.flight] == [k for k, r in desk.state.rows.items() if r.flight]


def test_a_plan_touches_nothing_and_knows_time_and_cost(desk):
    """The forecast of a create takes the gateway and a boot; nothing of the state is changed."""
    before = desk.state.snapshot("account")
    seen = forecast(desk.state, desk.create(), 100.0)
    assert desk.state.snapshot("account") == before
    assert 120 < seen.expected < 200
    assert seen.expected <= seen.p90
    assert seen.steps[0].starts == 0.0
    names = [step.id.rpartition("/")[2].partition("#")[0] for step in seen.steps]
    assert names.index("vpc") < names.index("nat") < names.index("private-default") < names.index("box")


def test_an_outage_is_no_failure_however_long(desk):
    """AWS could not be asked: tried again for hours, no attempt is used up, the operation does not fail."""
    desk.say(desk.create())
    start = desk.run(until="nat")
    for _ in range(40):
        desk.flying.remove(start)
        desk.say(Ended(start.key, start.run, "nothing", "temporary", "ExpiredToken", "expired", outage=True))
        start = desk.run(until="nat")
    assert desk.operation("op_bank").state == "running"
    desk.run()
    assert desk.sandbox().state == "started"


def test_a_machine_that_vanishes_while_it_is_started_is_not_launched_anew(desk):
    """It bore data: whichever way it was going, a person decides."""
    desk.say(desk.create())
    desk.run()
    desk.say(Command(verb="stop", operation="op_2", sandbox="sbx_bank"))
    desk.run()
    desk.say(Command(verb="start", operation="op_3", sandbox="sbx_bank"))
    start = desk.run(until="box")
    desk.flying.remove(start)
    desk.say(Ended(start.key, start.run, "absent", "temporary", "gone", "the machine i-1 is not there any more"))
    desk.run()
    assert (desk.sandbox().state, desk.state.rows[start.key].generation) == ("starting_failed", 1)
    assert "not there any more" in desk.operation("op_3").reason


def test_a_machine_that_vanishes_while_it_is_stopped_is_not_launched_by_the_next_start(desk):
    """The same on the way down."""
    desk.say(desk.create())
    desk.run()
    desk.say(Command(verb="stop", operation="op_2", sandbox="sbx_bank"))
    start = desk.run(until="box")
    desk.flying.remove(start)
    desk.say(Ended(start.key, start.run, "absent", "temporary", "gone", "the machine i-1 is gone"))
    desk.run()
    assert desk.sandbox().state == "stopped"
    desk.say(Command(verb="start", operation="op_3", sandbox="sbx_bank"))
    desk.run()
    assert (desk.sandbox().state, desk.state.rows[start.key].generation) == ("starting_failed", 1)
