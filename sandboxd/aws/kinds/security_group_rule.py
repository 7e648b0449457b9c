"""Rules of security groups: one rule a call, because a duplicate in a call with several proves only one of them."""

from collections.abc import Mapping
from typing import Any

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Reading, Seen, deleted
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Node, Usual, Way

SPEC = KindSpec(
    name="security-group-rule",
    roles=(Role("group", 2, 1), Role("peer", 1, 1)),
    free=True,
    up={1: Usual(0.5, 1)},
    down={1: Usual(0.5, 1)},
)


def _peer(ask: Ask) -> str:
    if peer := ask.id_of("peer"):
        return peer
    pairs = [pair for one in ask.sent.get("IpPermissions", ()) for pair in one.get("UserIdGroupPairs", ())]
    return next((pair["GroupId"] for pair in pairs), "")


def _permission(ask: Ask) -> Parameters:
    asked = str(ask.parameter("protocol", "all"))
    protocol = "-1" if asked == "all" else asked
    # a description always: it tells a rule of ours that lets everything out from the one that AWS adds
    text = {"Description": ask.parameter("description") or "sandboxd"}
    permission: Parameters = {"IpProtocol": protocol}
    if protocol != "-1":
        permission |= {"FromPort": int(ask.parameter("from_port", -1)), "ToPort": int(ask.parameter("to_port", -1))}
    if peer := _peer(ask):
        return permission | {"UserIdGroupPairs": [{"GroupId": peer, **text}]}
    return permission | {"IpRanges": [{"CidrIp": ask.parameter("cidr"), **text}]}


def _authorize(ask: Ask) -> Parameters:
    return {
        "GroupId": ask.id_of("group"),
        "IpPermissions": [_permission(ask)],
        "TagSpecifications": ask.tagged("security-group-rule"),
    }


def _revoke(ask: Ask) -> Parameters:
    return {"GroupId": ask.facts.get("group") or ask.ground_id("group", "GroupId"), "SecurityGroupRuleIds": [ask.id]}


def _facts(item: Item) -> dict[str, str]:
    return {"id": item["SecurityGroupRuleId"], "group": item["GroupId"]}


def _authorized(answer: Item, _: Ask) -> Seen:
    return Seen(state=1, facts=_facts(answer["SecurityGroupRules"][0]))


def _find(ask: Ask) -> Mapping[str, list[str]]:
    return {"group-id": [ask.ground_id("group", "GroupId") or ask.facts.get("group", "")]}


def _same(item: Item, ask: Ask) -> bool:
    """Whether a described rule is the one that the node describes."""
    permission = _permission(ask)
    source: Any = (item.get("ReferencedGroupInfo") or {}).get("GroupId") or item.get("CidrIpv4")
    return bool(
        item["IsEgress"] == (ask.parameter("direction") == "egress")
        and item["IpProtocol"] == permission["IpProtocol"]
        and item.get("FromPort", -1) == permission.get("FromPort", -1)
        and item.get("ToPort", -1) == permission.get("ToPort", -1)
        and source == (_peer(ask) or ask.parameter("cidr"))
    )


def judge(item: Item, ask: Ask) -> Seen | None:
    """A rule has no state; found by its group, it is ours when it says what ours says."""
    if item["SecurityGroupRuleId"] != ask.id and not _same(item, ask):
        return None
    return Seen(state=1, facts=_facts(item))


def _choose(node: Node, way: Way, _: int, to: int) -> Move | None:
    egress = node.parameters.get("direction") == "egress"
    match way, to:
        case "raise", 1:
            return _RAISE[egress]
        case "lower", 0:
            return _LOWER[egress]
    return None


def _raising(operation: str) -> Move:
    return Move(
        operation=operation,
        parameters=_authorize,
        accepted=_authorized,
        resolves="name",
        there=frozenset({"InvalidPermission.Duplicate"}),
    )


def _lowering(operation: str) -> Move:
    gone = frozenset({"InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound", "InvalidPermission.NotFound"})
    return Move(operation=operation, parameters=_revoke, accepted=deleted, gone=gone)


_RAISE = {True: _raising("AuthorizeSecurityGroupEgress"), False: _raising("AuthorizeSecurityGroupIngress")}
_LOWER = {True: _lowering("RevokeSecurityGroupEgress"), False: _lowering("RevokeSecurityGroupIngress")}

KIND = Kind(
    spec=SPEC,
    reading=Reading(
        operation="DescribeSecurityGroupRules",
        member="SecurityGroupRules",
        identity="SecurityGroupRuleId",
        id_filter="group-id",
        by="group",
        grouped_by="GroupId",
    ),
    judge=judge,
    find=_find,
    by_content=True,
    choose=_choose,
)
