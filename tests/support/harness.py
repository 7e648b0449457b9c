"""Real processes for system tests: a simulator, a daemon on it, and the client; all in one temporary folder.

Nothing here sleeps for a fixed time: processes are waited for by what they print or by a socket that answers.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sandboxd.client.errors import DaemonDown
from sandboxd.client.stdlib import Connection

PYTHON = [sys.executable, "-X", "utf8"]
PATIENCE = 60.0


class Process:
    """A child whose output goes to files; killed at the end of the test, whatever happened."""

    def __init__(self, name: str, argv: list[str], folder: Path, env: dict[str, str]) -> None:
        self.name, self.folder = name, folder
        self._argv, self._env = argv, env
        self.out, self.err = folder / f"{name}.out", folder / f"{name}.err"
        self.popen = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.out.open("ab") as out, self.err.open("ab") as err:
            return subprocess.Popen(self._argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=self._env)

    def restart(self) -> None:
        self.popen = self._start()

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def terminate(self, patience: float = PATIENCE) -> int:
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(patience)

    def said(self) -> str:
        return f"--- {self.name}: {self.out.read_text()[-2000:]}\n{self.err.read_text()[-6000:]}"


def wait_until(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Poll a condition until it is true; fail with its description. What takes long to ask for is asked for more rarely."""
    end = time.monotonic() + patience
    while True:
        began = time.monotonic()
        if got := condition():
            return got
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience:.0f} s for {what}")
        select.select([], [], [], max(0.02, 2 * (time.monotonic() - began)))


IMPORTS = 0.75
"""seconds that the imports of the daemon take on the machine for which limits in real time are meant, when it is idle"""


def slowness() -> float:
    """How many times slower this machine is at the moment than the one for which limits in real time are meant."""
    began = time.monotonic()
    subprocess.run([*PYTHON, "-c", "import sandboxd.daemon.main"], check=True)
    return max(1.0, (time.monotonic() - began) / IMPORTS)


class World:
    """A simulated AWS with a daemon on it."""

    def __init__(
        self, folder: Path, *, pace: float = 400, pool: int = 3, seed: int = 1, simulator: tuple[str, ...] = ()
    ) -> None:
        self.folder = folder
        self.state_dir, self.socket = folder / "state", folder / "d.sock"
        self._base = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SANDBOXD_", "PYTHONDONT"))}
        argv = [*PYTHON, "-m", "sandboxd", "simulator", "--pace", str(pace), "--pool", str(pool), "--seed", str(seed)]
        self.simulator = Process("simulator", [*argv, *simulator], folder, self._base)
        self.env = self._base | self._exports() | {"SANDBOXD_SOCKET": str(self.socket)}
        self.endpoint = self.env["AWS_ENDPOINT_URL"]
        self.daemon: Process | None = None

    def _exports(self) -> dict[str, str]:
        def line() -> str:
            if self.simulator.popen.poll() is not None:
                raise AssertionError(self.simulator.said())
            text = self.simulator.out.read_text()
            return text if text.endswith("\n") else ""

        words = wait_until(line, "the simulator").split()
        assert words[0] == "export", words
        return dict(word.split("=", 1) for word in words[1:])

    # ---- the daemon
    def serve(self, *more: str) -> Process:
        """Start the daemon and wait until it answers."""
        if self.daemon is None:
            argv = [*PYTHON, "-m", "sandboxd", "serve", "--state-dir", str(self.state_dir), *more]
            self.daemon = Process("daemon", argv, self.folder, self.env)
        else:
            self.daemon.restart()
        wait_until(self._answers, "the daemon")
        return self.daemon

    def _answers(self) -> bool:
        assert self.daemon is not None
        if self.daemon.popen.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.daemon.popen.returncode}\n{self.daemon.said()}")
        return bool(self.health())

    def ask(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """Ask the daemon without a process in between; raise DaemonDown or ClientError."""
        headers = {"Idempotency-Key": key} if key else {}
        content = json.dumps(body).encode() if body is not None else b""
        return json.loads(Connection(self.socket).raw(method, path, content, headers))

    def health(self) -> dict[str, Any]:
        """What the daemon says of itself; empty where it does not answer."""
        try:
            return dict(self.ask("GET", "/v1/health"))
        except DaemonDown:
            return {}

    # ---- the CLI
    def cli(self, *words: str, check: bool = True, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """Run one command of the CLI."""
        done = subprocess.run(
            [*PYTHON, "-m", "sandboxd", *words],
            capture_output=True,
            text=True,
            env=self.env,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{words} gave {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.said()}")
        return done

    def json(self, *words: str, timeout: float = PATIENCE) -> Any:
        """Run one command with `-o json` and return what it printed."""
        return json.loads(self.cli(*words, "-o", "json", timeout=timeout).stdout)

    # ---- the witness
    def ask_simulator(self, path: str) -> Any:
        """Ask the simulator's own endpoint."""
        with urllib.request.urlopen(f"{self.endpoint}/_simulator/{path}", timeout=10) as answer:
            return json.load(answer)

    def inventory(self) -> list[dict[str, Any]]:
        """What there is in AWS beyond what every account has by itself."""
        return list(self.ask_simulator("inventory"))

    def kinds(self) -> dict[str, int]:
        """How many there are of each kind."""
        out: dict[str, int] = {}
        for thing in self.inventory():
            out[thing["kind"]] = out.get(thing["kind"], 0) + 1
        return dict(sorted(out.items()))

    def said(self) -> str:
        return self.simulator.said() + (self.daemon.said() if self.daemon else "")

    def close(self) -> None:
        for process in (self.daemon, self.simulator):
            if process is not None and process.popen.poll() is None:
                process.popen.kill()
                process.popen.wait()


@contextlib.contextmanager
def world(**settings: Any) -> Iterator[World]:
    """A world in a short temporary folder (a socket's path has 107 bytes)."""
    with tempfile.TemporaryDirectory(prefix="sbx") as folder:
        made = World(Path(folder), **settings)
        try:
            yield made
        finally:
            made.close()
