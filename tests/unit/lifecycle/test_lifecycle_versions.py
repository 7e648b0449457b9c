"""Work parked across an upgrade (B30), and work that a later command has made void (B28)."""

from functools import partial

import pytest
from decidedesk import Desk

from sandboxd.aws.kinds import specs
from sandboxd.lifecycle.blocked import is_blocked
from sandboxd.lifecycle.messages import Cancel, Command, Recovered, Retry, Skip
from sandboxd.lifecycle.state import Settings, State
from sandboxd.lifecycle.why import why
from sandboxd.model.errors import Conflict

NAT = "r/shared/nat"
OLD = Settings(kinds=specs())
NEW = Settings(kinds={name: spec for name, spec in specs().items() if name != "nat-gateway"})


def upgrade(desk, settings):
    """The same store under another version of the program."""
    snapshots = {name: desk.state.snapshot(name) for name in ("account", *desk.state.sandboxes)}
    operations = {name: desk.state.operation(name) for name in desk.state.operations}
    desk.state = State.load("1", snapshots, operations, settings=settings)
    desk.flying, desk.proofs = [], []
    desk.say(Recovered())


@pytest.fixture
def desk():
    """In the middle of a create, a step in flight that the next version does not know."""
    made = Desk(settings=OLD)
    made.say(made.create())
    made.run(until="nat")
    upgrade(made, NEW)
    made.run()
    return made


def test_an_unknown_step_blocks_its_operation_and_nothing_else(desk):
    """The rest is made; the operation says why it waits, with a stable code."""
    operation = desk.operation("op_bank")
    assert (operation.state, operation.code) == ("running", "step_unknown")
    assert is_blocked(desk.state, operation)
    assert "step_unknown" in why(desk.state, "op_bank")[-1].text
    assert {"vpc", "eip", "box-sg"} <= desk.there()
    assert "operation.blocked" in [event.type for event in desk.events]


def test_it_goes_on_by_itself_under_a_version_that_knows_it(desk):
    """Taken up where it was, as unknown."""
    upgrade(desk, OLD)
    assert [start.resumed for start in desk.flying if start.key == NAT] == [True]
    desk.run()
    assert (desk.sandbox().state, desk.operation("op_bank").code) == ("started", "")
    assert desk.state.rows[NAT].generation == 1


def test_it_can_be_cancelled_and_deleted(desk):
    """What is known goes; what is not stays blocked until somebody knows it."""
    desk.say(Cancel(operation="op_bank"))
    desk.run()
    assert desk.sandbox().state == "initializing_failed"
    desk.say(Command(verb="delete", operation="op_2", sandbox="sbx_bank"))
    desk.run()
    assert (desk.operation("op_2").state, desk.operation("op_2").code) == ("running", "step_unknown")
    assert not {"box", "box-sg"} & desk.there()
    upgrade(desk, OLD)
    desk.run()
    assert desk.sandbox().state == "deleted"
    assert not desk.there()


@pytest.mark.parametrize("about", [Retry, Cancel, partial(Skip, step="r/sbx_bank/box", reason="why not")])
@pytest.mark.parametrize("verb", ["stop", "delete"])
def test_what_is_older_than_a_stop_is_void(verb, about):
    """Retry, skip and cancel of it say what superseded it; nothing starts without a newer command."""
    desk = Desk()
    desk.say(desk.create())
    desk.run()
    desk.say(Command(verb="stop", operation="op_2", sandbox="sbx_bank"))
    desk.run()
    desk.say(Command(verb="start", operation="op_3", sandbox="sbx_bank"))
    start = desk.run(until="nat")
    desk.say(Cancel(operation="op_3"))
    desk.run()
    assert start is not None
    desk.say(Command(verb=verb, operation="op_4", sandbox="sbx_bank"))
    desk.run()
    for name in ("op_bank", "op_3"):
        with pytest.raises(Conflict) as caught:
            desk.say(about(operation=name))
        assert caught.value.code == "superseded"
    assert "op_4" in caught.value.detail
    assert not desk.flying
