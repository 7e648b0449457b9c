"""Yesterday's store: refused with 78 and the option that goes on with it; with the option it serves, once and for all."""

import subprocess

from harness import PYTHON, wait_until, world


def test_an_older_store_needs_a_decision():
    """The refusal names the option; who takes it is told what it means, and the next start needs it no more."""
    with world() as w:
        w.serve()
        w.cli("tenant", "onboard", "acme", "--email", "ops@acme.example")
        assert w.daemon.terminate() == 0
        yesterday = (w.state_dir / "sandboxd.db").read_bytes()
        w.serve()
        w.cli("sandbox", "create", "bank", "--tenant", "acme", "--profile", "trial")
        w.daemon.kill()
        (w.state_dir / "sandboxd.db").write_bytes(yesterday)
        (w.state_dir / "sandboxd.db-wal").unlink(missing_ok=True)
        argv = [*PYTHON, "-m", "sandboxd", "serve", "--state-dir", str(w.state_dir)]
        done = subprocess.run(argv, capture_output=True, text=True, env=w.env, timeout=60, check=False)
        assert done.returncode == 78, done
        assert done.stderr.count("\n") == 1 and "`sandboxd serve --accept-rollback`" in done.stderr
        assert (w.state_dir / "sandboxd.db").read_bytes() == yesterday
        w.daemon = None
        accepted = w.serve("--accept-rollback")
        assert "its witness was written anew" in accepted.said()
        assert w.ask("GET", "/v1/sandboxes")["items"] == []
        assert accepted.terminate() == 0
        w.daemon = None
        w.serve()
        wait_until(lambda: w.health()["status"] == "ok", "the organization to be read")
        assert w.json("tenant", "show", "acme")["state"] == "active"
