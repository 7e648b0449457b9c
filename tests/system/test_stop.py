"""SIGTERM at seeded moments of a create: what was sent is answered and recorded, so the next life has nothing to resolve."""

import random

import pytest
from harness import wait_until, world

from sandboxd.lifecycle.state import Settings, State
from sandboxd.store import open_store

MOMENTS = 6


def in_doubt(state_dir) -> list[str]:
    """What a stop left whose outcome is not known: an intent marked so, or a call that was begun and not recorded."""
    out = []
    with open_store(state_dir / "sandboxd.db") as store:
        for actor in store.actors():
            loaded = store.load(actor)
            state = State.load(actor, loaded.snapshots, loaded.operations, settings=Settings())
            for key, row in state.rows.items():
                if row.intent is not None and row.intent.unknown_at is not None:
                    out.append(f"{key}: unknown")
                if row.flight is not None and not row.waiting:
                    out.append(f"{key}: {row.flight.way} was begun, and nothing is known of it")
    return out


@pytest.mark.parametrize("seed", range(MOMENTS))
def test_a_stop_makes_no_outcome_unknown(seed):
    """Stopped after so many mutations, started again: no mutation is repeated, and the create ends."""
    rng = random.Random(seed)
    with world(seed=seed, pace=200) as w:
        daemon = w.serve()
        w.cli("tenant", "onboard", "acme", "--email", "ops@acme.example")
        w.ask("POST", "/v1/sandboxes", {"name": "bank", "tenant": "acme", "profile": "trial"}, key="create")
        mark, moment = w.ask_simulator("calls")["mutations"], rng.randrange(0, 15)
        wait_until(lambda: w.ask_simulator("calls")["mutations"] >= mark + moment, f"{moment} mutations")
        assert daemon.terminate() == 0
        assert in_doubt(w.state_dir) == []
        w.serve()
        wait_until(lambda: w.ask("GET", "/v1/operations")["items"][-1]["state"] == "succeeded", "the create")
        calls = w.ask_simulator("calls")
        made = {name: count for name, count in calls["operations"].items() if name.startswith("ec2:Create")}
        assert calls["refused"] == 0, calls
        assert made["ec2:CreateVpc"] == made["ec2:CreateNatGateway"] == made["ec2:CreateInternetGateway"] == 1, made
        kinds = w.kinds()
        assert (kinds["machine"], kinds["elastic-ip"]) == (1, 1), kinds
