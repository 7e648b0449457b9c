"""A disk that fails under a running daemon: it ends at once with 74, and the next start serves what was acknowledged."""

import signal
import time
from pathlib import Path

import pytest
from harness import PYTHON, Process, slowness, wait_until, world

from sandboxd.client.errors import ClientError, DaemonDown

WITHIN = 1.0
"""real seconds from the failure to the end of the process"""
SUPPORT = Path(__file__).parents[1] / "support"
FAILING = """
import signal, sys
sys.path.insert(0, sys.argv[1])
import apsw, shakydisk
disk = shakydisk.Disk("shaky")
apsw.set_default_vfs("shaky")
signal.signal(signal.SIGUSR1, lambda *_: disk.fail.update({sys.argv[2]: lambda: apsw.IOError("EIO")}))
from sandboxd.daemon.main import main
sys.exit(main(sys.argv[3:]))
"""


@pytest.mark.parametrize("what", ["write", "sync"])
def test_a_disk_that_fails_stops_the_daemon_at_once(what):
    """EIO at a write or an fsync: one sentence and 74 within a second; nothing acknowledged is missing afterwards."""
    with world() as w:
        argv = [*PYTHON, "-c", FAILING, str(SUPPORT), what, "--state-dir", str(w.state_dir)]
        w.daemon = Process("daemon", argv, w.folder, w.env)
        wait_until(w.health, "the daemon")
        w.cli("tenant", "onboard", "acme", "--email", "ops@acme.example")
        slow = slowness()
        w.daemon.popen.send_signal(signal.SIGUSR1)
        began = time.monotonic()
        with pytest.raises((DaemonDown, ClientError)):
            w.ask("POST", "/v1/tenants", {"name": "beta", "email": "ops@beta.example"}, key="beta")
        assert w.daemon.popen.wait(30) == 74
        took = time.monotonic() - began
        assert took < WITHIN * max(slow, slowness())
        assert "the store cannot be written" in w.daemon.said()
        assert "Traceback" not in w.daemon.err.read_text().rpartition("sandboxd: ")[2]
        w.daemon = None
        w.serve()
        assert "acme" in [tenant["name"] for tenant in w.ask("GET", "/v1/tenants")["items"]]
        w.ask("POST", "/v1/tenants", {"name": "beta", "email": "ops@beta.example"}, key="beta")
        wait_until(lambda: {t["state"] for t in w.ask("GET", "/v1/tenants")["items"]} == {"active"}, "both tenants")
        assert len(w.ask("GET", "/v1/tenants")["items"]) == 2
