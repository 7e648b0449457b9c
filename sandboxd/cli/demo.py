"""`sandboxd demo`: simulated AWS, daemon and dashboard as three processes under a small supervisor.

A daemon or dashboard that dies is started again at once, and that is said; a dashboard that was killed leaves a sane
terminal. Without `--state-dir` everything lives in a fresh folder that goes at a clean end and is named otherwise.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import termios
import time
from argparse import Namespace
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from sandboxd.cli.output import narrate
from sandboxd.cli.parser import USAGE

RESET = "\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[<u\x1b[0m"
"""leave the alternate screen, show the cursor, switch mouse, paste and focus reports off"""
PATIENCE = 20.0
CLEAN_QUIT = 0
MOST_RESTARTS = 5


class DemoError(RuntimeError):
    """A part of the demo cannot run; the text says which and what it said."""


class Demo:
    """The processes of one demo and the folder they live in."""

    def __init__(self, *, pace: float, state_dir: str | None) -> None:
        self.pace = pace
        self.kept = state_dir is not None
        self.folder = Path(state_dir) if state_dir else Path(tempfile.mkdtemp(prefix="sandboxd-demo-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self._short = Path(tempfile.mkdtemp(prefix="sbx"))
        self.socket = self._short / "s"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SANDBOXD_"))}
        self.env |= {"AWS_EC2_METADATA_DISABLED": "true", "SANDBOXD_SOCKET": str(self.socket)}
        self.simulator: subprocess.Popen[bytes] | None = None
        self.daemon: subprocess.Popen[bytes] | None = None

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
        """Start the daemon and wait until its socket is there."""
        self.daemon = self._spawn(["serve", "--state-dir", str(self.folder / "state")], "daemon")
        end = time.monotonic() + PATIENCE
        while not self.socket.exists():
            if self.daemon.poll() is not None or time.monotonic() > end:
                raise DemoError(f"the daemon did not start:\n{self._last('daemon')}")
            time.sleep(0.02)

    def _spawn(
        self, argv: list[str], name: str, stdout: int | IO[Any] = subprocess.DEVNULL
    ) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-m", "sandboxd", *argv]
            return subprocess.Popen(  # noqa: S603 - this very program
                command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=log, env=self.env
            )

    def _last(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")[-2000:]

    # ---- down
    def stop(self, *, clean: bool) -> None:
        """End everything; the folder of a clean end goes, another one is named."""
        for process in (self.daemon, self.simulator):
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()
        shutil.rmtree(self._short, ignore_errors=True)
        if clean and not self.kept:
            shutil.rmtree(self.folder, ignore_errors=True)
        elif not self.kept:
            narrate(f"What happened is kept in {self.folder}")

    @property
    def endpoint(self) -> str:
        """Where the simulated AWS is."""
        return self.env["AWS_ENDPOINT_URL"]


def main(arguments: Namespace) -> int:
    """Run the demo with or without a screen."""
    from sandboxd.cli.demo_headless import run as headless

    screen = not arguments.headless and all(one.isatty() for one in (sys.stdin, sys.stdout, sys.stderr))
    if not screen and not arguments.headless:
        narrate("There is no terminal: the demo runs headless.")
    demo = Demo(pace=arguments.pace or (20.0 if screen else 60.0), state_dir=arguments.state_dir)
    clean = False
    try:
        demo.start()
        code = _dashboard(demo) if screen else headless(demo, arguments)
        clean = code == 0
    except DemoError as error:
        narrate(f"sandboxd demo: {error}")
        return 1
    finally:
        demo.stop(clean=clean)
    return code


def _dashboard(demo: Demo) -> int:
    """Run the dashboard until it is quit; start again what dies meanwhile."""
    saved = termios.tcgetattr(sys.stdin.fileno())
    restarts = 0
    while True:
        board = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "sandboxd", "tui", "--socket", str(demo.socket)], env=demo.env
        )
        _watch(demo, board)
        if board.returncode in (CLEAN_QUIT, USAGE):
            return board.returncode
        _sane(saved)
        restarts += 1
        if restarts > MOST_RESTARTS:
            narrate(f"The dashboard died {restarts} times; giving up.")
            return 1
        narrate("The dashboard died; it is started again.")


def _watch(demo: Demo, board: "subprocess.Popen[bytes]") -> None:
    """Wait for the dashboard; a daemon that dies is started again at once."""
    while board.poll() is None:
        with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            board.wait(0.1)
        if demo.daemon is not None and demo.daemon.poll() is not None and board.poll() is None:
            demo.start_daemon()


def _sane(saved: list[Any]) -> None:
    """A killed dashboard leaves its modes behind: take them back."""
    sys.stdout.write(RESET + "\n")
    sys.stdout.flush()
    termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, saved)
