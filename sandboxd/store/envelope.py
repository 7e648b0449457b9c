"""Blobs with a digest: half of all single flipped bits in a snapshot would decode to another valid state.

`magic | version u16 | blake2b-128 | payload`; opening checks the magic, the version and the digest.
"""

import hashlib
import struct

from sandboxd.model.errors import StoreError

_MAGIC = b"sbx"
_HEAD = struct.Struct(">3sH16s")
VERSION = 1
UNUSABLE = 78


def seal(payload: bytes) -> bytes:
    """Return the payload in its envelope."""
    return _HEAD.pack(_MAGIC, VERSION, _digest(payload, VERSION)) + payload


def unseal(blob: bytes, what: str) -> bytes:
    """Return the payload; raise StoreError (78) naming `what` if it is damaged or of a newer version."""
    if len(blob) < _HEAD.size:
        raise StoreError(f"{what} is cut off; restore the store from a backup", UNUSABLE)
    magic, version, digest = _HEAD.unpack_from(blob)
    if magic != _MAGIC:
        raise StoreError(f"{what} is damaged; restore the store from a backup", UNUSABLE)
    if version > VERSION:
        raise StoreError(f"{what} was written by a newer sandboxd (version {version}); install that version", UNUSABLE)
    payload = blob[_HEAD.size :]
    if _digest(payload, version) != digest:
        raise StoreError(f"{what} is damaged: its digest is wrong; restore the store from a backup", UNUSABLE)
    return payload


def _digest(payload: bytes, version: int) -> bytes:
    return hashlib.blake2b(payload, digest_size=16, key=_MAGIC + version.to_bytes(2, "big")).digest()
