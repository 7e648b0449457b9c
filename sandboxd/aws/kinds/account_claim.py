"""The claim of a pool account: MoveAccount is the compare-and-swap that AWS gives for free, then the tags name the tenant.

It is done when ListParents says Customers and the account's tags name this tenant and operation. It is no part of the
graph: the account's own life runs it as a step like any other, in the management account.
"""

from collections.abc import Mapping

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, tags
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Usual

MOVED, TAGGED = 1, 2
TENANT, OPERATION, INSTALL = "sandboxd:tenant", "sandboxd:operation", "sandboxd:install"
SPEC = KindSpec(
    name="account-claim",
    states=("absent", "moved", "tagged"),
    up={MOVED: Usual(1, 3), TAGGED: Usual(1, 3)},
    down={TAGGED: Usual(1, 3), MOVED: Usual(1, 3)},
)


def _move(ask: Ask) -> Parameters:
    return {
        "AccountId": ask.account,
        "SourceParentId": ask.parameter("pool_ou"),
        "DestinationParentId": ask.parameter("customers_ou"),
    }


def _tag(ask: Ask) -> Parameters:
    wanted = {
        INSTALL: ask.tags.get(INSTALL, ""),
        TENANT: ask.parameter("tenant"),
        OPERATION: ask.parameter("operation"),
    }
    pairs = [{"Key": key, "Value": value} for key, value in wanted.items()]
    return {"ResourceId": ask.account, "Tags": pairs}


def _questions(ask: Ask) -> Questions:
    yield "ListParents", {"ChildId": ask.account}
    yield "ListTagsForResource", {"ResourceId": ask.account}


def judge(item: Item, ask: Ask) -> Seen | None:
    """Where the account is, and whom its tags name."""
    if not (parents := item["ListParents"]["Parents"]):
        return Seen(text="AWS does not say where it is")
    parent = parents[0]["Id"]
    named = tags(item["ListTagsForResource"])
    facts = {"id": ask.account, "ou": parent}
    if parent == ask.parameter("pool_ou"):
        return None
    if parent != ask.parameter("customers_ou"):
        words = f"the account {ask.account} is in {parent}, neither in Pool nor in Customers{_whose(named)}"
        return Seen(state=0, text="elsewhere", failed="account_claimed", reason=words)
    ours = {TENANT: ask.parameter("tenant"), OPERATION: ask.parameter("operation")}
    if all(named.get(key) == value for key, value in ours.items()):
        return Seen(state=TAGGED, text="claimed", facts=facts)
    if named.get(OPERATION) or named.get(TENANT):
        words = f"the account {ask.account} is in Customers already{_whose(named)}"
        return Seen(state=0, text="claimed by another", failed="account_claimed", reason=words)
    return Seen(state=MOVED, text="in Customers", facts=facts)


def _whose(named: Mapping[str, str]) -> str:
    tenant, operation = named.get(TENANT), named.get(OPERATION)
    return (
        f"; its tags name tenant {tenant} and operation {operation}"
        if tenant or operation
        else "; its tags name nobody"
    )


KIND = Kind(
    spec=SPEC,
    service="organizations",
    where="organization",
    tagged=False,
    reading=Reading(operation="ListParents", member="Parents", identity="Id", id_filter=""),
    questions=_questions,
    judge=judge,
    moves={
        ("raise", MOVED): Move(
            operation="MoveAccount",
            parameters=_move,
            accepted=lambda _, ask: Seen(state=MOVED, facts={"id": ask.account, "ou": ask.parameter("customers_ou")}),
            resolves="name",
            there=frozenset({"AccountNotFoundException", "DuplicateAccountException", "SourceParentNotFoundException"}),
            exclusive=True,
        ),
        ("raise", TAGGED): Move(
            operation="TagResource", parameters=_tag, accepted=lambda _, ask: Seen(facts={"id": ask.account})
        ),
    },
)
