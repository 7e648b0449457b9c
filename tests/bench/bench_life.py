"""A whole life of model-bank with everything at pace 20 against the simulator's bound, and a sequential script beside it."""

import json
import os
import subprocess
import sys
import urllib.request
from typing import Any

from tests.bench.rows import Row, row

PACE = 20
SCRIPT_PACE = 40.0
"""of the script: it mostly waits, its own CPU counts little"""


def lived() -> dict[str, dict[str, Any]]:
    """The phases of one headless demo."""
    words = ["--pace", str(PACE), "--profile", "model-bank", "--set", "amq=true", "--set", "smart_client=true"]
    done = subprocess.run(
        [sys.executable, "-m", "sandboxd", "demo", "--headless", "-o", "json", *words],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {phase["name"]: phase for phase in json.loads(done.stdout)["phases"]}


def scripted() -> tuple[float, float]:
    """Simulated seconds of the script, and the bound of its own calls, on a simulator of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SANDBOXD_"))}
    argv = [sys.executable, "-m", "sandboxd", "simulator", "--pace", str(SCRIPT_PACE)]
    simulator = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env)
    try:
        assert simulator.stdout is not None
        env |= dict(word.split("=", 1) for word in simulator.stdout.readline().split()[1:])
        argv = [sys.executable, "-m", "tests.bench.sequential", str(SCRIPT_PACE)]
        done = subprocess.run(
            argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True
        )  # fmt: skip
        with urllib.request.urlopen(f"{env['AWS_ENDPOINT_URL']}/_simulator/bound?mark=0") as answer:
            return json.loads(done.stdout)["seconds"], json.load(answer)["bound_seconds"]
    finally:
        simulator.kill()
        simulator.wait()


def run() -> list[Row]:
    """One demo; the bound and the counts are the simulator's. And the script's create beside ours."""
    phases, rows = lived(), []
    for name in ("create", "start"):
        ratio = phases[name]["seconds"] / phases[name]["bound_seconds"]
        limit = 1.2 if name == "create" else None
        rows.append(row(f"{name} of model-bank, pace {PACE}", [ratio], "× bound", limit, "the simulator's bound"))
    create = phases["create"]
    calls = (create["aws_calls"] - create["aside"]) / (create["mutations"] - create["tails"])
    rows.append(row("AWS calls per create", [calls], "× mutations", 1.5, "the mutations it needs"))
    theirs, least = scripted()
    mine, bound = create["seconds"], create["bound_seconds"]
    return [
        *rows,
        row("create by sandboxd", [mine], "s", None, f"simulated; the bound is {bound:.0f} s"),
        row(
            "create by a sequential script", [theirs], "s", None, f"simulated; the bound of its calls is {least:.0f} s"
        ),
        row(
            "sandboxd against the script", [mine / theirs], "ratio", 0.5, "boto3, each call waited for before the next"
        ),
    ]
