"""The durable form of an account's state: one snapshot for the account with what is shared, one per sandbox.

Each has an explicit version and defaults for new fields. A row keeps its own node, so a changed profile or a newer
program never forgets a resource.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from sandboxd.lifecycle.messages import Unmanaged
from sandboxd.model.errors import StoreError
from sandboxd.model.readings import Reading
from sandboxd.model.records import Mode, Operation, SandboxRecord, TenantRecord
from sandboxd.model.resource import Row

VERSION = 1
UNUSABLE = 78
_encode = msgspec.msgpack.Encoder().encode


class AccountRecord(Struct, omit_defaults=True, kw_only=True):
    """The account's own life."""

    state: str = "available"
    since: float = 0.0
    ou: str = "pool"
    reason: str = ""
    recheck_at: float | None = None
    """when the account is listed for what came after everybody had stopped waiting for it"""
    recheck_last: float | None = None
    """when it is listed once more, for outcomes that became unknown after the first moment was set"""
    unmanaged: tuple[Unmanaged, ...] = ()
    """what the last complete listing showed that is not ours"""
    zones: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """region -> ids of the zones that it uses there, chosen at first use"""


class AccountSnapshot(Struct, kw_only=True):
    """The account, its tenant, what its sandboxes share, and which sandboxes there must be."""

    version: int = VERSION
    account: AccountRecord = field(default_factory=AccountRecord)
    tenant: TenantRecord | None = None
    rows: list[Row] = field(default_factory=list)
    mode: Mode | None = None
    sandboxes: list[str] = field(default_factory=list)


class SandboxSnapshot(Struct, kw_only=True):
    """One sandbox with its own rows and the mode of its root."""

    version: int = VERSION
    record: SandboxRecord
    rows: list[Row] = field(default_factory=list)
    mode: Mode | None = None


T = TypeVar("T")


def encode(value: Any) -> bytes:
    """The bytes of a snapshot or an operation."""
    return _encode(value)


def decode_account(blob: bytes, account: str) -> AccountSnapshot:
    """The account's snapshot."""
    return _decode(blob, AccountSnapshot, f"the snapshot of account {account}")


def decode_sandbox(snapshots: Mapping[str, bytes], name: str, account: str) -> SandboxSnapshot:
    """A sandbox's snapshot; one that the account lists and that is not there is an error."""
    if name not in snapshots:
        raise StoreError(f"the snapshot of sandbox {name} of account {account} is missing; restore a backup", UNUSABLE)
    return _decode(snapshots[name], SandboxSnapshot, f"the snapshot of sandbox {name}")


def decode_reading(snapshots: Mapping[str, bytes], name: str) -> Reading | None:
    """What the clock said at the last commit; older versions did not write it down."""
    return _decode(snapshots[name], Reading, "the reading of the clock") if name in snapshots else None


def decode_operation(blob: bytes, name: str) -> Operation:
    """An operation."""
    return _decode(blob, Operation, f"operation {name}")


def _decode(blob: bytes, type_: type[T], what: str) -> T:
    try:
        value = msgspec.msgpack.decode(blob, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"{what} is not understood: {error}; restore the store from a backup", UNUSABLE) from error
    if getattr(value, "version", VERSION) > VERSION:
        raise StoreError(f"{what} was written by a newer sandboxd; install that version", UNUSABLE)
    return value
