"""How quick commands start, and what a daemon with a thousand idle accounts costs."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.rows import Row, row
from tests.support.harness import World, wait_until

RUNS = 15
ACCOUNTS = 1000
WATCHED = 5.0
"""real seconds in which wake-ups are counted"""


def timed(argv: list[str], env: dict[str, str]) -> list[float]:
    """Milliseconds of some runs after a warm-up."""
    out = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        subprocess.run(argv, env=env, capture_output=True, check=True)
        out.append((time.perf_counter() - began) * 1000)
    return out[1:]


def status(pid: int, name: str) -> int:
    """A number of /proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))


def wakeups(pid: int) -> float:
    """Voluntary context switches a second of the main thread."""
    before, began = status(pid, "voluntary_ctxt_switches"), time.monotonic()
    time.sleep(WATCHED)
    return (status(pid, "voluntary_ctxt_switches") - before) / (time.monotonic() - began)


def run() -> list[Row]:
    """One world with a thousand accounts in its pool, left alone."""
    with tempfile.TemporaryDirectory(prefix="sbx") as folder:
        world = World(Path(folder), pace=5, pool=ACCOUNTS)
        try:
            daemon = world.serve()
            wait_until(lambda: world.json("pool", "show")["available"] == ACCOUNTS, "the whole organization to be read")
            base = [sys.executable, "-m", "sandboxd"]
            bare = timed([sys.executable, "-c", ""], world.env)
            start = f"bare Python starts in {sorted(bare)[len(bare) // 2]:.0f} ms"
            rows = [
                row("sandboxd --help", timed([*base, "--help"], world.env), "ms", 120, start),
                row("sandboxd sandbox list", timed([*base, "sandbox", "list"], world.env), "ms", 150, start),
            ]
            pid = daemon.popen.pid
            rows.append(row("wake-ups of an idle daemon", [wakeups(pid)], "a second", 1, f"{ACCOUNTS} idle accounts"))
            rows.append(
                row("memory of an idle daemon", [status(pid, "VmRSS") / 1024], "MB", 120, f"{ACCOUNTS} idle accounts")
            )
            return rows
        finally:
            world.close()
