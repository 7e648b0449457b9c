"""What proofs and surveys find: doubles, late starts, lost machines that are there after all, what does not converge."""

import pytest
from decidedesk import Desk

from sandboxd.aws.kinds import specs
from sandboxd.lifecycle.messages import (
    Called,
    Cancel,
    Command,
    Ended,
    Found,
    Lost,
    Proved,
    Stay,
    Surveyed,
    Tick,
    Unknown,
    Unmanaged,
)  # fmt: skip
from sandboxd.lifecycle.state import Settings, State
from sandboxd.model.resource import Intent

BOX, EIP = "r/sbx_bank/box", "r/shared/eip"


@pytest.fixture
def desk():
    made = Desk(settings=Settings(kinds=specs()))
    made.say(made.create())
    made.run()
    return made


def begin(desk, verb):
    """The command, until its proof is asked for."""
    desk.say(Command(verb=verb, operation=f"op_{verb}", sandbox="sbx_bank"))
    land(desk)


def land(desk):
    while desk.flying:
        start = desk.flying.pop(0)
        desk.say(Ended(start.key, start.run, facts={"id": start.key}))


def found_once(desk, found):
    """Answer the proof that is asked for with this."""
    while not desk.proofs:
        desk.now = desk.state.next_alarm()
        desk.say(Tick())
        land(desk)
    proof = desk.proofs.pop()
    return desk.say(Proved(proof.operation, proof.number, found))


def test_what_may_stay_is_no_more_than_what_is_held(desk):
    """A stopped machine may be found stopped; what is gone may not be found."""
    begin(desk, "stop")
    stay = desk.state.may_stay()
    assert stay[BOX] == Stay(1, BOX)
    assert EIP not in stay


def test_a_machine_that_runs_after_the_stop_is_stopped_again(desk):
    """B28: found running by the proof, it becomes a fact, and the rules run again."""
    begin(desk, "stop")
    found_once(desk, (Found(BOX, 1, "machine", BOX, {}, 2),))
    assert [(start.key, tuple(start.step)) for start in desk.flying] == [(BOX, ("lower", 1))]
    assert desk.sandbox().state == "stopping"
    desk.run()
    assert desk.sandbox().state == "stopped"
    desk.say(Surveyed(found=(Found(BOX, 1, "machine", BOX, {}, 2),)))
    assert [(start.key, tuple(start.step)) for start in desk.flying] == [(BOX, ("lower", 1))]


def test_a_double_is_removed_and_forgotten_and_the_first_one_stays(desk):
    """Another id under the same key is a thing of its own, desired by nobody."""
    desk.state.rows[EIP].facts["id"] = "eipalloc-1"
    desk.say(Surveyed(found=(Found(EIP, 1, "elastic-ip", "eipalloc-2"),)))
    (start,) = desk.flying
    assert (start.key, tuple(start.step)) == (f"{EIP}~eipalloc-2", ("lower", 0))
    assert desk.state.rows[start.key].facts["id"] == "eipalloc-2"
    desk.run()
    assert start.key not in desk.state.rows
    assert (desk.state.rows[EIP].lo, desk.state.rows[EIP].facts["id"]) == (1, "eipalloc-1")


def test_a_delete_waits_for_doubles_too(desk):
    """Two things under one key that is absent: both are removed before the sandbox is deleted."""
    begin(desk, "delete")
    found_once(desk, (Found(EIP, 1, "elastic-ip", "eipalloc-1"), Found(EIP, 1, "elastic-ip", "eipalloc-2")))
    assert [start.key for start in desk.flying] == [EIP, f"{EIP}~eipalloc-2"]
    desk.run()
    assert desk.sandbox().state == "deleted"
    assert not desk.there()


def test_a_machine_that_was_taken_for_lost_is_not_removed(desk):
    """It bears data: found again, it is what it was."""
    desk.say(Lost(BOX, 1, 0, "not there"))
    assert not desk.state.rows[BOX].hi
    assert desk.say(Tick()).survey, "another read is asked for at once"
    desk.say(Surveyed(found=(Found(BOX, 1, "machine", "i-1", {}, 1),), unmanaged=()))
    row = desk.state.rows[BOX]
    assert (row.lo, row.generation, row.facts["id"], row.marks) == (1, 1, "i-1", {})
    desk.run()
    assert (desk.sandbox().state, row.lo, row.generation) == ("started", 2, 1)


def test_what_comes_back_each_time_ends_in_a_question(desk):
    """Removed, listed, removed: with pauses, then the operation fails with the id; a retry tries again."""
    begin(desk, "delete")
    began, rounds = desk.now, 0
    while desk.sandbox().state == "deleting":
        found_once(desk, (Found(EIP, 1, "elastic-ip", "eipalloc-1"),))
        rounds += 1
        land(desk)
        assert rounds < 20, "for ever"
    assert desk.sandbox().state == "deleting_failed"
    assert "eipalloc-1" in desk.operation("op_delete").reason
    assert desk.now - began > 200, "listings lag: it is given some minutes"


