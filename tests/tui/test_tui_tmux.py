"""The dashboard in a real terminal against real processes: a whole life by keys, and a daemon that dies in between."""

import os
import shutil
import subprocess
import sys
import time
import uuid

import harness
import pytest

pytestmark = pytest.mark.skipif(
    shutil.which("tmux") is None and os.environ.get("CI") != "true", reason="needs tmux: apt-get install tmux"
)
PATIENCE = 90.0


class Tmux:
    """A tmux server of its own with one window."""

    def __init__(self, command, env, *, columns=100, rows=36):
        self._server = ["tmux", "-L", f"sandboxd-{uuid.uuid4().hex[:8]}", "-f", "/dev/null"]
        given = [f"-e{name}={value}" for name, value in env.items()]
        size = ["-x", str(columns), "-y", str(rows)]
        # the window outlives the dashboard: what it left behind is looked at
        self("new-session", "-d", "-s", "t", *size, *given, f"{command}; echo ENDED with $?; exec cat")

    def __call__(self, *words):
        return subprocess.run([*self._server, *words], capture_output=True, text=True, check=True, timeout=20).stdout

    @property
    def text(self):
        return self("capture-pane", "-p", "-t", "t")

    def sees(self, *words, but=()):
        end = time.monotonic() + PATIENCE
        while True:
            text = self.text
            if all(word in text for word in words) and not any(word in text for word in but):
                return text
            assert time.monotonic() < end, f"waited for {words}:\n{text}"
            time.sleep(0.05)

    def at(self, label):
        """Wait until keys go to this field."""
        self.sees(f"▸ {label}")

    def press(self, *keys):
        for key in keys:
            self("send-keys", "-t", "t", key)

    def write(self, text):
        self("send-keys", "-t", "t", "-l", text)

    def close(self):
        subprocess.run([*self._server, "kill-server"], capture_output=True, check=False)


@pytest.fixture
def world():
    with harness.world(pace=60) as made:
        made.serve()
        yield made


@pytest.fixture
def screen(world):
    env = {name: value for name, value in world.env.items() if name.startswith("SANDBOXD_")}
    made = Tmux(f"{sys.executable} -m sandboxd tui", env | {"TERM": "xterm-256color"})
    yield made
    made.close()


def test_a_life_by_keys(world, screen):
    """Onboard and create from the form, kill and restart the daemon meanwhile, stop, start, delete: nothing is left."""
    screen.sees("No sandboxes yet", "● live")
    screen.press("n")
    screen.at("  its name")
    screen.write("acme")
    screen.press("Enter")
    screen.at("  e-mail")
    screen.write("someone@acme.example")
    screen.press("Enter")
    screen.at("Name")
    screen.write("box")
    screen.press("Tab", "Enter")
    screen.sees("amq            training", "smart_client   trial")
    screen.press("Down", "Down", "Enter")
    screen.sees("One small machine")
    screen.press("BTab")
    screen.at("Name")
    screen.press("Enter")
    screen.sees("an account of its own")
    screen.press("Enter", "Enter", "Enter")
    screen.sees("acme/box", "Steps")

    world.daemon.kill()
    screen.sees("The daemon is away", "acme/box")
    world.serve()
    screen.sees("● live", but=["The daemon is away"])
    screen.sees("● started", "✓ succeeded")
    assert world.kinds(), "it is there"

    screen("resize-window", "-t", "t", "-x", "60", "-y", "12")
    screen.sees("● started", "Steps")
    screen("resize-window", "-t", "t", "-x", "100", "-y", "36")
    screen.press("x")
    screen.sees("Stop acme/box?", "steps, about", "/h, stopped $")
    screen.press("y")
    screen.sees("○ stopped", "✓ succeeded")
    screen.press("s")
    screen.sees("Start acme/box?", "steps, about")
    screen.press("y")
    screen.sees("● started", "✓ succeeded")
    screen.press("d")
    screen.sees("Delete acme/box?", "Type its name", "steps, about", but=["stopped $"])
    screen.write("box")
    screen.press("Enter")
    screen.sees("· deleted", "✓ succeeded")
    assert world.inventory() == []
    screen.press("q")
    text = screen.sees("ENDED with 0")
    assert "acme/box" not in text, "the screen is the one from before"
