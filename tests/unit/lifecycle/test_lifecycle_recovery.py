"""A new life relies on no moment that a former one noted: the wall clock may have been set in between, either way."""

from functools import partial

import pytest
from decidedesk import Desk
from msgspec import structs

from sandboxd.lifecycle.messages import Called, Command, Ended, Proved, Recovered, Unknown
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


def reborn(desk, jump):
    """A new life whose clock differs."""
    desk.flying, desk.now = [], desk.now + jump
    return desk.say(Recovered())


@pytest.mark.parametrize("jump", [-DAY, 5, DAY])
def test_a_call_that_may_have_left_is_unknown_as_of_now(desk, jump):
    """What the lost life noted of when says nothing; and the account is listed once more after the watch time."""
    reborn(desk, jump)
    intent = desk.state.rows[NAT].intent
    assert intent.unknown_at == desk.now
    assert intent.rendered_at <= desk.now
    assert desk.state.account.recheck_at == desk.now + desk.state.settings.watch


def test_an_answered_call_is_not_unknown(desk):
    """Only reads were left: nothing of it can land."""
    desk.say(Called(NAT, desk.state.rows[NAT].run, {"id": "nat-1"}))
    reborn(desk, 5)
    assert desk.state.rows[NAT].intent.unknown_at is None
    assert desk.state.account.recheck_at is None


@pytest.mark.parametrize("jump", [-DAY, 5, DAY])
def test_what_may_still_land_may_do_so_for_as_long_again(desk, jump):
    """An earlier call of the other way, with an unknown outcome."""
    desk.say(Unknown(NAT, desk.state.rows[NAT].run, desk.now))
    intent = desk.state.rows[NAT].intent
    desk.state.rows[NAT].intent = structs.replace(intent, opposite_at=desk.now)
    reborn(desk, jump)
    assert desk.state.rows[NAT].intent.opposite_at == desk.now


@pytest.mark.parametrize("jump", [-DAY, 5])
def test_a_back_off_ends_when_back_offs_end(desk, jump):
    """Not a day later."""
    desk.say(Ended(NAT, desk.state.rows[NAT].run, "nothing", code="Throttling", how="temporary", after=30.0))
    reborn(desk, jump)
    alarm = desk.state.next_alarm()
    assert alarm is not None
    assert alarm <= desk.now + desk.state.settings.longest_back_off
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
    reborn(desk, -DAY)
    assert desk.operation("op_2").due <= desk.now + desk.state.settings.relist_after
    desk.run()
    assert desk.sandbox().state == "deleted"
