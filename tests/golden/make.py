"""Makes the golden store of the present schema: `python -m tests.golden.make`, once a schema, and its files are committed.

Two tenants: one with a stopped sandbox and one deleted, one whose create was cut by `kill -9`.
"""

import sys
from pathlib import Path

import apsw
import msgspec

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from harness import wait_until, world

from sandboxd.store import open_store
from sandboxd.store.schema import SCHEMA
from tests.golden.digest import digest

HERE = Path(__file__).parent
CREATE = ("--profile", "trial")


def main() -> None:
    """Live through it, then keep the store and its digest."""
    with world(pace=1000) as w:
        daemon = w.serve()
        for tenant in ("acme", "beta"):
            w.cli("tenant", "onboard", tenant, "--email", f"ops@{tenant}.example")
        for name in ("bank", "gone"):
            w.cli("sandbox", "create", name, "--tenant", "acme", *CREATE)
        w.cli("sandbox", "stop", "acme/bank")
        w.cli("sandbox", "delete", "acme/gone", "--confirm", "gone")
        w.cli("sandbox", "create", "bank", "--tenant", "beta", *CREATE, "--no-wait")
        wait_until(lambda: w.kinds().get("nat-gateway"), "the NAT gateway of the second tenant")
        daemon.kill()
        keep(w.state_dir / "sandboxd.db")


def keep(path: Path) -> None:
    """One file, without its log and without pages that hold nothing."""
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    golden = HERE / f"schema-{SCHEMA}.db"
    golden.unlink(missing_ok=True)
    connection.execute("VACUUM INTO ?", (str(golden),))
    connection.close()
    with open_store(golden) as store:
        text = msgspec.json.format(msgspec.json.encode(digest(store)), indent=1)
    golden.with_suffix(".json").write_bytes(text + b"\n")
    golden.with_name(golden.name + ".tip").unlink()


if __name__ == "__main__":
    main()
