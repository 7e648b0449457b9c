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
