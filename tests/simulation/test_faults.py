"""Nothing leaked, nothing doubled, nothing lost, whatever dies and whatever AWS does: whole lives of the whole daemon.

What is judged is what the simulated AWS has, what the store holds, and what each operation promised. Seeds are fixed here;
`nox -s schedules` runs four times as many and `nox -s soak` goes on with others. A finding names the command that replays it.
"""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from sandboxd.simulator.calls import is_mutation
from sandboxd.simulator.gate import Fault
from tests.faults.mutants import MUTANTS
from tests.faults.schedule import Case, Result, schedule
from tests.faults.singles import singles

TIMES = int(os.environ.get("FAULTS_TIMES", "1"))
"""how many times the usual number"""
BANK = Case(profile="model-bank")
WHOLE = Case(profile="model-bank", parameters={"amq": True, "smart_client": True})
"""a bank with everything that its profile can ask for"""
BANKS = {"model-bank": (BANK, 10), "model-bank with everything": (WHOLE, 240)}
"""kind of bank -> case, at every how many-th point its daemon dies"""
DEATHS = 4
"""tests over which the points of one bank are spread"""
SILENCES = {
    "lost before": Fault(reply="cut"),
    "lost after": Fault(effect="now", reply="cut"),
    "500 before": Fault(code="InternalError", status=500),
    "500 after": Fault(effect="now", code="InternalError", status=500),
    "hang before": Fault(reply="hang"),
    "hang after": Fault(effect="now", reply="hang"),
    "empty": Fault(effect="now", reply="empty"),
    "truncated": Fault(effect="now", reply="truncated"),
    "reset": Fault(effect="now", reply="reset"),
    "late": Fault(effect="late", reply="cut", after=20.0),
    "very late": Fault(effect="late", reply="cut", after=140.0),
}
"""what can become of the one call"""
KINDS = {
    "trial": (Case(), 2000),
    "model-bank": (BANK, 150),
    "model-bank with everything": (WHOLE, 50),
    "training": (Case(profile="training", losses="machines", sandboxes=2), 12),
    "several": (Case(losses="machines", sandboxes=2), 100),
    "many": (Case(losses="machines", sandboxes=3), 100),
    "wire": (Case(depth="wire"), 100),
    "tenants": (Case(profile="model-bank", tenants=2), 5),
    "shared losses": (Case(profile="training", losses="shared", span="long"), 7),
    "profiles": (Case(losses="profiles", sandboxes=2, span="long"), 10),
    "late policies": (Case(profile="model-bank", tenants=2, fault=("SetRepositoryPolicy", SILENCES["very late"])), 3),
}
"""kind of schedules -> case, how many"""
PART = 50
HISTORIES = 100
"""the first of the usual kind, which are lived through under several hash seeds"""
PARTS = [
    (kind, first)
    for kind, (_, many) in KINDS.items()
    for first in range(HISTORIES + 1 if kind == "trial" else 1, many * TIMES + 1, PART)
]
LIVES = f"""
import msgspec
from tests.faults.schedule import Case, schedule
lives = [msgspec.structs.replace(schedule(seed, Case()), entries=[], seconds=0) for seed in range(1, {HISTORIES} + 1)]
print(msgspec.json.encode(lives).decode())
"""


def clean(results):
    """No finding in any of them; their number, crashes and faults."""
    found = [f"seed {one.seed}: {one.findings}" for one in results if one.findings]
    assert not found, "\n".join(found)
    faults = sum(sum(one.faults.values()) for one in results)
    return {"lives": len(results), "crashes": sum(one.crashes for one in results), "faults": faults}


@pytest.mark.parametrize("first", range(8))
def test_every_single_crash_of_trial(first, covered):
    """The daemon dies at one await or commit of create, stop, start and delete: at each of them, one after the other."""
    covered("crash at every point of trial", **clean(list(singles(Case(), first=first, every=8))))


@pytest.mark.parametrize("part", range(DEATHS))
@pytest.mark.parametrize("bank", BANKS)
def test_crashes_all_over_a_bank(bank, part, covered):
    """The same at every tenth point of a bank, and here and there of one with everything; `TIMES` brings them nearer."""
    case, every = BANKS[bank]
    every = max(1, every // TIMES)
    covered(
        f"crash at every {every}th point of {bank}",
        **clean(list(singles(case, first=part * every, every=DEATHS * every))),
    )


@pytest.mark.parametrize(("kind", "first"), PARTS)
def test_random_schedules(kind, first, covered):
    """Crashes and faults by chance, commands across each other; with several sandboxes, machines are taken away too."""
    case, many = KINDS[kind]
    seeds = range(first, min(first + PART, many * TIMES + 1))
    covered(f"schedules, {kind}", **clean([schedule(seed, case) for seed in seeds]))


def mutations_of(case):
    """Every mutating operation of a straight life."""
    entries = schedule(1, structs.replace(case, straight=True, faults=False)).entries
    called = {text.split()[1] for _, kind, _, text, _ in entries if kind == "call"}
    return sorted(name for name in called if is_mutation(name))


@pytest.mark.parametrize("silence", SILENCES)
def test_every_mutation_meets_every_silence(silence, covered):
    """Exactly one of each, whatever becomes of the first call of any mutating operation."""
    mutations = mutations_of(Case())
    assert len(mutations) > 25
    lives = [schedule(1, Case(straight=True, fault=(name, SILENCES[silence]))) for name in mutations]
    covered("every mutation x every silence", **clean(lives))


@pytest.mark.parametrize("part", range(4))
def test_every_mutation_of_a_model_bank_meets_a_silence(part, covered):
    """The same with everything: each mutation that only a bank has meets one of the silences, in turn."""
    known = mutations_of(Case())
    mutations = [name for name in mutations_of(WHOLE) if name not in known]
    assert len(mutations) > 30
    silences = list(SILENCES.values())
    pairs = [(name, silences[n % len(silences)]) for n, name in enumerate(mutations)][part::4]
    lives = [schedule(1, structs.replace(WHOLE, straight=True, fault=pair)) for pair in pairs]
    covered("every mutation of model-bank x a silence", **clean(lives))


@pytest.mark.parametrize("name", MUTANTS)
def test_every_mutant_is_caught(name, covered):
    """The schedules see: an engine with one thing wrong fails one of the first 500."""
    mutant = MUTANTS[name]
    with pytest.MonkeyPatch.context() as monkey:
        mutant.patch(monkey)
        seeds = range(mutant.first, mutant.first + 500)
        caught = next((seed for seed in seeds if schedule(seed, mutant.attack(seed)).findings), None)
    assert caught is not None
    covered("mutants", caught=1, schedules=caught - mutant.first + 1)


def test_one_seed_has_one_history(covered):
    """A hundred seeds, three hash seeds, other processes: the same traces, and nothing found in any of them."""
    said = []
    for hashes in ("0", "1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": hashes, "PYTHONPATH": str(Path.cwd())}
        run = subprocess.run([sys.executable, "-c", LIVES], env=env, capture_output=True, text=True, check=True)
        said.append(run.stdout)
    assert said[0] == said[1] == said[2]
    lives = msgspec.json.decode(said[0], type=list[Result])
    assert len({one.trace for one in lives}) == HISTORIES
    covered("schedules, trial", **clean(lives))
    covered("one history", seeds=HISTORIES, processes=3)
