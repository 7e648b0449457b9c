"""Places: what the digest of a value covers besides its payload, and what a message calls it."""

from sandboxd.model.ports import KeyRow
from sandboxd.store.envelope import digest


def meta_place(name: str) -> str:
    """A value kept beside the actors."""
    return f"the value {name!r}"


def snapshot_place(actor: str, name: str) -> str:
    """A snapshot of an actor."""
    return f"account {actor}, snapshot {name!r}"


def operation_place(actor: str, identifier: str, over: int) -> str:
    """An operation; whether it is over decides whether it is loaded, and is covered too."""
    return f"account {actor}, operation {identifier!r} ({('open', 'over')[over] if over in (0, 1) else over})"


def event_place(actor: str, seq: int, position: int) -> str:
    """An event."""
    return f"account {actor}, event {seq} at {position}"


def key_seal(row: KeyRow) -> bytes:
    """The digest of an idempotency key, whose columns are its payload."""
    return digest(repr((row.caller, row.digest, row.operation, row.at)).encode(), f"key {row.key!r}")
