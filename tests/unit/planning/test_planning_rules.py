"""The three rules, one by one, on graphs small enough to see."""

import pytest

from sandboxd.model.resource import Edge, Need, Node, Row, Step
from sandboxd.planning.incremental import Incremental
from sandboxd.planning.planner import Planner, Turned

VPC, NET, NAT, ROUTE, BOX = (f"r/shared/{name}" for name in ("vpc", "net", "nat", "route", "box"))


@pytest.fixture(params=[Planner, Incremental])
def planner(request):
    """VPC ← subnet ← NAT gateway ← (loosely) route; a machine that needs the route only to boot."""
    made = request.param()
    made.load(
        [
            Row(node=Node(key=VPC, kind="vpc")),
            Row(node=Node(key=NET, kind="subnet", requires={1: (Need(VPC, 1),)}, free=True)),
            Row(node=Node(key=NAT, kind="nat", requires={1: (Need(NET, 1),)}, turns=True)),
            Row(node=Node(key=ROUTE, kind="route", requires={1: (Need(NET, 1), Need(NAT, 1))}, loose=(NAT,))),
            Row(
                node=Node(
                    key=BOX, kind="machine", states=("absent", "stopped", "running"), requires={1: (Need(NET, 1),)},
                    to_enter={2: (Need(ROUTE, 1),)}, edges=(Edge(0, 2, 2), Edge(2, 0, 0), Edge(1, 0, 0)), data=True,
                )
            ),
        ]
    )  # fmt: skip
    return made


def settle(planner, *, fail=()):
    """Carry out what is due until nothing is; return the order."""
    order = []
    while due := planner.due():
        for key, step in due:
            assert not isinstance(step, Turned)
            planner.started(key, step)
            order.append((key.rpartition("/")[2], step.way, step.to))
            planner.refused(key) if key in fail else planner.done(key)
        if fail:
            break
    return order


def test_everything_rises_in_order_and_a_launch_is_one_step(planner):
    """A step may raise when all that the entered state requires is there."""
    planner.set_root("sbx", "pursued", (Need(BOX, 2), Need(ROUTE, 1)))
    assert settle(planner) == [
        ("vpc", "raise", 1), ("net", "raise", 1), ("nat", "raise", 1), ("route", "raise", 1), ("box", "raise", 2),
    ]  # fmt: skip


def test_what_was_required_only_to_enter_goes_and_what_is_kept_stays(planner):
    """The route and the NAT gateway were needed to boot; a kept machine keeps its subnet."""
    planner.set_root("sbx", "pursued", (Need(BOX, 2), Need(ROUTE, 1)))
    settle(planner)
    planner.set_root("sbx", "kept", (Need(BOX, 1),))
    assert settle(planner) == [("nat", "lower", 0), ("route", "lower", 0), ("box", "lower", 1)]
    planner.set_root("sbx")
    assert settle(planner) == [("box", "lower", 0), ("net", "lower", 0), ("vpc", "lower", 0)]


def test_free_things_stay_while_their_ground_is_desired(planner):
    """A subnet costs nothing and need not be made again."""
    planner.set_root("one", "pursued", (Need(NET, 1),))
    planner.set_root("two", "pursued", (Need(VPC, 1),))
    settle(planner)
    planner.set_root("one")
    assert settle(planner) == []
    planner.set_root("two")
    assert settle(planner) == [("net", "lower", 0), ("vpc", "lower", 0)]


def test_a_held_root_keeps_and_raises_nothing(planner):
    """A failed sandbox stays as it is."""
    planner.set_root("sbx", "pursued", (Need(NAT, 1),))
    settle(planner)
    planner.set_root("sbx", "held", (Need(BOX, 2),))
    assert settle(planner) == []


