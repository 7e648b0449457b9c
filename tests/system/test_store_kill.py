"""`kill -9` of a process that commits: what it said was durable is there, and the store opens at once."""

import random
import subprocess
import sys

import pytest

from sandboxd.store import open_store

WRITER = """
import sys
from pathlib import Path
from sandboxd.model.ports import Batch, EventRow
from sandboxd.store import open_store
with open_store(Path(sys.argv[1])) as store:
    seq = store.load("1").next_seq
    while True:
        store.commit([Batch(actor="1", snapshots={"account": b"%d" % seq}, events=(EventRow(seq, bytes(500)),))])
        print(seq, flush=True)
        seq += 1
"""


@pytest.mark.parametrize("seed", range(4))
def test_what_was_said_to_be_durable_is_there(tmp_path, seed):
    """Killed three times in a row after some commits; snapshot and events agree, and nothing is missing."""
    path, rng, said = tmp_path / "s.db", random.Random(seed), 0
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as child:
            for _ in range(rng.randrange(1, 60)):
                said = int(child.stdout.readline())
            child.kill()
            said = int((child.stdout.read().split() or [said])[-1])
        with open_store(path) as store:
            loaded = store.load("1")
            assert store.position() in (said, said + 1)
            assert loaded.next_seq == store.position() + 1
            assert loaded.snapshots == {"account": b"%d" % store.position()}
            said = store.position()
