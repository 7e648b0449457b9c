"""Bonds to ground of one generation: what random graphs once got wrong, one case each."""

import pytest

from sandboxd.model.resource import Need, Node, Row, Step
from sandboxd.planning.incremental import Incremental
from sandboxd.planning.planner import Planner

GROUND, OTHER, THING = "r/shared/ground", "r/shared/other", "r/shared/thing"


@pytest.fixture(params=[Planner, Incremental])
def planner(request):
    """A thing of two states: the first stands on one ground, the second on another besides."""
    made = request.param()
    made.load(
        [
            Row(node=Node(key=GROUND, kind="ground")),
            Row(node=Node(key=OTHER, kind="ground")),
            Row(
                node=Node(
                    key=THING, kind="thing", states=("absent", "one", "two"),
                    requires={1: (Need(GROUND, 1),), 2: (Need(OTHER, 1),)},
                )
            ),
        ]
    )  # fmt: skip
    made.set_root("sbx", "pursued", (Need(THING, 2),))
    return made


def carry(planner, *steps):
    """These steps begin and end well, in this order."""
    for key, step in steps:
        assert (key, step) in planner.due()
        planner.started(key, step)
        planner.done(key)


def grounded(planner):
    """Both grounds are there."""
    for key in (GROUND, OTHER):
        planner.started(key, Step("raise", 1))
        planner.done(key)


def test_a_bond_is_to_the_generation_that_was_there_when_the_step_began(planner):
    """Ground lost while the step was in flight, and made again before it ended: the thing stands on what is gone."""
    grounded(planner)
    planner.started(THING, Step("raise", 1))
    planner.vanished(GROUND)
    planner.started(GROUND, Step("raise", 1))
    planner.done(GROUND)
    planner.done(THING)
    assert planner.rows[THING].on[GROUND] == 1
    carry(planner, (THING, Step("lower", 0)), (THING, Step("raise", 1)))
    assert planner.rows[THING].on[GROUND] == 2


def test_what_was_only_begun_is_bonded_too(planner):
    """It would go on upon other ground, or wait for ground that waits for it."""
    grounded(planner)
    planner.started(THING, Step("raise", 1))
    planner.between(THING)
    planner.vanished(GROUND)
    carry(planner, (GROUND, Step("raise", 1)), (THING, Step("lower", 0)), (THING, Step("raise", 1)))
    assert planner.rows[THING].generation == 2


def test_lowering_keeps_the_bonds_of_what_stays(planner):
    """From two to one: still on the first ground, no longer on the second."""
    grounded(planner)
    carry(planner, (THING, Step("raise", 1)), (THING, Step("raise", 2)))
    planner.set_root("sbx", "pursued", (Need(THING, 1),))
    carry(planner, (THING, Step("lower", 1)))
    assert planner.rows[THING].on == {GROUND: 1}
    planner.vanished(GROUND)
    assert THING in planner.view().remade


def test_a_resumed_step_keeps_the_bonds_with_which_it_began(planner):
    """The second attempt looks at what is there; that stands on the ground of the first."""
    grounded(planner)
    planner.started(THING, Step("raise", 1))
    planner.between(THING)
    planner.started(THING, Step("raise", 1))
    planner.vanished(GROUND)
    planner.done(THING)
    assert THING in planner.view().remade


def test_a_loss_during_a_proof_of_nothing_leaves_no_bond(planner):
    """What AWS does not have stands on nothing, and is made anew as the next generation."""
    grounded(planner)
    planner.started(THING, Step("raise", 1))
    planner.absent(THING)
    assert planner.rows[THING].on == planner.rows[THING].onto == {}
    carry(planner, (THING, Step("raise", 1)))
    assert planner.rows[THING].generation == 2


# ---- what bears data
BOX, STOOL = "r/sbx/box", "r/sbx/stool"


@pytest.fixture(params=[Planner, Incremental])
def house(request):
    """A box of data on a thing on a ground, and beside it a stool that bears none; all there."""
    made = request.param()
    made.load(
        [
            Row(node=Node(key=GROUND, kind="ground")),
            Row(node=Node(key=THING, kind="thing", requires={1: (Need(GROUND, 1),)})),
            Row(node=Node(key=BOX, kind="box", requires={1: (Need(THING, 1),)}, data=True)),
            Row(node=Node(key=STOOL, kind="stool", requires={1: (Need(GROUND, 1),)})),
        ]
    )
    made.set_root("sbx", "pursued", (Need(BOX, 1), Need(STOOL, 1)))
    everything(made)
    return made


def generations(planner):
    return {key: row.generation for key, row in planner.rows.items() if row.lo}


def everything(planner):
    """Carry out whatever may start, until nothing may."""
    for _ in range(20):
        for key, step in planner.due():
            planner.started(key, step)
            planner.done(key)
    assert planner.due() == []


def test_data_stays_whatever_becomes_of_its_ground(house):
    """The ground is made anew; what bears data, and what that stands on, is not, and the stool beside it is."""
    house.vanished(GROUND)
    everything(house)
    assert generations(house) == {GROUND: 2, THING: 1, BOX: 1, STOOL: 2}


def test_what_data_stands_on_is_there_again_under_it(house):
    """It vanished itself: it is raised under what stands there."""
    house.vanished(THING)
    everything(house)
    assert generations(house) == {GROUND: 1, THING: 2, BOX: 1, STOOL: 1}


def test_what_is_no_good_under_data_is_tried_again_as_it_is(house):
    """Made anew it could only be without what stands on it."""
    house.lowered(THING, 0)
    house.started(THING, Step("raise", 1))
    house.between(THING, spoiled=True)
    assert (THING, Step("raise", 1)) in house.due()
    assert house.rows[BOX].lo == 1


def test_data_that_is_kept_stays_without_its_ground(house):
    """A stopped machine is not thrown away because somebody removed what it was launched with."""
    house.set_root("sbx", "kept", (Need(BOX, 1),))
    house.vanished(THING)
    everything(house)
    assert generations(house) == {GROUND: 1, THING: 2, BOX: 1}


def test_what_is_begun_bears_no_data_yet(house):
    """A launch that was cut off on ground that has gone is made anew."""
    house.vanished(BOX)
    house.started(BOX, Step("raise", 1))
    house.between(BOX)
    house.vanished(THING)
    everything(house)
    assert generations(house)[BOX] == 3


def test_once_the_data_is_gone_its_ground_is_made_anew(house):
    """What was left alone for its sake is due when nobody stands there any more."""
    house.vanished(GROUND)
    everything(house)
    house.set_root("sbx", "pursued", (Need(THING, 1),))
    everything(house)
    assert generations(house) == {GROUND: 2, THING: 2}
