"""The demo on a screen: a tenant and a sandbox are made while the dashboard shows it; the rest is the person's.

The supervisor outlives the dashboard: after every end of it, also a kill, the terminal is as it was.
"""

import contextlib
import signal
import subprocess
import sys
import termios
import threading
from argparse import Namespace
from typing import Any

from sandboxd.cli.demo_headless import SANDBOX, TENANT
from sandboxd.cli.demo_processes import MOST_RESTARTS, Child, Demo, how
from sandboxd.cli.failures import Failed, problem_of
from sandboxd.cli.output import narrate
from sandboxd.cli.parser import USAGE
from sandboxd.cli.words import parameters
from sandboxd.client import ops
from sandboxd.client.stdlib import Connection
from sandboxd.wire.requests import NewSandbox, NewTenant
from sandboxd.wire.text import safe_text

_OFF = (1000, 1002, 1003, 1004, 1005, 1006, 1015, 1049, 2004, 2026)
"""mouse in its five ways, focus, alternate screen, paste, synchronized output"""
RESET = "".join(f"\x1b[?{mode}l" for mode in _OFF) + "\x1b[?25h\x1b[?7h\x1b[<u\x1b[0m"
"""those off; cursor and wrapping on, kitty's keyboard as it was, colours off"""


def run(demo: Demo, arguments: Namespace) -> int:
    """Show the dashboard until it is quit; start again what dies meanwhile; return the exit code."""
    said: list[str] = []
    opening = threading.Thread(target=_open, args=(demo, arguments, said), name="demo-open", daemon=True)
    with demo.watched(said.append):
        opening.start()
        try:
            return _dashboard(demo)
        finally:
            # the screen belonged to the dashboard: what happened behind it is told now
            for line in said:
                narrate(line)


def _dashboard(demo: Demo) -> int:
    saved = termios.tcgetattr(sys.stdin.fileno())
    for _ in range(MOST_RESTARTS + 1):
        argv = [sys.executable, "-m", "sandboxd", "tui", "--socket", str(demo.socket)]
        board = subprocess.Popen(argv, env=demo.env)  # noqa: S603 - this very program
        try:
            code = _wait(board)
        finally:
            _end(board)
            _sane(saved)
        if code in (0, USAGE):
            return code
        narrate(f"The dashboard ended ({how(code)}); it is started again. (`reset` helps a terminal that looks odd.)")
    narrate("The dashboard does not stay; giving up.")
    return 1


def _wait(board: Child) -> int:
    """Wait for its end. Ctrl-C is a key of the dashboard's; a signal to us alone ends the demo."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return board.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _end(board: Child) -> None:
    if board.poll() is None:
        board.terminate()
        try:
            board.wait(5)
        except subprocess.TimeoutExpired:
            board.kill()
            board.wait()


def _sane(saved: list[Any]) -> None:
    """A killed dashboard leaves its modes behind: take them back, and what the mouse has typed meanwhile."""
    with contextlib.suppress(OSError, termios.error):  # a terminal that is gone needs nothing
        sys.stdout.write(RESET + "\n")
        sys.stdout.flush()
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, saved)
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def _open(demo: Demo, arguments: Namespace, said: list[str]) -> None:
    """Onboard the tenant and create the sandbox, unless an earlier demo has."""
    connection = Connection(demo.socket)
    try:
        if TENANT not in {one.name for one in connection.call(ops.listing("tenants")).items}:
            operation = connection.call(ops.onboard(NewTenant(name=TENANT, email="ops@acme.example")))
            while operation.state in ("queued", "running"):
                operation = connection.call(ops.wait(operation.id, 5.0))
        if SANDBOX not in {one.name for one in connection.call(ops.listing("sandboxes")).items}:
            request = NewSandbox(
                name=SANDBOX, tenant=TENANT, profile=arguments.profile, parameters=parameters(arguments.set)
            )
            connection.call(ops.create(request))
    except Failed as error:
        said.append(f"The first sandbox was not created: {safe_text(problem_of(error).detail)}")
