"""A process of `fakedaemon.py` and raw connections to it."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

SUPPORT = Path(__file__).parent
PATHS = os.pathsep.join(map(str, (SUPPORT, SUPPORT.parent.parent)))
"""these very sources, wherever else others are installed"""
GET = b"GET /v1/health HTTP/1.1\r\nHost: x\r\n"
CLOSE = b"Connection: close\r\n\r\n"


class Daemon:
    """A process of `fakedaemon.py`."""

    def __init__(self, folder: Path) -> None:
        self.path, self.err = folder / "d.sock", folder / "err"
        self.popen = self.start()
        assert self.popen.stdout.readline() == b"ready\n", self.err.read_text()

    def start(self) -> subprocess.Popen[bytes]:
        argv = [sys.executable, str(SUPPORT / "fakedaemon.py"), str(self.path)]
        with self.err.open("ab") as err:
            return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=err, env=os.environ | {"PYTHONPATH": PATHS})

    def connect(self, timeout: float = 5.0) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(timeout)
        made.connect(str(self.path))
        return made

    def ask(self, data: bytes) -> bytes:
        """Send bytes on a fresh connection and return what comes back until it closes."""
        with self.connect() as client:
            client.sendall(data)
            return everything(client)

    def answers(self) -> bool:
        return b" 200 OK" in self.ask(GET + CLOSE)

    def files(self) -> int:
        return sum(1 for _ in Path(f"/proc/{self.popen.pid}/fd").iterdir())

    def memory(self) -> int:
        text = Path(f"/proc/{self.popen.pid}/status").read_text()
        return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1])

    def stop(self) -> tuple[int, float]:
        """Ask it to end; return its code and how long it took."""
        begun = time.monotonic()
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(10), time.monotonic() - begun

    def close(self) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        self.popen.stdout.close()


def everything(client: socket.socket) -> bytes:
    out = b""
    try:
        while piece := client.recv(65536):
            out += piece
    except (ConnectionResetError, BrokenPipeError):
        out += b"<reset>"
    return out


def until(condition, what: str, patience: float = 5.0) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, what
        select.select([], [], [], 0.02)
