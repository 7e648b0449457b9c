"""Who a peer is and what it may do, from uid and gids alone."""

import grp
import os

import pytest

from sandboxd.identity.peers import RANK, Callers, demand, may
from sandboxd.model.errors import NotAllowed

GROUPS = [g for g in grp.getgrall() if g.gr_gid not in (0, 65534)]


def callers():
    """Two real groups of this machine stand for writing and reading."""
    return Callers(own_uid=1234, write_group=GROUPS[0].gr_name, read_group=GROUPS[1].gr_name)


WRITE, READ = GROUPS[0].gr_gid, GROUPS[1].gr_gid


@pytest.mark.parametrize(
    ("uid", "gid", "groups", "role"),
    [
        (0, 0, (), "admin"),
        (1234, 100000, (), "admin"),
        (5000, 100000, (), "none"),
        (5000, WRITE, (), "write"),
        (5000, 100000, (READ,), "read"),
        (5000, READ, (WRITE,), "write"),
        (65534, WRITE, (WRITE,), "none"),
        (0xFFFFFFFF, WRITE, (), "none"),
        (5000, 65534, (65534,), "none"),
    ],
)
def test_roles_follow_from_ids(uid, gid, groups, role):
    """Root and the daemon's own user, two groups, and nobody for ids without a meaning."""
    caller = callers().caller(uid, gid, groups)
    assert caller.role == role
    for needed, rank in RANK.items():
        assert may(caller, needed) is (RANK[role] >= rank)


def test_groups_that_do_not_exist_grant_nothing():
    """A setting that names no group opens no door, not even to gid -1."""
    made = Callers(own_uid=1234, write_group="no-such-group-here", read_group="no-such-group-here")
    assert made.caller(5000, 0xFFFFFFFF, (0xFFFFFFFF,)).role == "none"


def test_a_refusal_names_the_user_and_what_is_missing():
    """403 with a hint; enough is silent."""
    caller = callers().caller(5000, 100000, ())
    with pytest.raises(NotAllowed) as refused:
        demand(caller, "write")
    assert refused.value.status == 403
    assert "5000" in refused.value.detail
    assert refused.value.hint
    demand(callers().caller(0, 0, ()), "admin")


def test_users_without_a_name_are_called_by_their_number():
    """The name of a real user where there is one."""
    assert callers().caller(4_000_000_000, 1, ()).user == "uid-4000000000"
    assert callers().caller(os.getuid(), 1, ()).user
