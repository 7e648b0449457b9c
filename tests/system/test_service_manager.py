"""Before a service manager: ready as soon as reads are served, whatever AWS does; more time asked for; patted while alive."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import idle_accounts
import pytest
from harness import PYTHON, slowness, wait_until

from sandboxd.client.stdlib import Connection
from sandboxd.store import open_store

ACCOUNTS = 1000
WITHIN = 2.0
"""real seconds until READY"""
GOLDEN = Path(__file__).parents[1] / "golden" / "schema-1.db"


class Manager:
    """A NOTIFY_SOCKET, and all that was said to it."""

    def __init__(self, folder: Path) -> None:
        self.path, self.said = folder / "notify", []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(self.path))

    def heard(self, word: str) -> bool:
        try:
            while True:
                self.said += self._socket.recv(4096).decode().splitlines()
        except BlockingIOError:
            return any(line.startswith(word) for line in self.said)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path):
    made = Manager(tmp_path)
    yield made
    made.close()


@pytest.fixture
def silent_aws():
    """An endpoint that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_ready_before_recovery_though_aws_hangs(tmp_path, manager, silent_aws, covered):
    """A thousand accounts, one of them in the middle of a create: reads are served at once, and the watchdog is patted."""
    state, path = tmp_path / "state", tmp_path / "d.sock"
    state.mkdir(mode=0o700)
    shutil.copy(GOLDEN, state / "sandboxd.db")
    with open_store(state / "sandboxd.db") as store:
        idle_accounts.add(store, ACCOUNTS)
    env = os.environ | {
        "NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "500000", "AWS_ENDPOINT_URL": silent_aws,
        "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "eu-central-1",
    }  # fmt: skip
    slow, began = slowness(), time.monotonic()
    argv = [*PYTHON, "-m", "sandboxd", "serve", "--state-dir", str(state), "--socket", str(path)]
    with subprocess.Popen(argv, env=env, stderr=subprocess.DEVNULL) as daemon:
        try:
            wait_until(lambda: manager.heard("READY=1"), "READY")
            ready = time.monotonic() - began
            tenants = ask(path, "/v1/tenants?limit=5000")
            served = time.monotonic() - began
            assert tenants.count(b'"active"') == ACCOUNTS + 2
            assert b"has not been read yet" in ask(path, "/v1/health")
            wait_until(lambda: manager.heard("READY=1") and manager.said.count("WATCHDOG=1") > 2, "the watchdog")
            first = manager.said[: manager.said.index("READY=1")]
            assert any(line.startswith("EXTEND_TIMEOUT_USEC=") for line in first), manager.said
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(30) == 0
            assert manager.heard("STOPPING=1")
        finally:
            daemon.kill()
    covered(
        f"{ACCOUNTS} accounts: READY after {ready:.2f} s, all of them read after {served:.2f} s, machine {slow:.1f} times slower"
    )
    assert ready < WITHIN * max(slow, slowness())


def ask(path: Path, what: str) -> bytes:
    return Connection(path).raw("GET", what)
