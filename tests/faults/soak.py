"""`nox -s soak`: new seeds until time is up, all kinds of schedules in turn; what is done is kept in build/soak.json.

A second soak goes on where the last one ended. One process per core; a finding ends nothing, it is printed and counted.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.faults.schedule import Case, Result, schedule

WITHOUT_ENVOYS = Case(profile="model-bank", parameters={"amq": True}, losses="shared", span="long")
KINDS: dict[str, tuple[Case, int]] = {
    "trial": (Case(), 40),
    "trial long": (Case(span="long"), 10),
    "model-bank": (Case(profile="model-bank", parameters={"amq": True, "smart_client": True}), 6),
    "banks": (Case(profile="model-bank", sandboxes=2, span="long"), 2),
    "training": (Case(profile="training", sandboxes=3, losses="machines"), 4),
    "several": (Case(sandboxes=2, losses="machines"), 8),
    "many": (Case(sandboxes=3, span="long"), 4),
    "many and losses": (Case(sandboxes=3, losses="machines"), 4),
    "wire": (Case(depth="wire"), 4),
    "tenants": (Case(profile="model-bank", tenants=2), 2),
    "shared losses": (WITHOUT_ENVOYS, 4),
    "profiles": (Case(profile="training", sandboxes=2, losses="profiles", span="long"), 4),
}
"""kind -> case, seeds in one turn"""
FIRST = 100_001
"""seeds below are those of the tests"""
CORES = os.cpu_count() or 1
KEPT = Path("build") / "soak.json"


def main(argv: list[str]) -> int:
    """Return 1 on a finding."""
    parser = argparse.ArgumentParser(prog="nox -s soak --", description="Fault schedules with new seeds, for a while.")
    parser.add_argument("--minutes", type=float, default=60.0)
    until = time.monotonic() + 60 * parser.parse_args(argv).minutes
    done: dict[str, Any] = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    found, turns, running = 0, _turns(done, until), set[Future[tuple[str, list[Result]]]]()
    with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as pool:
        while running := {*running, *(pool.submit(_turn, turn) for turn in islice(turns, CORES - len(running)))}:
            over, running = wait(running, return_when=FIRST_COMPLETED)
            found += sum(_note(done, *one.result()) for one in over)
            _keep(done)
    print(json.dumps(done))
    return bool(found)


def _keep(done: dict[str, Any]) -> None:
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(done, indent=1), "utf-8")


def _turns(done: dict[str, Any], until: float) -> Iterator[tuple[str, int]]:
    """Kind and first seed of one turn after the other."""
    given = {kind: int(done.get(kind, {}).get("next", FIRST)) for kind in KINDS}
    while True:
        for kind, (_, seeds) in KINDS.items():
            if time.monotonic() >= until:
                return
            yield kind, given[kind]
            given[kind] += seeds


def _turn(what: tuple[str, int]) -> tuple[str, list[Result]]:
    kind, first = what
    case, seeds = KINDS[kind]
    results = [schedule(seed, case) for seed in range(first, first + seeds)]
    for result in results:
        result.entries = []
    return kind, results


def _note(done: dict[str, Any], kind: str, results: list[Result]) -> int:
    kept = done.setdefault(kind, {"first": results[0].seed, "schedules": 0, "crashes": 0, "faults": 0, "findings": []})
    kept["next"] = max(kept.get("next", 0), results[-1].seed + 1)
    kept["schedules"] += len(results)
    kept["crashes"] += sum(result.crashes for result in results)
    kept["faults"] += sum(sum(result.faults.values()) for result in results)
    said = [f"{kind}, seed {result.seed}: {finding}" for result in results for finding in result.findings]
    for one in said:
        print(one, flush=True)
    kept["findings"] += said
    return len(said)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
