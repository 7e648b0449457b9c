"""When nothing fails, nothing waits for more than it must: every step of a create begins when the last of its ground is there."""

import random

import pytest

from sandboxd.lifecycle.forecast import forecast
from sandboxd.lifecycle.messages import Create
from sandboxd.lifecycle.state import Settings, State
from sandboxd.model.keys import SHARED, step_id
from sandboxd.model.records import Blueprint
from sandboxd.model.resource import Need, Row
from sandboxd.planning.graph import entry, needs
from sandboxd.planning.planner import Planner
from tests.support.histories import PROFILES, expanded
from tests.support.random_graphs import graph


def random_blueprint(seed):
    """Some of a sandbox's own nodes and of the shared ones are wanted."""
    rng, top = random.Random(seed), {}
    shared = graph(rng, SHARED, range(rng.randint(2, 8)), [], top)
    own = graph(rng, "sbx_1", range(rng.randint(2, 12)), list(shared), top)
    tops = rng.sample(list(own), rng.randint(1, len(own)))
    return Blueprint(
        profile="p", region="r", nodes=(*shared.values(), *own.values()),
        started=tuple(Need(key, rng.randint(1, top[key])) for key in tops),
    )  # fmt: skip


def critical_path(blueprint):
    """Step -> when it ends if each begins once all that it requires is there; worked out by recursion, not by the rules."""
    planner = Planner()
    planner.load(Row(node=node) for node in blueprint.nodes)
    levels, ends = planner.closure(blueprint.started), {}

    def there(key, state):
        """When a resource reaches at least this state on its way to its level."""
        if not state:
            return 0.0
        node, at, steps = planner.rows[key].node, 0, []
        while at < state:
            to = next((edge.to for edge in node.edges if (edge.at, edge.goal) == (at, levels[key])), at + 1)
            steps.append((at, to))
            at = to
        at, to = steps[-1]
        name = step_id(key, 1, node.states[to])
        if name not in ends:
            under = [*needs(node, at, to), *entry(node, at, to)]
            begins = max([there(key, at), *(there(ground, level) for ground, level in under)])
            ends[name] = begins + node.up[to].expected if to in node.up else begins + 0.5
        return ends[name]

    for key, level in levels.items():
        there(key, level)
    return ends


def planned(blueprint):
    """The steps that raise, by the same rules that the actor follows."""
    state = State.empty("1", settings=Settings())
    state.account.state = "assigned"
    create = Create(operation="op_1", sandbox="sbx_1", name="one", tenant="t", blueprint=blueprint)
    seen = forecast(state, create, 1000.0)
    assert not state.rows, "a plan touches nothing"
    return seen


def check(blueprint):
    """Each step ends when the critical path says; one that was taken back has the id of a state entered twice."""
    seen, ends = planned(blueprint), critical_path(blueprint)
    back = {step.id: step.ends for step in seen.steps if step.action == "delete" or step.id.endswith(":absent")}
    raised = {step.id: step.ends for step in seen.steps if step.id not in back}
    assert raised == {name: pytest.approx(end, abs=0.11) for name, end in ends.items() if name not in back}
    assert all(end >= ends[name] for name, end in back.items() if name in ends)
    return seen, max(ends.values(), default=0.0)


@pytest.mark.parametrize("first", range(0, 1000, 250))
def test_random_graphs(first):
    """Whatever stands on whatever."""
    for seed in range(first, first + 250):
        seen, longest = check(random_blueprint(seed))
        assert seen.expected >= longest - 0.01, seed


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles(profile):
    """A create of a profile takes its critical path and not a moment more."""
    seen, longest = check(expanded(profile, "one", "sbx_1", 0))
    assert seen.expected == pytest.approx(longest, abs=0.11)
    assert longest > 100
