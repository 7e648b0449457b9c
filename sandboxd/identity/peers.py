"""Callers of the Unix socket and what they may do, from what the kernel noted when they connected.

Authorization is by uid and gids alone, never by pid or command. Root and the daemon's own user may do everything; two
groups give writing and reading; an id that has no meaning here (65534, unmapped) is nobody.
"""

import grp
import pwd
from collections.abc import Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from sandboxd.model.errors import NotAllowed
from sandboxd.wire.text import safe_text

Role: TypeAlias = Literal["none", "read", "write", "admin"]
RANK: dict[Role, int] = {"none": 0, "read": 1, "write": 2, "admin": 3}
NOBODY = (65534, 0xFFFFFFFF)
_MOST_NAMES = 1000


class Caller(Struct, frozen=True):
    """Who asks; `groups` are the names of the groups that matter to us."""

    user: str
    uid: int
    gid: int
    groups: tuple[str, ...] = ()
    role: Role = "none"


NO_ONE = Caller("nobody", NOBODY[0], NOBODY[0])


class Callers:
    """Makes callers out of ids; names of users and groups are looked up once."""

    def __init__(self, *, own_uid: int, write_group: str, read_group: str) -> None:
        """Resolve the groups now: a lookup may ask a directory server, and must not happen per request."""
        self._admins = (0, own_uid)
        self._granting: tuple[tuple[int | None, str, Role], ...] = (
            (_gid(write_group), write_group, "write"),
            (_gid(read_group), read_group, "read"),
        )
        self._names: dict[int, str] = {}

    def caller(self, uid: int, gid: int, groups: Sequence[int]) -> Caller:
        """Return the caller with these ids (of the moment of the connect)."""
        if uid in NOBODY:
            return NO_ONE
        held = {gid, *groups}
        granted = [(name, role) for number, name, role in self._granting if number in held and number not in NOBODY]
        role: Role = "admin" if uid in self._admins else granted[0][1] if granted else "none"
        return Caller(self._name(uid), uid, gid, tuple(name for name, _ in granted), role)

    def _name(self, uid: int) -> str:
        if uid not in self._names:
            if len(self._names) >= _MOST_NAMES:
                self._names.clear()
            self._names[uid] = _user(uid)
        return self._names[uid]


def may(caller: Caller, needed: Role) -> bool:
    """Whether the caller's role is enough."""
    return RANK[caller.role] >= RANK[needed]


def demand(caller: Caller, needed: Role) -> None:
    """Raise `NotAllowed` unless the caller's role is enough."""
    if not may(caller, needed):
        raise NotAllowed(
            "not_allowed",
            f"{caller.user} (uid {caller.uid}) has the role {caller.role!r} here; this needs {needed!r}.",
            "Ask an administrator for membership in a group of the daemon's setting `access`, then log in again.",
        )


def _gid(group: str) -> int | None:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None


def _user(uid: int) -> str:
    try:
        return safe_text(pwd.getpwuid(uid).pw_name, 64)
    except KeyError:
        return f"uid-{uid}"
