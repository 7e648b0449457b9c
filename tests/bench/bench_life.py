"""A whole life of model-bank at pace 20 against the simulator's bound: how long, and with how many calls."""

import json
import subprocess
import sys

from tests.bench.rows import Row, row


def run() -> list[Row]:
    """One headless demo; the bound and the counts are the simulator's."""
    done = subprocess.run(
        [sys.executable, "-m", "sandboxd", "demo", "--headless", "-o", "json", "--pace", "20", "--profile", "model-bank"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    phases = {phase["name"]: phase for phase in json.loads(done.stdout)["phases"]}
    rows = []
    for name in ("create", "start"):
        phase = phases[name]
        ratio = phase["seconds"] / phase["bound_seconds"]
        rows.append(
            row(
                f"{name} of model-bank, pace 20",
                [ratio],
                "× bound",
                1.2 if name == "create" else None,
                "the simulator's bound",
            )
        )
    create = phases["create"]
    calls = (create["aws_calls"] - create["aside"]) / create["mutations"]
    rows.append(row("AWS calls per create", [calls], "× mutations", 1.5, "the mutations it needs"))
    return rows
