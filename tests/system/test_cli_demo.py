"""The demo: a life without a screen, dead daemons and dashboards started again, a sane terminal, nobody left behind."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

import pytest
from apiprocess import until

DEMO = [sys.executable, "-m", "sandboxd", "demo"]
PATIENCE = 90.0


def environment(folder: Path) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SANDBOXD_"))} | {
        "TMPDIR": str(folder), "TERM": "xterm-256color",
    }  # fmt: skip


@pytest.fixture
def short():
    """A short folder for what the demo makes: a socket's path has 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="sbx") as folder:
        yield Path(folder)


def child(parent: int, word: str) -> int | None:
    """The child of a process whose command line has a word."""
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for task in Path(f"/proc/{parent}/task").iterdir():
            children += (task / "children").read_text().split()
        return next(
            (int(one) for one in children if word in Path(f"/proc/{one}/cmdline").read_text().split("\0")), None
        )
    except OSError:
        return None


def gone(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def start(folder: Path, *more: str) -> "subprocess.Popen[bytes]":
    argv = [*DEMO, "--headless", "--profile", "trial", "--pace", "1000", *more]
    with (folder / "err").open("ab") as err:
        return subprocess.Popen(
            argv, env=environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err
        )


def test_a_killed_daemon_is_started_again_and_the_life_goes_on(short):
    """One document on stdout, what died on stderr, nothing left in AWS and in the folder."""
    demo = start(short, "-o", "json")
    until(lambda: "create bank" in (short / "err").read_text(), "the create has begun", PATIENCE)
    os.kill(child(demo.pid, "serve"), signal.SIGKILL)
    out, _ = demo.communicate(timeout=PATIENCE)
    said = (short / "err").read_text()
    assert demo.returncode == 0, said
    assert "The daemon ended (SIGKILL); it is started again." in said
    document = json.loads(out)
    assert [phase["name"] for phase in document["phases"]] == ["create", "stop", "start", "delete"]
    assert all(phase["seconds"] >= phase["bound_seconds"] > 0 < phase["mutations"] for phase in document["phases"])
    assert document["created"]["machine"] == 1
    assert document["left"] == {}
    assert [one.name for one in short.iterdir()] == ["err"]


def test_a_kept_folder_is_gone_on_with(short):
    """The second life finds the tenant of the first."""
    for count in (1, 2):
        demo = start(short, "--state-dir", str(short / "kept"))
        out, _ = demo.communicate(timeout=PATIENCE)
        assert demo.returncode == 0, (short / "err").read_text()
        assert out.decode().endswith("left:    nothing\n")
        assert (short / "err").read_text().count("onboard acme succeeded") == 1
        assert (short / "err").read_text().count("create bank succeeded") == count


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_nobody_outlives_the_demo(short, ending):
    """However it ends, simulator and daemon end too; the folder is named where there was time to."""
    demo = start(short)
    until(lambda: "create bank" in (short / "err").read_text(), "the create has begun", PATIENCE)
    children = [child(demo.pid, word) for word in ("serve", "simulator")]
    demo.send_signal(ending)
    demo.communicate(timeout=PATIENCE)
    until(lambda: all(gone(pid) for pid in children), "the children are gone", PATIENCE)
    if ending != signal.SIGKILL:
        assert demo.returncode == 130
        assert re.search(r"kept in .*/sandboxd-demo-", (short / "err").read_text())


def test_mistakes_are_told_before_anything_starts(short):
    """A profile that is not there, a pace that is none."""
    for words, says in (
        (["--profile", "tral"], "'trial'"),
        (["--pace", "-1"], "no pace"),
        (["--set", "x=1"], "no such"),
    ):
        done = subprocess.run(
            [*DEMO, "--headless", *words], env=environment(short), capture_output=True, text=True, check=False
        )
        assert done.returncode in (2, 5), done.stderr
        assert says in done.stderr
    assert list(short.iterdir()) == []


class Screen:
    """A demo on a terminal of its own."""

    def __init__(self, folder: Path) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.theirs = theirs
        self.before = termios.tcgetattr(theirs)
        argv = [*DEMO, "--profile", "trial", "--pace", "1000"]
        self.demo = subprocess.Popen(
            argv, env=environment(folder), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        self.seen = b""

    def read(self) -> str:
        while select.select([self.ours], [], [], 0)[0]:
            self.seen += os.read(self.ours, 65536)
        return self.seen.decode("utf-8", "replace")

    def until(self, condition, what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"{what}: {self.read()[-3000:]!r}"
            self.read()
            select.select([self.ours], [], [], 0.05)

    def left_on(self) -> list[str]:
        """Modes that were switched on and not off again."""
        on: dict[str, bool] = {}
        for modes, way in re.findall(r"\x1b\[\?([0-9;]+)([hl])", self.read()):
            for mode in modes.split(";"):
                on[mode] = way == "h"
        return sorted(mode for mode, state in on.items() if state and mode not in ("7", "25"))

    def close(self) -> None:
        if self.demo.poll() is None:
            self.demo.kill()
            self.demo.wait()
        os.close(self.ours)
        os.close(self.theirs)


def test_a_killed_dashboard_leaves_a_sane_terminal_and_is_started_again(short):
    """B26, with the supervisor; then it is quit, and everything is gone."""
    screen = Screen(short)
    try:
        screen.until(lambda: "bank" in screen.read(), "the sandbox is shown")
        first = child(screen.demo.pid, "tui")
        assert "1049" in screen.left_on()
        os.kill(first, signal.SIGKILL)
        screen.until(lambda: "The dashboard ended (SIGKILL)" in screen.read(), "its end is said")
        told = screen.read().partition("The dashboard ended")[0]
        screen.seen, rest = told.encode(), screen.seen
        assert screen.left_on() == []
        screen.seen = rest
        screen.until(lambda: child(screen.demo.pid, "tui") not in (None, first), "it is started again")
        screen.until(lambda: "bank" in screen.read().rpartition("The dashboard ended")[2], "the sandbox is shown again")
        os.write(screen.ours, b"q")
        screen.until(lambda: screen.demo.poll() is not None, "the demo has ended")
        assert screen.demo.returncode == 0, screen.read()[-2000:]
        assert screen.left_on() == []
        assert termios.tcgetattr(screen.theirs) == screen.before
        assert list(short.iterdir()) == []
    finally:
        screen.close()
