"""Identifiers: ULIDs with a prefix (`sbx_…`, `op_…`, `ten_…`, `req_…`) and the grammar of names.

An id is made from the daemon's clock and randomness that the caller passes in, so that histories are reproducible.
"""

import re
from collections.abc import Callable

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NAME = r"[a-z][a-z0-9-]{0,30}"
_NAME = re.compile(NAME)


def make_id(prefix: str, now: float, randbits: Callable[[int], int]) -> str:
    """Return `<prefix>_<26 characters>`, sortable by `now` (seconds since the epoch)."""
    value = (int(now * 1000) << 80) | randbits(80)
    return f"{prefix}_" + "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def is_name(text: str) -> bool:
    """Whether the text may name a tenant, a sandbox or a profile."""
    return _NAME.fullmatch(text) is not None
