"""What sandboxes cost an hour: each state once, what is shared split evenly."""

import pytest

from sandboxd.lifecycle.cost import hourly_cost, price_at, shared_cost
from sandboxd.lifecycle.state import Settings, State
from sandboxd.model.records import Blueprint, SandboxRecord
from sandboxd.model.resource import Need, Node, Row

NAT, BOX = "r/shared/nat", "r/sbx_1/box"
PRICES = {"nat": 0.06, "disk": 0.01, "instance+disk": 0.11}


@pytest.fixture
def state():
    made = State.empty("1", settings=Settings(prices=PRICES))
    machine = Node(
        key=BOX, kind="machine", states=("absent", "stopped", "running"), prices={1: "disk", 2: "instance+disk"}
    )
    made.planner.load([Row(node=Node(key=NAT, kind="nat", prices={1: "nat"}), lo=1, hi=1), Row(node=machine)])
    for name in ("sbx_1", "sbx_2"):
        made.sandboxes[name] = SandboxRecord(
            id=name, name=name, tenant="t", blueprint=Blueprint(profile="p", region="r")
        )
        made.reach[name] = {NAT: True}
        made.planner.set_root(name, "pursued", (Need(NAT, 1),))
    return made


def test_a_running_machine_pays_for_its_disk_once(state):
    """The price of a state is all that is billed in it."""
    box = state.rows[BOX]
    assert [price_at(state, box, at) for at in (0, 1, 2)] == [0.0, 0.01, 0.11]


def test_what_is_shared_is_split_evenly(state):
    """Two sandboxes pay half a gateway each; one that has left pays nothing of it."""
    state.rows[BOX].hi = 2
    assert hourly_cost(state, "sbx_1") == pytest.approx(0.11 + 0.03)
    assert hourly_cost(state, "sbx_2") == pytest.approx(0.03)
    state.planner.set_root("sbx_2")
    assert hourly_cost(state, "sbx_1") == pytest.approx(0.11 + 0.06)
    assert hourly_cost(state, "sbx_2") == 0.0
    assert shared_cost(state) == pytest.approx(0.06)
