"""The processes of a demo: started, looked after by one thread, ended; and the folder they live in."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from sandboxd.cli.output import narrate

PATIENCE = 20.0
"""real seconds for a process to come up or go down"""
MOST_RESTARTS = 5
_LOOK_EVERY = 0.1
_PR_SET_PDEATHSIG = 1

Child = subprocess.Popen[bytes]


class DemoError(RuntimeError):
    """A part of the demo cannot run; the text says which and what it said."""


class Demo:
    """Simulator and daemon of one demo."""

    def __init__(self, *, pace: float, state_dir: str | None) -> None:
        self.pace = pace
        self.kept = state_dir is not None
        self.folder = Path(state_dir) if state_dir else Path(tempfile.mkdtemp(prefix="sandboxd-demo-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self._short = Path(tempfile.mkdtemp(prefix="sbx"))
        self.socket = self._short / "s"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SANDBOXD_"))}
        self.env |= {"AWS_EC2_METADATA_DISABLED": "true", "SANDBOXD_SOCKET": str(self.socket)}
        self.simulator: Child | None = None
        self.daemon: Child | None = None

    @property
    def endpoint(self) -> str:
        """Where the simulated AWS is."""
        return self.env["AWS_ENDPOINT_URL"]

    # ---- up
    def start(self) -> None:
        """Start simulator and daemon, and wait until both answer."""
        argv = ["simulator", "--pace", str(self.pace), "--state-dir", str(self.folder / "aws")]
        self.simulator = self._spawn(argv, "simulator", stdout=subprocess.PIPE)
        assert self.simulator.stdout is not None
        words = self.simulator.stdout.readline().decode().split()
        if words[:1] != ["export"]:
            raise DemoError(f"the simulator did not start:\n{self._last('simulator')}")
        self.env |= dict(word.split("=", 1) for word in words[1:])
        self.start_daemon()

    def start_daemon(self) -> None:
        """Start the daemon and wait until its socket answers."""
        self.daemon = self._spawn(["serve", "--state-dir", str(self.folder / "state")], "daemon")
        end = time.monotonic() + PATIENCE
        while not _answers(self.socket):
            if self.daemon.poll() is not None or time.monotonic() > end:
                raise DemoError(f"the daemon did not start:\n{self._last('daemon')}")
            time.sleep(0.02)

    def _spawn(self, argv: list[str], name: str, stdout: int | IO[Any] = subprocess.DEVNULL) -> Child:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-m", "sandboxd", *argv], stdin=subprocess.DEVNULL, stdout=stdout, stderr=log,
                env=self.env, process_group=0, preexec_fn=_end_with_us,  # noqa: PLW1509 - see there
            )  # fmt: skip

    def _last(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")[-2000:]

    # ---- while it runs
    @contextlib.contextmanager
    def watched(self, say: Callable[[str], None]) -> Iterator[None]:
        """Start a daemon that dies again, and say so, as long as the body runs."""
        over = threading.Event()
        thread = threading.Thread(target=self._watch, args=(over, say), name="demo-watch")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _watch(self, over: threading.Event, say: Callable[[str], None]) -> None:
        restarts = 0
        while not over.wait(_LOOK_EVERY) and self.daemon is not None:
            if (code := self.daemon.poll()) is None:
                continue
            if restarts == MOST_RESTARTS:
                say(f"The daemon ended {restarts + 1} times; it is not started again.\n{self._last('daemon')}")
                return
            restarts += 1
            say(f"The daemon ended ({how(code)}); it is started again.")
            try:
                self.start_daemon()
            except DemoError as error:
                say(str(error))

    # ---- down
    def stop(self, *, clean: bool) -> None:
        """End everything; the folder of a clean end goes, another one is named."""
        for process in (self.daemon, self.simulator):
            if process is not None:
                _end(process)
        shutil.rmtree(self._short, ignore_errors=True)
        if clean and not self.kept:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            narrate(f"What happened is kept in {self.folder}")


def how(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _end(process: Child) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _answers(path: Path) -> bool:
    """Whether somebody accepts connections; the socket of a dead daemon may still lie there."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


_LIBC = ctypes.CDLL(None)


def _end_with_us() -> None:
    """In the child, before it becomes another program: a supervisor that is killed leaves nobody behind.

    One call that takes no lock, as little as can stand between fork and exec.
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