def test_a_lost_reply_is_followed_by_a_late_listing(desk):
    """Durable: the moment is in the snapshot, and it comes again until a complete listing answers."""
    desk.say(Command(verb="stop", operation="op_2", sandbox="sbx_bank"))
    start = desk.flying[0]
    desk.state.rows[start.key].intent = _intent()
    at = desk.now
    desk.say(Unknown(start.key, start.run, at))
    again = State.load("1", {n: desk.state.snapshot(n) for n in ("account", "sbx_bank")}, {}, settings=Settings())
    assert again.account.recheck_at == at + 1200
    assert again.next_alarm() <= at + 1200
    for _ in range(2):
        desk.now = desk.state.account.recheck_at
        assert desk.say(Tick()).survey
        desk.say(Surveyed(failed="no"))
    assert desk.now > at + 1200
    mine = (Unmanaged("elastic-ip", "eipalloc-9", "r", "elastic-ip"),)
    desk.say(Surveyed(unmanaged=mine))
    assert desk.state.account.recheck_at is None
    assert desk.state.account.unmanaged == mine


def test_replies_that_are_lost_again_and_again_do_not_put_the_listing_off(desk):
    """Soak seed 100104: a call that was unknown every ten minutes for two hours kept the account from ever being listed."""
    desk.say(Command(verb="stop", operation="op_2", sandbox="sbx_bank"))
    start, moments = desk.flying[0], [desk.now, desk.now + 600]
    desk.state.rows[start.key].intent = _intent()
    for desk.now in moments:
        desk.say(Unknown(start.key, start.run, desk.now))
    for moment in moments:
        assert desk.state.account.recheck_at == moment + 1200
        desk.now = moment + 1200
        assert desk.say(Tick()).survey
        desk.say(Surveyed(unmanaged=()))
    assert desk.state.account.recheck_at is None


def test_a_call_that_may_still_land_is_remembered_when_what_it_met_is_made_anew(desk):
    """The create of this life met its predecessor, which goes: what the create may have made is looked for then."""
    desk.say(Command(verb="delete", operation="op_2", sandbox="sbx_bank"))
    land(desk)
    desk.say(desk.create("two"))
    start = desk.flying[0]
    desk.state.rows[start.key].intent = _intent()
    desk.say(Unknown(start.key, start.run, desk.now))
    desk.say(Ended(start.key, start.run, "spoiled", "temporary", "former_life", "there", 0.0))
    assert desk.state.rows[start.key].intent.may_land


def _intent():
    return Intent(
        service="ec2", operation="StopInstances", region="r", parameters={}, way="lower", to=1, generation=1
    )  # fmt: skip


def test_a_thing_whose_own_step_is_in_flight_is_left_to_it(desk):
    """Its id is not known yet: the listing may have seen the very thing."""
    begin(desk, "stop")
    found_once(desk, ())
    desk.run()
    desk.say(Command(verb="start", operation="op_3", sandbox="sbx_bank"))
    start = next(start for start in desk.flying if start.key == EIP)
    desk.say(Surveyed(found=(Found(EIP, 2, "elastic-ip", "eipalloc-2"),)))
    assert f"{EIP}~eipalloc-2" not in desk.state.rows
    desk.say(Called(start.key, start.run, {"id": "eipalloc-2"}))
    desk.say(Surveyed(found=(Found(EIP, 2, "elastic-ip", "eipalloc-2"),)))
    assert f"{EIP}~eipalloc-2" not in desk.state.rows


def test_a_double_is_never_held(desk):
    """Cancelled while a double is removed: the double goes, is forgotten, and the sandbox can still be commanded."""
    desk.say(Command(verb="stop", operation="op_2", sandbox="sbx_bank"))
    desk.state.rows[BOX].facts["id"] = "i-1"
    desk.say(Surveyed(found=(Found(BOX, 1, "machine", "i-2", {}, 2),)))
    double = f"{BOX}~i-2"
    assert desk.state.rows[double].flight
    desk.say(Cancel(operation="op_2"))
    desk.run()
    assert double not in desk.state.rows
    assert desk.sandbox().state == "stopping_failed"
    desk.say(Command(verb="delete", operation="op_3", sandbox="sbx_bank"))
    desk.run()
    assert desk.sandbox().state == "deleted"


def test_doubles_survive_a_reload(desk):
    """They are rows like others, in the snapshot of their scope."""
    desk.state.rows[BOX].facts["id"] = "i-1"
    out = desk.say(
        Surveyed(found=(Found(BOX, 1, "machine", "i-2", {}, 2), Found("r/x/box", 1, "machine", "i-3", {}, 2)))
    )
    assert out.account_changed
    assert out.sandboxes == ["sbx_bank"]
    again = State.load("1", {n: desk.state.snapshot(n) for n in ("account", "sbx_bank")}, {}, settings=Settings())
    assert again.rows[f"{BOX}~i-2"] == desk.state.rows[f"{BOX}~i-2"]
    assert again.rows["r/x/box"].hi == 2
