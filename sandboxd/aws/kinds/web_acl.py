"""Web ACLs of AWS WAF: a rate limit by source address and AWS's managed rule groups. The name is unique in the region.

It is deleted with the lock token of a fresh look only; what stands before is waited for. Rules are counted in its price.
"""

from typing import Any

from msgspec import structs

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, deleted, tag_list
from sandboxd.model.keys import Key
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Node, Usual

SCOPE = {"Scope": "REGIONAL"}
VENDOR = "AWS"


class AclSpec(KindSpec, frozen=True, kw_only=True):
    """What a web ACL costs depends on how many rules it has: each managed group counts as one."""

    def node(self, key: Key, links: dict[str, tuple[Key, ...]], **parameters: Any) -> Node:
        """Return the node of one web ACL."""
        rules = bool(parameters.get("rate_limit")) + len(parameters.get("rules") or ())
        prices = {1: f"web-acl+web-acl.rule*{rules}"}
        return structs.replace(super().node(key, links, **parameters), prices=prices)


SPEC = AclSpec(name="web-acl", prices={1: "web-acl"}, up={1: Usual(0.5, 1)}, down={1: Usual(0.5, 1)})


def _visibility(name: str) -> Parameters:
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}


def _rule(priority: int, name: str, **about: Any) -> Parameters:
    return {"Name": name, "Priority": priority, "VisibilityConfig": _visibility(name), **about}


def _rules(ask: Ask) -> list[Parameters]:
    """The limit first: what comes too often costs nothing more."""
    out: list[Parameters] = []
    if limit := int(ask.parameter("rate_limit", 0)):
        rate = {"RateBasedStatement": {"Limit": limit, "AggregateKeyType": "IP"}}
        out.append(_rule(0, "rate-limit", Statement=rate, Action={"Block": {}}))
    for number, group in enumerate(ask.parameter("rules", ()), 1):
        managed = {"ManagedRuleGroupStatement": {"VendorName": VENDOR, "Name": group}}
        out.append(_rule(number, group, Statement=managed, OverrideAction={"None": {}}))
    return out


def _create(ask: Ask) -> Parameters:
    name = str(ask.parameter("name"))
    return {
        "Name": name,
        **SCOPE,
        "DefaultAction": {"Allow": {}},
        "VisibilityConfig": _visibility(name),
        "Rules": _rules(ask),
        "Tags": tag_list(ask.tags),
    }


def _named(arn: str) -> Parameters:
    """An ARN says name and id, which all calls want."""
    _, name, number = arn.rsplit("/", 2)
    return {"Name": name, "Id": number, **SCOPE}


def _delete(ask: Ask) -> Parameters:
    return {**_named(ask.id), "LockToken": ask.facts.get("lock") or "unknown"}


def _questions(ask: Ask) -> Questions:
    arn = ask.id
    if not arn:
        found = yield "ListWebACLs", SCOPE
        arn = [one["ARN"] for one in found["WebACLs"] if one["Name"] == ask.parameter("name")][0]  # noqa: RUF015
    yield "GetWebACL", _named(arn)
    if not ask.is_seen:
        yield "ListTagsForResource", {"ResourceARN": arn}


def judge(item: Item, _: Ask) -> Seen:
    """It has no state."""
    answer = item["GetWebACL"]
    return Seen(state=1, facts={"id": answer["WebACL"]["ARN"], "lock": answer["LockToken"]})


def _made(answer: Item, _: Ask) -> Seen:
    made = answer["Summary"]
    return Seen(state=1, facts={"id": made["ARN"], "lock": made["LockToken"]})


def _tags(thing: Item) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in thing["TagList"]}


_MISSING = frozenset({"WAFNonexistentItemException"})
KIND = Kind(
    spec=SPEC,
    service="wafv2",
    reading=Reading(operation="ListTagsForResource", member="TagInfoForResource", identity="ResourceARN", id_filter=""),
    questions=_questions,
    missing=_MISSING,
    tags_of=_tags,
    judge=judge,
    moves={
        ("raise", 1): Move(
            operation="CreateWebACL",
            parameters=_create,
            accepted=_made,
            resolves="name",
            there=frozenset({"WAFDuplicateItemException"}),
        ),
        ("lower", 0): Move(
            operation="DeleteWebACL",
            parameters=_delete,
            accepted=deleted,
            there=frozenset({"WAFOptimisticLockException"}),
            gone=_MISSING,
        ),
    },
)
