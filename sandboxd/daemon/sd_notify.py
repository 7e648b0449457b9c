"""The service manager: readiness, status and watchdog over `NOTIFY_SOCKET`; silent where there is none."""

import os
import socket

import trio


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

    async def pat(self) -> None:
        """Pat the watchdog for as long as the loop runs; returns at once where there is none."""
        while self._watchdog:
            self.say("WATCHDOG=1")
            await trio.sleep(self._watchdog / 2.5)
