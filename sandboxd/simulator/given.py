"""What one account has given to others: the witness of shares. Launch permissions, grants, and accounts in policies."""

import json
from typing import NamedTuple

from sandboxd.simulator.policies import account_of, principals
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World


class Gift(NamedTuple):
    """One thing that an account was given."""

    account: str
    kind: str
    id: str


def given_away(world: World) -> list[Gift]:
    """Everything, as often as it was given, in the order in which the things were made."""
    world.land(world.clock.now())
    return [Gift(account, row.kind, row.id) for row in world.rows.all() for account in _accounts(row)]


def _accounts(row: Row) -> list[str]:
    match row.kind:
        case "image":
            return list(row.data["shared_with"])
        case "grant":
            return [account_of(row.data["grantee"])]
        case "repository" if row.data["policy"]:
            return [account_of(one) for one in principals(json.loads(row.data["policy"]))]
    return []
