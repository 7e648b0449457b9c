"""The smoke script is what people run against their daemon; here it runs against ours."""

import shlex
import subprocess
from pathlib import Path

from harness import PYTHON, world

SCRIPT = Path(__file__).parent.parent / "smoke" / "life.sh"


def test_the_smoke_script_passes_and_leaves_nothing():
    """A whole life of trial with the CLI and curl over the socket."""
    with world() as w:
        w.serve()
        env = w.env | {"SANDBOXD": shlex.join([*PYTHON, "-m", "sandboxd"])}
        done = subprocess.run(["sh", str(SCRIPT)], env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr + w.said()
        assert "passed" in done.stderr
        assert w.inventory() == []
