"""`sandboxd tui`: what is checked before anything is drawn, and the way out that leaves the terminal as it was.

Textual is imported only when there is a terminal to draw on, so that mistakes are told at once.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from sandboxd.client.address import socket_path

USAGE = 2
_LONGEST = 107
"""bytes that the address of a Unix socket holds"""


def main(argv: list[str]) -> int:
    """Run the dashboard until it is left; return the exit code."""
    parser = argparse.ArgumentParser(prog="sandboxd tui", description="The dashboard.")
    parser.add_argument(
        "--socket", metavar="PATH", help="the daemon's socket (else SANDBOXD_SOCKET, else the usual places)"
    )
    parser.add_argument("--read-only", action="store_true", help="look, change nothing")
    options = parser.parse_args(argv)
    path = socket_path(options.socket)
    if trouble := _trouble(path):
        print(f"sandboxd tui: {trouble}", file=sys.stderr)
        return USAGE
    return _run(path, read_only=options.read_only)


def _trouble(path: Path) -> str | None:
    """Why the dashboard cannot be shown."""
    streams = {"standard input": sys.stdin, "standard output": sys.stdout, "standard error": sys.stderr}
    for name, stream in streams.items():
        if stream is None or not stream.isatty():
            return f"{name} is no terminal. Without one use `sandboxd watch` or `sandboxd sandbox list`."
    if os.environ.get("TERM", "") in ("", "dumb"):
        return "this terminal cannot be drawn on (TERM). Use `sandboxd watch` or `sandboxd sandbox list`."
    if (length := len(os.fsencode(path))) > _LONGEST:
        return f"the socket's path has {length} bytes, {_LONGEST} are possible: {path}"
    return None


def _run(path: Path, *, read_only: bool) -> int:
    from sandboxd.client.aio import AsyncClient  # noqa: PLC0415 - see above
    from tui.dashboard import Dashboard  # noqa: PLC0415
    from tui.state import State  # noqa: PLC0415

    for name in ("COLUMNS", "LINES"):  # what a shell once said; the terminal itself knows, also after it was resized
        os.environ.pop(name, None)
    state = State(address=str(path), read_only=read_only, ticks=time.monotonic)
    app = Dashboard(state=state, backend=AsyncClient(path))
    code = app.run()
    if app.signalled is not None:  # the terminal is in order: now end as whoever sent the signal expects it
        signal.signal(app.signalled, signal.SIG_DFL)
        os.kill(os.getpid(), app.signalled)
    return app.return_code or code or 0
