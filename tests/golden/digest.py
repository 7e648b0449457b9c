"""What a store holds, in words that a person can compare: every actor loaded by the present code, every event read."""

from typing import Any

import msgspec

from sandboxd.aws import kinds, prices
from sandboxd.lifecycle.decide import decide
from sandboxd.lifecycle.messages import Recovered
from sandboxd.lifecycle.state import Settings, State
from sandboxd.store import SqliteStore
from sandboxd.wire import things

LATER = 4_000_000_000.0
"""a moment after everything that a golden store holds"""


def digest(store: SqliteStore) -> dict[str, Any]:
    """The accounts, and how many events there are of each type."""
    counted: dict[str, int] = {}
    for row in store.events(0, 1_000_000):
        event = msgspec.json.decode(row.blob, type=things.Event)
        counted[event.type] = counted.get(event.type, 0) + 1
    return {
        "accounts": {actor: _account(store, actor) for actor in store.actors()},
        "events": dict(sorted(counted.items())),
    }


def _account(store: SqliteStore, actor: str) -> dict[str, Any]:
    rules = Settings(prices=prices.load().per_hour, kinds=kinds.specs())
    loaded = store.load(actor)
    state = State.load(actor, loaded.snapshots, loaded.operations, settings=rules)
    out = {
        "account": state.account.state,
        "tenant": [state.tenant.name, state.tenant.state] if state.tenant else None,
        "next_seq": loaded.next_seq,
        "sandboxes": {record.name: [record.blueprint.profile, record.state] for record in state.sandboxes.values()},
        "operations": [
            [one.verb, one.state, len(one.steps), "over" if one.is_over else "open"]
            for one in state.operations.values()
        ],
        "resources": {_name(state, key): _row(state, key) for key in sorted(state.rows)},
    }
    flying = {key for key, row in state.rows.items() if row.flight is not None}
    assert flying <= {one.key for one in decide(state, Recovered(), LATER).starts}, "what was in flight is taken up"
    return out


def _name(state: State, key: str) -> str:
    for identifier, record in state.sandboxes.items():
        key = key.replace(identifier, record.name)
    return key


def _row(state: State, key: str) -> str:
    row = state.rows[key]
    flight = f", {row.flight.way} to {row.node.states[row.flight.to]}" if row.flight else ""
    return f"{row.node.kind} {row.node.states[row.lo]}…{row.node.states[row.hi]} generation {row.generation}{flight}"
