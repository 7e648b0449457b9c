"""Stores of every schema that was ever released open with the present code, and hold what they held."""

import json
import shutil
from pathlib import Path

import apsw
import pytest

from sandboxd.store import open_store
from sandboxd.store.schema import SCHEMA
from tests.golden.digest import digest

STORES = sorted(Path(__file__).parent.glob("schema-*.db"), key=lambda path: int(path.stem.partition("-")[2]))


def test_there_is_one_of_every_schema():
    """A new schema brings its golden store with it: `python -m tests.golden.make`."""
    assert [path.stem for path in STORES] == [f"schema-{number}" for number in range(1, SCHEMA + 1)]


@pytest.mark.parametrize("golden", STORES, ids=lambda path: path.stem)
def test_a_golden_store_holds_what_it_held(golden: Path, tmp_path: Path):
    """Every actor is loaded, takes up what was in flight, and every event is read; then it is of the present schema."""
    path = tmp_path / "sandboxd.db"
    shutil.copy(golden, path)
    with open_store(path, create=False) as store:
        held = digest(store)
    assert held == json.loads(golden.with_suffix(".json").read_text("utf-8"))
    assert {account["account"] for account in held["accounts"].values()} == {"assigned"}
    assert any(", raise" in row for one in held["accounts"].values() for row in one["resources"].values()), "mid-create"
    assert apsw.Connection(str(path)).pragma("user_version") == SCHEMA
