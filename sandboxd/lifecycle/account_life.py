"""The table of an account's life, and of its tenant's: rows are (state, what happens) -> next state.

The claim itself is a row that the same planner and engine carry (move, then tags); what it means for account and
tenant stands here.
"""

from collections.abc import Mapping
from typing import Final

from sandboxd.model.errors import Conflict
from sandboxd.model.keys import ACCOUNT, GLOBAL, make_key
from sandboxd.model.resource import Edge, Need, Node, Usual

CLAIM: Final = make_key(GLOBAL, ACCOUNT, "claim")
CLAIMED: Final = (Need(CLAIM, 2),)

TABLE: Final = {
    ("available", "onboard"): "claiming",
    ("claiming", "there"): "assigned",
    ("claiming", "fail"): "claim_failed",
    ("claim_failed", "retry"): "claiming",
}

TENANT: Final = {"claiming": "onboarding", "assigned": "active", "claim_failed": "onboarding_failed"}
"""state of the account -> state of its tenant"""


def next_state(state: str, event: str) -> str:
    """Return the next state of the account; raise Conflict where the table has none."""
    if (state, event) in TABLE:
        return TABLE[state, event]
    raise Conflict(f"account_{state}", f"The account is {state}: it cannot {event} now.", "`sandboxd account list`")


def claim_node(tenant: str, operation: str, places: Mapping[str, str]) -> Node:
    """The claim of an account of the pool: moved between these OUs, then tagged with whose it is."""
    return Node(
        key=CLAIM,
        kind="account-claim",
        states=("absent", "moved", "tagged"),
        edges=(Edge(0, 2, 1),),
        up={1: Usual(1.0, 3.0), 2: Usual(1.0, 3.0)},
        parameters={"tenant": tenant, "operation": operation, **places},
    )
