"""A new life moves what former ones noted of when into its own clock: the wall clock may have been set in between, either way."""

from functools import partial

import pytest
from decidedesk import Desk
from msgspec import structs

from sandboxd.lifecycle.messages import Called, Command, Ended, Proved, Recovered, Tick
from sandboxd.model.resource import Intent

DAY = 86_400.0
NAT = "r/shared/nat"
MADE = partial(
    Intent, service="ec2", operation="CreateNatGateway", region="r", parameters={}, way="raise", to=1, generation=1
)


@pytest.fixture
def desk():
    """In the middle of a create, the gateway in flight with its committed call."""
    made = Desk()
    made.say(made.create())
    made.run(until="nat")
    made.state.rows[NAT].intent = MADE(rendered_at=made.now)
    return made


def reborn(desk, jump, passed=5):
    """A new life whose clock was set by so many seconds meanwhile."""
    desk.flying, desk.now = [], desk.now + passed + jump
    return desk.say(Recovered(shift=jump))


@pytest.mark.parametrize("jump", [-DAY, 0.0, DAY])
def test_a_call_that_may_have_left_is_unknown_as_of_now(desk, jump):
    """And the account is listed once more after the watch time."""
    rendered = desk.state.rows[NAT].intent.rendered_at
    reborn(desk, jump)
    intent = desk.state.rows[NAT].intent
    assert intent.unknown_at == desk.now
    assert intent.rendered_at == rendered + jump
    assert desk.state.account.recheck_at == desk.now + desk.state.settings.watch


def test_an_answered_call_is_not_unknown(desk):
    """Only reads were left: nothing of it can land."""
    desk.say(Called(NAT, desk.state.rows[NAT].run, {"id": "nat-1"}))
    reborn(desk, 0.0)
    assert desk.state.rows[NAT].intent.unknown_at is None
    assert desk.state.account.recheck_at is None


@pytest.mark.parametrize("jump", [-DAY, 0.0, DAY])
def test_every_moment_is_moved_into_the_present_clock(desk, jump):
    """What may still land may do so for as long as before, what is young is as young, a cost counts no phantom day."""
    row, at = desk.state.rows[NAT], desk.now
    row.intent, row.facts = structs.replace(row.intent, opposite_at=at), {"at": f"{at:.0f}"}
    desk.sandbox().rate = 1.0
    spent = desk.sandbox().cost
    reborn(desk, jump)
    row = desk.state.rows[NAT]
    assert row.intent.opposite_at == at + jump
    assert float(row.facts["at"]) == pytest.approx(at + jump, abs=1)
    desk.say(Tick())
    assert desk.sandbox().cost - spent < 0.01


@pytest.mark.parametrize("jump", [-DAY, 0.0, DAY])
def test_a_back_off_ends_when_it_would_have_ended(desk, jump):
    """Not a day later, and not at once."""
    desk.say(Ended(NAT, desk.state.rows[NAT].run, "nothing", code="Throttling", how="temporary", after=30.0))
    alarm = desk.state.next_alarm()
    reborn(desk, jump)
    assert desk.state.next_alarm() == pytest.approx(alarm + jump)
    desk.run()
    assert desk.sandbox().state == "started"


def test_the_second_listing_comes_when_second_listings_come(desk):
    """A delete that waited for it when the clock went back a day ends within minutes."""
    desk.run()
    desk.say(Command(verb="delete", operation="op_2", sandbox="sbx_bank"))
    while desk.operation("op_2").due is None:
        if desk.flying:
            start = desk.flying.pop(0)
            desk.say(Ended(start.key, start.run))
        else:
            proof = desk.proofs.pop(0)
            desk.say(Proved(proof.operation, proof.number))
    due = desk.operation("op_2").due
    reborn(desk, -DAY)
    assert desk.operation("op_2").due == due - DAY
    desk.run()
    assert desk.sandbox().state == "deleted"
