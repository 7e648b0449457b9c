"""Zones, numbers of the address plan and ports: frozen at first use, kept over a stop, freed at delete."""

import pytest
from decidedesk import Desk
from msgspec import structs

from sandboxd.aws.kinds import specs
from sandboxd.lifecycle.messages import Command, Create, Ended
from sandboxd.lifecycle.places import FIRST_PORT, LAST_PORT, free_ports, free_slot, ranges, zones_of
from sandboxd.lifecycle.state import State
from sandboxd.model.errors import LimitReached
from sandboxd.profile import expand, images_of, load

REGION = "r"


@pytest.fixture
def desk():
    return Desk()


def create(desk, name="bank", profile="trial", zones=("z1", "z2"), ports=None):
    found = load(profile)
    blueprint = expand(
        found, {}, kinds=specs(), region=REGION, zone=zones[0], zones=zones, slot=free_slot(desk.state), ports=ports,
        sandbox_id=f"sbx_{name}", sandbox_name=name, stage="dev", images=dict.fromkeys(images_of(found), "ami-1"),
    )  # fmt: skip
    return Create(operation=f"op_{name}", sandbox=f"sbx_{name}", name=name, tenant="acme", blueprint=blueprint)


def refuse(desk, name, code, left="nothing", how="temporary"):
    start = desk.run(until=name)
    desk.flying.remove(start)
    desk.say(Ended(start.key, start.run, left, how, code, f"no room: {code}"))


def subnet(desk, name="bank"):
    return desk.state.rows[f"r/sbx_{name}/subnet"]


def reloaded(state):
    names = ["account", *state.sandboxes]
    blobs = {name: state.snapshot(name) for name in names}
    operations = {name: state.operation(name) for name in state.operations}
    return State.load("1", blobs, operations, settings=state.settings)


# ---- what is frozen
def test_zones_are_frozen_at_first_use_and_durable(desk):
    """The account keeps them when the last sandbox is gone."""
    assert zones_of(desk.state, REGION) == ()
    desk.say(create(desk))
    desk.run()
    desk.say(Command(verb="delete", operation="op_2", sandbox="sbx_bank"))
    desk.run()
    assert zones_of(reloaded(desk.state), REGION) == ("z1", "z2")


def test_an_older_release_wrote_down_only_what_it_made(desk):
    """Its one zone is where the account is."""
    desk.say(desk.create())
    desk.run()
    assert desk.state.account.zones == {}
    assert zones_of(desk.state, REGION) == ("z",)


def test_numbers_and_ports_are_kept_over_a_stop_and_freed_at_delete(desk):
    """A50: nobody else gets them meanwhile."""
    desk.say(create(desk, "one", ports=free_ports(desk.state, REGION, ["amq"])))
    desk.run()
    desk.say(create(desk, "two", ports=free_ports(desk.state, REGION, ["amq"])))
    desk.run()
    desk.say(Command(verb="stop", operation="op_stop", sandbox="sbx_one"))
    desk.run()
    assert (free_slot(desk.state), free_ports(desk.state, REGION, ["amq"])) == (2, {"amq": FIRST_PORT + 2})
    assert free_ports(desk.state, "elsewhere", ["amq"]) == {"amq": FIRST_PORT}
    desk.say(Command(verb="delete", operation="op_delete", sandbox="sbx_one"))
    assert free_slot(desk.state) == 2
    desk.run()
    state = reloaded(desk.state)
    assert (free_slot(state), free_ports(state, REGION, ["a", "b"])) == (0, {"a": FIRST_PORT, "b": FIRST_PORT + 2})


def test_a_number_that_aws_still_shows_is_not_handed_out(desk):
    """A50: the subnet of somebody else, or one that is on its way out."""
    desk.say(create(desk))
    assert free_slot(desk.state, shown={1, 2}) == 3
    desk.run()
    assert "10.0.16.0/24" in ranges(desk.state, REGION)
    assert ranges(desk.state, "elsewhere") == []


def test_ports_run_out(desk):
    """With a reason, and what to do."""
    with pytest.raises(LimitReached, match="20999"):
        free_ports(desk.state, REGION, [f"r{n}" for n in range(LAST_PORT - FIRST_PORT + 2)])


# ---- no capacity
def test_a_new_sandbox_goes_to_the_other_zone_when_its_zone_has_no_capacity(desk):
    """The next generation of its subnet lies there; shared things stay where they are."""
    desk.say(create(desk))
    refuse(desk, "box", "InsufficientInstanceCapacity")
    assert any(event.type == "sandbox.moved" for event in desk.events)
    desk.run()
    assert desk.sandbox().state == "started"
    assert (subnet(desk).generation, subnet(desk).node.parameters["zone"]) == (2, "z2")
    assert "spare" not in subnet(desk).node.parameters
    assert desk.state.rows["r/shared/public-a"].node.parameters["zone"] == "z1"
    assert desk.state.rows["r/shared/nat"].generation == 1


def test_a_machine_that_came_up_elsewhere_first_goes_with_the_sandbox(desk):
    """All machines of a sandbox live in one zone; the one that was launched has nothing on it yet."""
    desk.say(create(desk, profile="model-bank"))
    desk.run(until="ocp")
    first = desk.run(until="acp")
    desk.flying.remove(first)
    desk.say(Ended(first.key, first.run, facts={"id": "i-1"}))
    refuse(desk, "ocp", "InsufficientInstanceCapacity")
    desk.run()
    assert desk.sandbox().state == "started"
    rows = desk.state.rows
    assert [rows[f"r/sbx_bank/{name}"].generation for name in ("acp", "ocp")] == [2, 2]
    assert subnet(desk).node.parameters["zone"] == "z2"


@pytest.mark.parametrize("code", ["InsufficientInstanceCapacity", "Unsupported"])
def test_a_second_zone_without_capacity_fails_with_the_reason(desk, code):
    """Nobody is sent to and fro; the state is kept, a retry goes on in the second zone."""
    desk.say(create(desk))
    refuse(desk, "box", "Server.InsufficientInstanceCapacity", left="absent")
    refuse(desk, "box", code, how="permanent")
    desk.run()
    assert desk.sandbox().state == "initializing_failed"
    assert f"no room: {code}" in desk.operation("op_bank").reason
    assert subnet(desk).node.parameters["zone"] == "z2"


def test_a_started_sandbox_stays_in_its_zone(desk):
    """Its disks are there: a start without capacity waits, and says why."""
    desk.say(create(desk))
    desk.run()
    for verb in ("stop", "start"):
        desk.say(Command(verb=verb, operation=f"op_{verb}", sandbox="sbx_bank"))
        if verb == "stop":
            desk.run()
    refuse(desk, "box", "InsufficientInstanceCapacity")
    assert not subnet(desk).spoiled
    assert subnet(desk).node.parameters == subnet(desk).node.parameters | {"zone": "z1", "spare": "z2"}
    assert desk.state.rows["r/sbx_bank/box"].marks["raise"].code == "InsufficientInstanceCapacity"


def test_the_move_survives_a_restart(desk):
    """It is in the snapshot of the sandbox."""
    desk.say(create(desk))
    refuse(desk, "box", "InsufficientInstanceCapacity")
    again = reloaded(desk.state).rows["r/sbx_bank/subnet"]
    assert again.node == structs.replace(subnet(desk).node)
    assert again.node.parameters["zone"] == "z2"
