"""Random nodes: every shape that a kind may have, standing on random ground."""

from sandboxd.model.keys import SHARED, make_key
from sandboxd.model.resource import Edge, Need, Node, Usual


def graph(rng, scope, names, below, top):
    """Random nodes for these names, standing on `below` and on each other."""
    out = {}
    keys = [make_key("r", scope, str(name)) for name in names]
    for i, key in enumerate(keys):
        ground, states = below + keys[:i], rng.choice([2, 2, 2, 3])
        requires, enter, loose = {}, {}, []
        for state in range(1, states):
            under = rng.sample(ground, min(len(ground), rng.choice([0, 1, 1, 2, 3])))
            requires[state] = tuple(Need(d, rng.randint(1, top[d])) for d in under)
            loose += [d for d in under if rng.random() < 0.25]
            if rng.random() < 0.25 and ground:
                enter[state] = tuple(Need(d, rng.randint(1, top[d])) for d in rng.sample(ground, 1))
        out[key] = Node(
            key=key, kind="thing", states=("absent", "one", "two")[:states], requires=requires, to_enter=enter,
            edges=(Edge(0, 2, 2), Edge(2, 0, 0)) if states == 3 and rng.random() < 0.6 else (), loose=tuple(loose),
            turns=rng.random() < 0.4, free=rng.random() < 0.25, skippable=rng.random() < 0.2,
            data=scope != SHARED and rng.random() < 0.1,
            up={s: Usual(rng.choice([0, 0.3, 5, 90]), 100) for s in range(1, states)},
            down={s: Usual(rng.choice([0, 0.3, 5, 60]), 100) for s in range(1, states)},
        )  # fmt: skip
        top[key] = states - 1
    return out
