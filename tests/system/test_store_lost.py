"""A store that is gone, damaged or another's in front of accounts that were claimed: said on the socket, and nothing is changed."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from harness import PYTHON, World, slowness, wait_until, world

from sandboxd.client.errors import ClientError

WITHIN = 2.0
"""real seconds until health says what is wrong"""
LONG = 600.0
"""seconds of the simulated clock in which nothing is changed"""


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A world whose daemon has two tenants, one with a sandbox that has just been asked for, and was killed."""
    with world(pace=1000, pool=6) as w:
        w.serve()
        for name in ("acme", "beta"):
            w.cli("tenant", "onboard", name, "--email", f"ops@{name}.example")
        w.cli("sandbox", "create", "bank", "--tenant", "acme", "--profile", "trial", "--no-wait")
        wait_until(lambda: w.kinds().get("vpc"), "something in the account")
        w.daemon.kill()
        kept = tmp_path_factory.mktemp("kept")
        shutil.copytree(w.state_dir, kept / "state")
        yield w, kept / "state", another(tmp_path_factory.mktemp("another"))


def another(folder: Path) -> Path:
    """The store of another install, of another organization, with work in flight."""
    with world(pace=1000, seed=7) as w:
        w.serve()
        w.cli("tenant", "onboard", "zeta", "--email", "ops@zeta.example")
        w.cli("sandbox", "create", "bank", "--tenant", "zeta", "--profile", "trial", "--no-wait")
        wait_until(lambda: w.kinds().get("vpc"), "something in the account")
        assert w.daemon.terminate() == 0
        shutil.copytree(w.state_dir, folder / "state")
    return folder / "state"


def zero_a_page(state: Path, _: Path) -> None:
    """One page in the middle of the database, its log folded in before."""
    store = state / "sandboxd.db"
    subprocess.run(
        [*PYTHON, "-c", f"import apsw; apsw.Connection({str(store)!r}).execute('PRAGMA wal_checkpoint(TRUNCATE)')"],
        check=True,
    )
    content = bytearray(store.read_bytes())
    page = len(content) // 4096 // 2 * 4096
    content[page : page + 4096] = bytes(4096)
    store.write_bytes(content)


def empty_folder(state: Path, _: Path) -> None:
    shutil.rmtree(state)


def delete_store(state: Path, _: Path) -> None:
    for name in ("sandboxd.db", "sandboxd.db-wal"):
        (state / name).unlink(missing_ok=True)


def truncate(state: Path, _: Path) -> None:
    (state / "sandboxd.db").write_bytes(b"")


def garbage(state: Path, _: Path) -> None:
    (state / "sandboxd.db").write_bytes(b"\x00\xffnot a database at all" * 500)


def anothers(state: Path, other: Path) -> None:
    shutil.rmtree(state)
    shutil.copytree(other, state)


LOSSES = {
    "deleted": (delete_store, "the store is gone"),
    "truncated": (truncate, "not a SQLite file"),
    "garbage": (garbage, "not a SQLite file"),
    "page zeroed": (zero_a_page, "the store is damaged"),
    "empty folder": (empty_folder, "carry the tags of another store"),
    "another's": (anothers, "carry the tags of another store"),
}


def lose(lived, how: str) -> World:
    w, kept, other = lived
    if w.daemon.popen.poll() is None:
        w.daemon.kill()
    shutil.rmtree(w.state_dir, ignore_errors=True)
    shutil.copytree(kept, w.state_dir)
    LOSSES[how][0](w.state_dir, other)
    return w


def mutations(w: World) -> int:
    return w.ask_simulator("calls")["mutations"]


@pytest.mark.parametrize("how", LOSSES)
def test_a_lost_store_is_said_and_nothing_is_changed(lived, how):
    """Health within 2 s, reads and events answer, writes are refused with what to do, and AWS is left as it is."""
    w = lose(lived, how)
    before, files = mutations(w), {file: file.read_bytes() for file in w.state_dir.rglob("sandboxd.db*")}
    slow, began = slowness(), time.monotonic()
    w.daemon.restart()
    found = wait_until(lambda: [one for one in w.health().get("reasons", ()) if LOSSES[how][1] in one], "health")
    took = time.monotonic() - began
    assert took < WITHIN * max(slow, slowness())
    assert w.health()["status"] == "degraded"
    for path in ("tenants", "sandboxes", "operations", "pool", "snapshot"):
        w.ask("GET", f"/v1/{path}")
    w.cli("events")
    wait_until(lambda: len(w.ask("GET", "/v1/accounts")["items"]) >= 6, "the accounts of the organization")
    refused = w.cli("tenant", "onboard", "gamma", "--email", "ops@gamma.example", "-o", "json", check=False)
    problem = json.loads(refused.stdout or refused.stderr)
    assert (refused.returncode, problem["status"], problem["code"]) == (1, 503, "store_lost"), refused
    assert "--accept-lost-store" in problem["hint"]
    assert problem["detail"] in found
    for path, body in (
        ("sandboxes", {"name": "new", "tenant": "acme", "profile": "trial"}),
        ("sandboxes/acme%2Fbank/stop", None),
        ("sandboxes/acme%2Fbank/extend", {"by": 60}),
        ("operations/op_1/retry", {}),
    ):
        with pytest.raises(ClientError, match=LOSSES[how][1]):
            w.ask("POST", f"/v1/{path}", body, key="k")
    clock = w.ask_simulator("clock")["now"]
    wait_until(lambda: w.ask_simulator("clock")["now"] > clock + LONG, "ten simulated minutes")
    assert mutations(w) == before
    assert w.daemon.terminate() == 0
    if "tags" not in LOSSES[how][1]:
        left = {file: file.read_bytes() for file in w.state_dir.rglob("sandboxd.db*")}
        assert {file: content for file, content in left.items() if content or file in files} == files, (
            "nothing is written"
        )


def test_the_right_store_put_back_goes_on_where_it_was(lived):
    """After all that, the sandbox that was being created is created, and each thing of it once."""
    w = lose(lived, "deleted")
    w.serve()
    assert w.daemon.terminate() == 0
    shutil.rmtree(w.state_dir)
    shutil.copytree(lived[1], w.state_dir)
    w.serve()
    op = w.ask("GET", "/v1/operations")["items"][-1]["id"]
    wait_until(lambda: w.ask("GET", f"/v1/operations/{op}")["state"] == "succeeded", "the create")
    assert (w.kinds()["vpc"], w.kinds()["machine"], w.kinds()["nat-gateway"]) == (1, 1, 1)


@pytest.mark.parametrize("how", ["deleted", "truncated", "empty folder"])
def test_a_person_may_go_on_without_it(lived, how):
    """Deliberately: what only the lost store knew is left alone, also after a restart, and the pool serves again."""
    w = lose(lived, how)
    w.daemon._argv.append("--accept-lost-store")
    try:
        w.serve()
    finally:
        w.daemon._argv.remove("--accept-lost-store")
    tenant = f"new-{how.split()[0]}"
    w.cli("tenant", "onboard", tenant, "--email", "ops@new.example")
    assert w.health()["status"] == "ok"
    assert w.json("tenant", "show", tenant)["state"] == "active"
    assert {one["kind"] for one in w.inventory()} >= {"vpc"}, "what the lost store made is still there"
    w.daemon.kill()
    w.serve()
    wait_until(lambda: w.health().get("status") == "ok", "the organization to be read")
    assert [one["name"] for one in w.json("tenant", "list")] == [tenant]
