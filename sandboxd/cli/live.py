"""What is told while something runs: lines that stay, and on a terminal one line under them that is drawn anew.

Writes to stderr only. Text comes in safe.
"""

import os
import shutil
import sys

_CLEAR = "\r\x1b[2K"


class Live:
    """Lines, and a last line that moves where the terminal can."""

    def __init__(self, *, moves: bool | None = None) -> None:
        self._moves = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb" if moves is None else moves
        self._shown = False

    def line(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        print(text, file=sys.stderr, flush=True)

    def status(self, text: str) -> None:
        """The line that moves; nothing where lines cannot."""
        if self._moves:
            width = max(10, shutil.get_terminal_size().columns - 1)
            sys.stderr.write(_CLEAR + text[:width])
            sys.stderr.flush()
            self._shown = True

    def clear(self) -> None:
        """Take the moving line away."""
        if self._shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
            self._shown = False