def test_a_loose_bond_is_rebound_when_its_ground_is_made_anew(planner):
    """A lost NAT gateway: made again, and the route is replaced, not deleted."""
    planner.set_root("sbx", "pursued", (Need(BOX, 2), Need(ROUTE, 1)))
    settle(planner)
    planner.vanished(NAT)
    assert settle(planner) == [("nat", "raise", 1), ("route", "rebind", 1)]
    assert planner.rows[ROUTE].on[NAT] == planner.rows[NAT].generation == 2


def test_what_was_begun_on_lost_ground_is_made_anew_even_where_it_stands_loosely(planner):
    """A route whose gateway was taken away while it was made never becomes active: nothing is there yet to be rebound."""
    planner.set_root("sbx", "pursued", (Need(ROUTE, 1),))
    for _ in range(3):
        for key, step in planner.due():
            planner.started(key, step)
            planner.done(key)
    planner.started(ROUTE, Step("raise", 1))
    planner.vanished(NAT)
    planner.between(ROUTE)
    assert settle(planner)[-2:] == [("route", "lower", 0), ("route", "raise", 1)]
    assert planner.rows[ROUTE].on[NAT] == planner.rows[NAT].generation == 2


def test_a_firm_bond_on_lost_ground_is_made_anew(planner):
    """What stood on a lost subnet is lowered first, then everything rises again."""
    planner.set_root("sbx", "pursued", (Need(NAT, 1),))
    settle(planner)
    planner.vanished(NET)
    assert settle(planner) == [("net", "raise", 1), ("nat", "lower", 0), ("nat", "raise", 1)]
    assert planner.rows[NAT].generation == 2


def test_a_waiting_raise_is_turned_when_it_is_no_longer_wanted(planner):
    """A delete two minutes into a create does not sit out the gateway."""
    planner.set_root("sbx", "pursued", (Need(NAT, 1),))
    for key in (VPC, NET):
        planner.started(key, Step("raise", 1))
        planner.done(key)
    planner.started(NAT, Step("raise", 1))
    planner.set_root("sbx")
    assert planner.due() == [], "a call is never interrupted"
    planner.rows[NAT].waiting = True
    planner.touch(NAT)
    assert planner.due() == [(NAT, Turned(0))]
    planner.turned(NAT)
    assert settle(planner) == [("nat", "lower", 0), ("net", "lower", 0), ("vpc", "lower", 0)]


def test_a_refused_resume_does_not_make_a_thing_absent(planner):
    """What a former attempt may have begun is still possibly there."""
    planner.set_root("sbx", "pursued", (Need(VPC, 1),))
    planner.started(VPC, Step("raise", 1))
    planner.between(VPC)
    planner.started(VPC, Step("raise", 1))
    planner.refused(VPC)
    assert (planner.rows[VPC].lo, planner.rows[VPC].hi) == (0, 1)
    planner.set_root("sbx")
    assert settle(planner) == [("vpc", "lower", 0)]


def test_something_spoiled_is_lowered_before_it_is_raised_again(planner):
    """A gateway that failed is there and no good."""
    planner.set_root("sbx", "pursued", (Need(NAT, 1),))
    for key in (VPC, NET):
        planner.started(key, Step("raise", 1))
        planner.done(key)
    planner.started(NAT, Step("raise", 1))
    planner.between(NAT, spoiled=True)
    assert settle(planner) == [("nat", "lower", 0), ("nat", "raise", 1)]


def test_what_goes_down_to_the_needed_state_keeps_nobody_waiting(planner):
    """A machine that is stopped holds its stopped state all the while: what stands on that may rise meanwhile."""
    disk = "r/shared/copy"
    planner.add(Row(node=Node(key=disk, kind="copy", requires={1: (Need(BOX, 1),)})))
    planner.set_root("sbx", "pursued", (Need(BOX, 2),))
    settle(planner)
    planner.set_root("sbx", "pursued", (Need(disk, 1),))
    due = planner.due()
    assert (BOX, Step("lower", 1)) in due
    planner.started(BOX, Step("lower", 1))
    assert (disk, Step("raise", 1)) in due + planner.due()
