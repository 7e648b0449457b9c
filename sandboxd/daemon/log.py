"""Logging: JSON lines on stderr through a bounded queue, so that a blocked stderr never blocks the loop.

What does not fit is dropped and counted. Text from outside is escaped by JSON itself; under journald each line gets
its level as a prefix.
"""

import contextlib
import logging
import os
import queue
import sys
import threading
import time
from typing import TextIO

import msgspec

_LEVELS = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}
_encode = msgspec.json.Encoder().encode


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, logger, message, error."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        prefix = f"<{_LEVELS.get(record.levelname, 6)}>" if os.environ.get("JOURNAL_STREAM") else ""
        return prefix + _encode(line).decode()


class QueuedHandler(logging.Handler):
    """Hands lines to a thread of its own; drops them when the queue is full, and says how many."""

    def __init__(self, stream: TextIO, size: int = 10_000) -> None:
        super().__init__()
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(size)
        self.dropped = 0
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue one line."""
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Write what is queued, for a second at most."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(None)
        self._thread.join(timeout=1)
        super().close()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            lost, self.dropped = self.dropped, 0
            text = f"{line}\n" + (f'{{"level":"warning","message":"{lost} log lines were dropped"}}\n' if lost else "")
            with contextlib.suppress(OSError, ValueError):
                self._stream.write(text)
                self._stream.flush()


def set_up(level: str) -> logging.Logger:
    """Send the log of everything to stderr; botocore and its like only from warnings on."""
    handler = QueuedHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    log = logging.getLogger("sandboxd")
    log.setLevel(level.upper())
    return log
