"""Blobs with a digest: half of all single flipped bits in a snapshot would decode to another valid state.

`magic | version u16 | blake2b-128 | payload`. The digest covers the place too (whose, which), so that a row that
turns up in another's place is as damaged as one with a flipped bit. Knows nothing of SQLite or of what a payload means.
"""

import hashlib
import struct

from sandboxd.model.errors import StoreError, StoreLost

_MAGIC = b"sbx"
_HEAD = struct.Struct(">3sH16s")
VERSION = 1
UNUSABLE = 78
_RESTORE = "restore the store from a backup"


def seal(payload: bytes, place: str) -> bytes:
    """Return the payload in its envelope, for one place only."""
    return _HEAD.pack(_MAGIC, VERSION, digest(payload, place, VERSION)) + payload


def unseal(blob: bytes, place: str, where: object) -> bytes:
    """Return the payload; raise StoreLost naming `where` and `place` if it is damaged, StoreError (78) if newer."""
    what = f"{where}: {place}"
    if len(blob) < _HEAD.size:
        raise StoreLost(f"{what} is cut off; {_RESTORE}", "damaged")
    magic, version, written = _HEAD.unpack_from(blob)
    payload = blob[_HEAD.size :]
    if magic == _MAGIC and written == digest(payload, place, version):
        if version > VERSION:
            raise StoreError(f"{what} was written by a newer sandboxd (format {version}); install that one", UNUSABLE)
        return payload
    raise StoreLost(f"{what} is damaged: its digest is wrong; {_RESTORE}", "damaged")


def digest(payload: bytes, place: str, version: int = VERSION) -> bytes:
    """Return 16 bytes over the payload, its place and the version."""
    hashed = hashlib.blake2b(digest_size=16, key=_MAGIC + version.to_bytes(2, "big"))
    hashed.update(place.encode() + b"\x00")
    hashed.update(payload)
    return hashed.digest()
