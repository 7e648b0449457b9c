"""`kill -9` of the daemon at moments spread over a create, then a restart: one of each resource, and an empty account after delete."""

import pytest
from harness import World, wait_until, world

MOMENTS = 3


def committed(w: World) -> int:
    """How many events are durable and shown so far."""
    return w.ask("GET", "/v1/snapshot")["seq"]


@pytest.fixture(scope="module")
def whole() -> int:
    """How many events a create commits when nothing happens to it."""
    with world() as w:
        w.serve()
        w.cli("tenant", "onboard", "acme", "--email", "ops@acme.example")
        before = committed(w)
        w.cli("sandbox", "create", "bank", "--tenant", "acme", "--profile", "model-bank")
        return committed(w) - before


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_killed_daemon_goes_on_where_it_was(moment: int, whole: int):
    """Killed when so many events were committed, restarted at once: the create ends as if nothing had happened."""
    with world(seed=moment) as w:
        daemon = w.serve()
        w.cli("tenant", "onboard", "acme", "--email", "ops@acme.example")
        start = committed(w)
        target = start + 1 + moment * (whole - 2) // (MOMENTS - 1)
        op = w.cli(
            "sandbox", "create", "bank", "--tenant", "acme", "--profile", "model-bank", "--no-wait"
        ).stdout.split()[-1]
        wait_until(lambda: committed(w) >= target, f"{target - start} events")
        daemon.kill()
        w.serve()
        assert w.json("operation", "wait", op)["state"] == "succeeded", w.said()
        assert w.json("sandbox", "show", "acme/bank")["state"] == "started"
        made = w.kinds()
        assert (made["machine"], made["vpc"], made["nat-gateway"], made["load-balancer"]) == (4, 1, 1, 1), made
        names = [(t["kind"], (t.get("tags") or {}).get("sandboxd:key")) for t in w.inventory()]
        tagged = [name for name in names if name[1]]
        assert len(tagged) == len(set(tagged)), "one of each"
        w.cli("sandbox", "delete", "acme/bank", "--confirm", "bank")
        assert w.inventory() == []
