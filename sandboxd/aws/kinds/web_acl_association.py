"""Which web ACL stands before an application load balancer. WAF learns of both late, in words that sound as if they were gone.

It is there only when it is read back: a load balancer whose ACL is not in place yet lets everything through. AWS replaces
another ACL without a word; the load balancer is ours, so its ACL is, too.
"""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, Unseen
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

LATE = 1500.0
"""seconds after a load balancer or an ACL was asked for in which WAF may not know it: it learns of each by itself, and late"""
SPEC = KindSpec(
    name="web-acl-association",
    roles=(Role("acl", 1, 1), Role("balancer", 1, 1)),
    skippable=True,
    up={1: Usual(9, 10)},
    down={1: Usual(0.5, 1)},
)


def _balancer(ask: Ask) -> str:
    return ask.ground_id("balancer", "ResourceArn") or ask.facts.get("balancer", "")


def _acl(ask: Ask) -> str:
    return ask.ground_id("acl", "WebACLArn") or ask.facts.get("acl", "")


def _associate(ask: Ask) -> Parameters:
    return {"WebACLArn": _acl(ask), "ResourceArn": _balancer(ask)}


def _itself(ask: Ask) -> Parameters:
    return {"ResourceArn": ask.facts.get("balancer") or _balancer(ask)}


def _questions(ask: Ask) -> Questions:
    yield "GetWebACLForResource", _itself(ask)


def _associated(_: Item, ask: Ask) -> Seen:
    asked = _associate(ask)
    return Seen(text="not read back yet", facts=_facts(asked["WebACLArn"], asked["ResourceArn"]))


def _facts(acl: str, balancer: str) -> dict[str, str]:
    return {"id": f"{balancer} acl", "acl": acl, "balancer": balancer}


def judge(item: Item, ask: Ask) -> Seen | None:
    """It is there when the ACL that is read back is ours."""
    found = item["GetWebACLForResource"].get("WebACL")
    if found is None:
        return None
    balancer = _itself(ask)["ResourceArn"]
    if (wanted := _acl(ask)) and found["ARN"] != wanted:
        return Seen(text=f"{found['ARN']} still stands before {balancer}")
    return Seen(state=1, facts=_facts(found["ARN"], balancer))


_MISSING = frozenset({"WAFNonexistentItemException"})
KIND = Kind(
    spec=SPEC,
    service="wafv2",
    reading=Reading(operation="GetWebACLForResource", member="WebACL", identity="ARN", id_filter=""),
    questions=_questions,
    missing=_MISSING,
    tagged=False,
    by_content=True,
    judge=judge,
    least=4.0,
    moves={
        ("raise", 1): Move(
            operation="AssociateWebACL",
            parameters=_associate,
            accepted=_associated,
            unseen=(
                *(Unseen("WAFNonexistentItemException", "", role, LATE) for role in ("balancer", "acl")),
                *(Unseen("WAFUnavailableEntityException", "", role, LATE) for role in ("balancer", "acl")),
            ),
            returns=True,
        ),
        ("lower", 0): Move(
            operation="DisassociateWebACL",
            parameters=_itself,
            accepted=lambda *_: Seen(state=0),
            gone=_MISSING,
            returns=True,
        ),
    },
)
