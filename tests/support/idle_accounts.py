"""Fills a store with accounts at rest: each claimed like the store's first one, with a tenant of its own, and events."""

from msgspec import structs

from sandboxd.lifecycle.snapshots import AccountSnapshot, decode_account, decode_operation, encode
from sandboxd.lifecycle.state import ACCOUNT_SNAPSHOT
from sandboxd.model.ports import Batch, EventRow
from sandboxd.store import SqliteStore

EVENTS = 20
"""of each account"""


def add(store: SqliteStore, number: int) -> None:
    """Add so many accounts."""
    model = store.actors()[0]
    loaded, past = store.load(model), store.events(0, 1)[0].blob
    account = decode_account(loaded.snapshots[ACCOUNT_SNAPSHOT], model)
    name, onboard = next((name, blob) for name, blob in loaded.operations.items())
    store.commit([_batch(n, account, structs.replace(decode_operation(onboard, name)), past) for n in range(number)])


def _batch(n: int, account: AccountSnapshot, operation, past: bytes) -> Batch:
    operation.id, operation.target = f"op_idle{n}", f"ten_idle{n}"
    rows = [row for row in account.rows if row.node.key.startswith("global/")]
    tenant = structs.replace(account.tenant, id=operation.target, name=f"idle-{n}")
    snapshot = structs.replace(account, tenant=tenant, rows=rows, sandboxes=[])
    return Batch(
        actor=f"9{n:011}",
        snapshots={ACCOUNT_SNAPSHOT: encode(snapshot)},
        operations={operation.id: encode(operation)},
        over=frozenset({operation.id}),
        events=tuple(EventRow(seq, past) for seq in range(1, EVENTS + 1)),
    )
