"""A whole life with real processes: simulator, daemon, CLI. What counts is what the simulator has in the end."""

from harness import wait_until, world


def test_life_of_a_model_bank():
    """Onboard, create, stop, start, delete: each state is reached, each resource exists once, nothing is left."""
    with world() as w:
        w.serve()
        w.cli("tenant", "onboard", "acme", "--email", "ops@acme.example")
        assert w.json("tenant", "show", "acme")["state"] == "active"
        w.cli("sandbox", "create", "bank", "--tenant", "acme", "--profile", "model-bank")
        assert w.json("sandbox", "show", "acme/bank")["state"] == "started"
        made = w.kinds()
        assert made["machine"] == 4, made
        assert made["load-balancer"] == made["web-acl"] == 1, made
        assert made["nat-gateway"] == made["elastic-ip"] == made["vpc"] == 1, made
        w.cli("sandbox", "stop", "acme/bank")
        stopped = w.kinds()
        assert stopped["machine"] == 2, stopped
        assert not {"nat-gateway", "elastic-ip", "load-balancer", "web-acl"} & set(stopped), stopped
        w.cli("sandbox", "start", "acme/bank")
        assert w.kinds() == made
        w.cli("sandbox", "delete", "acme/bank", "--confirm", "bank")
        assert w.json("sandbox", "show", "acme/bank")["state"] == "deleted"
        assert w.inventory() == []
        assert w.daemon.terminate() == 0


def test_two_sandboxes_share_and_never_wait_for_each_other():
    """Created, stopped and deleted across each other: one VPC and one gateway while either runs, none afterwards."""
    with world() as w:
        w.serve()
        w.cli("tenant", "onboard", "acme", "--email", "ops@acme.example")
        asked = w.cli("sandbox", "create", "one", "two", "--tenant", "acme", "--profile", "trial", "--no-wait")
        done = [over(w, one) for one in asked.stdout.split() if one.startswith("op_")]
        shared = [{s["id"] for s in op["steps"] if "/shared/" in s["id"]} for op in done]
        assert shared[0] & shared[1], "the same step has the same id in both operations"
        both = w.kinds()
        assert (both["vpc"], both["nat-gateway"], both["machine"]) == (1, 1, 2), both
        stop = operation(w, "sandbox", "stop", "acme/one")
        third = operation(w, "sandbox", "create", "three", "--tenant", "acme", "--profile", "trial")
        gone = operation(w, "sandbox", "delete", "acme/two", "--confirm", "two")
        for op in (stop, third, gone):
            over(w, op)
        left = w.kinds()
        assert (left["vpc"], left["nat-gateway"], left["machine"]) == (1, 1, 2), left
        for name in ("one", "three"):
            operation(w, "sandbox", "delete", f"acme/{name}", "--confirm", name)
        wait_until(lambda: not [s for s in w.json("sandbox", "list") if s["state"] != "deleted"], "both deleted")
        assert w.inventory() == []


def test_different_tenants_have_different_accounts():
    """Three onboarded at once get three accounts; the fourth hears that the pool is empty, and how to go on."""
    with world(pool=3) as w:
        w.serve()
        for name in ("a", "b", "c"):
            w.cli("tenant", "onboard", name, "--email", f"{name}@x.example")
        accounts = {t["account_id"] for t in w.json("tenant", "list")}
        assert len(accounts) == 3
        refused = w.cli("tenant", "onboard", "d", "--email", "d@x.example", check=False)
        assert refused.returncode == 6, refused
        assert "pool" in refused.stderr.lower()
        assert {t["name"] for t in w.json("tenant", "list")} == {"a", "b", "c"}


def operation(w, *words: str) -> str:
    """Give a command without waiting; return the id of its operation."""
    return w.cli(*words, "--no-wait").stdout.split()[-1]


def over(w, identifier: str) -> dict:
    """Wait for an operation and return it; it must have succeeded."""
    done = w.json("operation", "wait", identifier)
    assert done["state"] == "succeeded", done
    return done
