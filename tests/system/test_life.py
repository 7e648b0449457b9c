"""A whole life with real processes: simulator, daemon, CLI. What counts is what the simulator has in the end."""

from harness import world


def test_life_of_a_model_bank():
    """Onboard, create, stop, start, delete: each state is reached, each resource exists once, nothing is left."""
    with world() as w:
        w.serve()
        w.cli("tenant", "onboard", "acme", "--email", "ops@acme.example")
        assert w.json("tenant", "show", "acme")["state"] == "active"
        w.cli("sandbox", "create", "bank", "--tenant", "acme", "--profile", "model-bank")
        assert w.json("sandbox", "show", "acme/bank")["state"] == "started"
        made = w.kinds()
        assert made["machine"] == 2, made
        assert made["nat-gateway"] == made["elastic-ip"] == made["vpc"] == 1, made
        w.cli("sandbox", "stop", "acme/bank")
        stopped = w.kinds()
        assert stopped["machine"] == 2, stopped
        assert "nat-gateway" not in stopped and "elastic-ip" not in stopped, stopped
        w.cli("sandbox", "start", "acme/bank")
        assert w.kinds() == made
        w.cli("sandbox", "delete", "acme/bank", "--confirm", "bank")
        assert w.json("sandbox", "show", "acme/bank")["state"] == "deleted"
        assert w.inventory() == []
        assert w.daemon.terminate() == 0
