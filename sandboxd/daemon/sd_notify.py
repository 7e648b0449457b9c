"""The service manager: readiness, status and watchdog over `NOTIFY_SOCKET`; silent where there is none."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio

EVERY, LONGER = 10.0, 30.0
"""seconds between two requests for more time, and how much is asked for"""


class ServiceManager:
    """Tells systemd how the daemon is."""

    def __init__(self) -> None:
        self._path = os.environ.get("NOTIFY_SOCKET", "")
        self._watchdog = int(os.environ.get("WATCHDOG_USEC", "0")) / 1_000_000

    def say(self, *lines: str) -> None:
        """Send assignments like `READY=1`."""
        if not self._path:
            return
        address = "\0" + self._path[1:] if self._path.startswith("@") else self._path
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.sendto("\n".join(lines).encode(), address)

    async def pat(self, is_alive: Callable[[], bool]) -> None:
        """Pat the watchdog for as long as the loop runs and the rest is alive; returns at once where there is none."""
        while self._watchdog:
            if is_alive():
                self.say("WATCHDOG=1")
            await trio.sleep(self._watchdog / 2.5)

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Ask for more time, again and again, while something runs that cannot be told how long it takes."""
        over = threading.Event()
        thread = threading.Thread(target=self._ask, args=(what, over), name="service manager", daemon=True)
        if self._path:
            thread.start()
        try:
            yield
        finally:
            over.set()
            if self._path:
                thread.join()

    def _ask(self, what: str, over: threading.Event) -> None:
        while True:
            self.say(f"EXTEND_TIMEOUT_USEC={int(LONGER * 1_000_000)}", f"STATUS={what}")
            if over.wait(EVERY):
                return
