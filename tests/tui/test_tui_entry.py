"""`sandboxd tui` as a program: what it refuses, what it imports, and how it leaves the terminal, whatever ends it."""

import ast
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

import tui
from tui import app

HERE = Path(tui.__file__).parent
PATIENCE = 40.0
ENV = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "80", "LINES": "24"}


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, *argv, rows=24, columns=80):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.process = subprocess.Popen(
            [sys.executable, *argv], stdin=slave, stdout=slave, stderr=slave, env=ENV, start_new_session=True
        )
        self.bytes = b""

    def read(self, seconds=0.05):
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.bytes += os.read(self.master, 65536)
            except OSError:
                return

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.read()
            assert time.monotonic() < end, f"waited for {what}: {self.bytes[-2000:]!r}"

    def sees(self, text):
        self.until(lambda: text in re.sub(rb"\x1b\[[0-9;]*m", b"", self.bytes).decode("utf-8", "replace"), text)

    def ends(self):
        self.until(lambda: self.process.poll() is not None, "its end")
        self.read()
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def terminal():
    made = []

    def make(*argv, **size):
        made.append(Terminal(*argv, **size))
        return made[-1]

    yield make
    for one in made:
        one.close()


def restored(terminal):
    """Every mode that was set is reset, in the end, and the line discipline is as before."""
    modes = {}
    for mode, what in re.findall(rb"\x1b\[\?([0-9;]+)([hl])", terminal.bytes):
        for number in mode.split(b";"):
            modes[number] = what
    left = sorted(number for number, what in modes.items() if what == b"h" and number not in (b"7", b"25"))
    now = termios.tcgetattr(terminal.slave)
    return left == [] and now[:4] == terminal.before[:4]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(terminal, tmp_path, number):
    """Mouse, alternate screen and paste mode are off again, and the exit status is the signal's."""
    shown = terminal("-m", "sandboxd", "tui", "--socket", str(tmp_path / "s"))
    shown.sees("Waiting for the daemon")
    assert not restored(shown)
    shown.process.send_signal(number)
    assert shown.ends() == -number
    assert restored(shown)


def test_q_leaves_with_zero(terminal, tmp_path):
    """Also without a daemon, at once."""
    shown = terminal("-m", "sandboxd", "tui", "--socket", str(tmp_path / "s"))
    shown.sees("Waiting for the daemon")
    os.write(shown.master, b"q")
    assert shown.ends() == 0
    assert restored(shown)


def test_no_byte_of_others_reaches_the_terminal(terminal, hostile):
    """In what is really written: no clipboard, no title, no C1, no bidi; our own sequences only."""
    shown = terminal(str(hostile.path), rows=40, columns=140)
    shown.sees("Sandboxes 5")
    for key, sign in ((b"5", "WHAT HAPPENED"), (b"2", "CONTACT"), (b"3", "ACCOUNT"), (b"1", "NAME")):
        os.write(shown.master, key)
        shown.sees(sign)
    os.write(shown.master, b"q")
    shown.ends()
    for raw in (
        b"\x1b]52;c;ZXZpbA",
        b"owned\x07",
        b"\x1b]0;owned",
        b"\x1bPq",
        b"\x9b2J",
        "\u202e".encode(),
        "\x9b".encode(),
    ):
        assert raw not in shown.bytes, raw
    assert rb"\x1b]52" in shown.bytes, "it is shown, escaped"


# ---- what it refuses, before it imports anything
def run(*argv, **more):
    return subprocess.run(
        [sys.executable, "-m", "sandboxd", "tui", *argv],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
        check=False,
        **more,
    )


@pytest.mark.parametrize("options", [(), ("--read-only",)])
def test_without_a_terminal_it_says_what_to_use_instead(options):
    """Exit code 2, nothing on stdout, no escape sequence anywhere."""
    done = run(*options)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is no terminal" in done.stderr
    assert "sandboxd watch" in done.stderr
    assert "\x1b" not in done.stderr


def test_unknown_options_are_usage_errors():
    """Exit code 2, as everywhere."""
    assert run("--nonsense").returncode == 2


def test_a_dumb_terminal_and_a_long_socket_are_refused(monkeypatch, capsys):
    """With what is wrong, and the length."""

    class Tty:
        def isatty(self):
            return True

        def write(self, text):
            return sys.__stderr__.write(text) if False else len(text)

        def flush(self):
            return None

    for name in ("stdin", "stdout"):
        monkeypatch.setattr(sys, name, Tty())
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    assert "TERM" in app._trouble(Path("/s"))
    monkeypatch.setenv("TERM", "xterm")
    assert "120 bytes, 107 are possible" in app._trouble(Path("/" + "x" * 119))
    assert app._trouble(Path("/s")) is None


# ---- imports
def imported(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


HEADLESS = ("actions", "bars", "clock", "columns", "facts", "feed", "form", "gantt", "graph", "intention", "listing", "merge",
            "notes", "planned", "questions", "scripted", "scripted_steps", "state", "words")  # fmt: skip


@pytest.mark.parametrize("name", HEADLESS)
def test_the_core_knows_no_textual(name):
    """A headless core that a terminal cannot leak into."""
    assert [one for one in imported(HERE / f"{name}.py") if one.partition(".")[0] == "textual"] == []


def test_it_knows_client_wire_and_model_only():
    """Never the daemon, never Trio."""
    for path in HERE.rglob("*.py"):
        for one in imported(path):
            top, _, rest = one.partition(".")
            assert top != "trio", path
            assert top != "sandboxd" or rest.partition(".")[0] in ("client", "wire", "model"), (path, one)


def test_mistakes_are_told_without_loading_the_dashboard():
    """What is wrong is said at once: Textual is not imported for it."""
    code = "import sys; from tui.app import main; c = main([]); print(c, [m for m in ('textual', 'httpx2', 'trio') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout.split() == ["2", "[]"]
