"""CPU of the daemon for a create and a delete, against its recorded calls replayed bare with aiobotocore as it comes.

The simulator runs in this process and records each request and answer; the daemon is a real process. The replay is
another process that makes the same calls, at the same concurrency, against the recorded answers. Both figures are user
and system time of all threads, start-up and the building of clients aside.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import deque
from functools import partial
from pathlib import Path
from typing import Any

import trio

from sandboxd.aws.clients import SERVICES
from sandboxd.http import Limits, serve
from sandboxd.simulator import SimClock, open_world
from sandboxd.simulator.furnish import KEYS, furnish
from sandboxd.simulator.wire import Wire
from tests.bench.replay import asked, text
from tests.bench.rows import Row, row

PACE = 40.0
ROUNDS = 3
EVERYTHING = ("--set", "amq=true", "--set", "smart_client=true")
LENGTHS = (b"content-length", b"date")
HERTZ = os.sysconf("SC_CLK_TCK")


class Recorder:
    """The simulator's application, with a record of what was asked and answered."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.on = False
        self.calls: list[dict[str, Any]] = []
        self.answers: deque[tuple[int, list[tuple[bytes, bytes]], bytes]] = deque()
        self.running = self.most = 0

    async def __call__(self, scope, receive, send):
        body, out, head = [], [], {}

        async def hear():
            message = await receive()
            body.append(message.get("body", b""))
            return message

        async def say(message):
            head.update({k: v for k, v in message.items() if k in ("status", "headers")})
            out.append(message.get("body", b""))
            await send(message)

        self.running += 1
        self.most = max(self.most, self.running)
        await self._wire(scope, hear, say)
        self.running -= 1
        if self.on and not scope["path"].startswith("/_simulator"):
            said = {k.decode(): v.decode() for k, v in head["headers"] if k not in LENGTHS}
            self.calls.append(asked(scope, b"".join(body)) | {"status": head["status"], "said": said, "answer": text(b"".join(out))})  # fmt: skip


def cpu(pid: int) -> float:
    """User and system seconds of a process, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / HERTZ


def resident(pid: int) -> float:
    """Megabytes of memory that a process has."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


async def drive(folder: Path) -> tuple[float, float, list[dict[str, Any]]]:
    """One create and delete; the daemon's CPU seconds, its megabytes in the end, and what it asked."""
    world = open_world(clock=SimClock(pace=PACE))
    furnish(world, pool=1)
    recorder, stop = Recorder(Wire(world)), trio.Event()
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        await nursery.start(partial(serve, recorder, listeners, stop=stop, limits=Limits(idle=600.0)))
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SANDBOXD_"))} | {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}", "AWS_ACCESS_KEY_ID": KEYS[0],
            "AWS_SECRET_ACCESS_KEY": KEYS[1], "AWS_DEFAULT_REGION": "eu-central-1", "SANDBOXD_SOCKET": str(folder / "s"),
            "SANDBOXD_CLOCK__PACE": str(PACE), "SANDBOXD_CLOCK__ORIGIN": repr(world.clock.origin),
        }  # fmt: skip
        base = [sys.executable, "-m", "sandboxd"]
        daemon = await trio.lowlevel.open_process(
            [*base, "serve", "--state-dir", str(folder / "d")], env=env, stderr=subprocess.DEVNULL
        )

        async def cli(*words: str, check: bool = True) -> int:
            done = await trio.run_process(
                [*base, *words], env=env, capture_stdout=True, capture_stderr=True, check=check
            )
            return done.returncode

        while await cli("info", check=False):
            await trio.sleep(0.05)
        await cli("tenant", "onboard", "acme", "--email", "ops@acme.example")
        recorder.on, before = True, cpu(daemon.pid)
        await cli("sandbox", "create", "bank", "--tenant", "acme", "--profile", "model-bank", *EVERYTHING)
        used, memory = cpu(daemon.pid) - before, resident(daemon.pid)
        daemon.terminate()
        await daemon.wait()
        stop.set()
    return used, memory, recorder.calls


def replay(calls: list[dict[str, Any]], folder: Path) -> float:
    """CPU seconds of the same calls made bare."""
    file = folder / "calls.json"
    file.write_text(json.dumps(calls))
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.replay", str(file)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def run() -> list[Row]:
    """Daemon and replay in turn, as a ratio."""
    ratios, used_all, memory = [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="sbx") as name:
            used, megabytes, calls = trio.run(drive, Path(name))
            ratios.append(used / replay(calls, Path(name)))
            used_all.append(used)
            memory.append(megabytes)
    return [
        row("CPU of the daemon, create and delete", ratios, "× bare calls", 1.5, "aiobotocore as it comes, same calls"),
        row("CPU of the daemon, create and delete (absolute)", used_all, "s", None, ""),
        row(
            "memory of the daemon after a whole life",
            memory,
            "MB",
            180,
            f"{len(SERVICES)} services' clients, one region",
        ),
    ]
