"""Fills a store with accounts at rest: each like one that the store has, with a tenant of its own, and events."""

from sandboxd.aws import kinds
from sandboxd.lifecycle.state import ACCOUNT_SNAPSHOT, Settings, State
from sandboxd.model.ports import Batch, EventRow
from sandboxd.store import SqliteStore

EVENTS = 20
"""of each account"""


def add(store: SqliteStore, number: int, first: int = 0) -> None:
    """Add so many accounts, copies of the store's first one."""
    model, batches = store.actors()[0], []
    loaded, past = store.load(model), store.events(0, 1)[0].blob
    for n in range(first, first + number):
        state = State.load(model, loaded.snapshots, loaded.operations, settings=Settings(kinds=kinds.specs()))
        state.tenant.id, state.tenant.name = f"ten_idle{n}", f"idle-{n}"
        named = {name: f"op_idle{n}x{position}" for position, name in enumerate(state.operations)}
        for old, new in named.items():
            state.operations[new] = state.operations.pop(old)
            state.operations[new].id, state.operations[new].target = new, state.tenant.id
        batches.append(
            Batch(
                actor=f"9{n:011}",
                snapshots={ACCOUNT_SNAPSHOT: state.snapshot(ACCOUNT_SNAPSHOT)},
                operations={name: state.operation(name) for name in named.values()},
                over=frozenset(named.values()),
                events=tuple(EventRow(seq, past) for seq in range(1, EVENTS + 1)),
            )
        )
    store.commit(batches)
