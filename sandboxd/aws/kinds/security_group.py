"""Security groups: their name is unique in the VPC. Made, then closed: the egress rule that AWS adds is taken away."""

from collections.abc import Mapping

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Reading, Seen, deleted
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Edge, Usual

MADE, CLOSED = 1, 2
SPEC = KindSpec(
    name="security-group",
    states=("absent", "made", "closed"),
    roles=(Role("vpc", 1, MADE),),
    free=True,
    up={MADE: Usual(0.5, 1), CLOSED: Usual(0.5, 1)},
    down={CLOSED: Usual(0.5, 1), MADE: Usual(0.5, 1)},
    edges=(Edge(CLOSED, 0, 0),),
)
OPEN = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def _create(ask: Ask) -> Parameters:
    return {
        "GroupName": ask.parameter("name"),
        "Description": ask.parameter("description") or ask.parameter("name"),
        "VpcId": ask.id_of("vpc"),
        "TagSpecifications": ask.tagged("security-group"),
    }


def _close(ask: Ask) -> Parameters:
    return {"GroupId": ask.id, "IpPermissions": [OPEN]}


def _delete(ask: Ask) -> Parameters:
    return {"GroupId": ask.id}


def _find(ask: Ask) -> Mapping[str, list[str]]:
    return {"vpc-id": [ask.ground_id("vpc", "VpcId")], "group-name": [ask.parameter("name")]}


def judge(item: Item, _: Ask) -> Seen:
    """It is closed when the rule that AWS adds, which lets everything out and has no description, is not there."""
    for rule in item.get("IpPermissionsEgress") or ():
        ranges = [one["CidrIp"] for one in rule.get("IpRanges") or () if not one.get("Description")]
        if rule["IpProtocol"] == "-1" and "0.0.0.0/0" in ranges:
            return Seen(state=MADE, text="open", facts={"id": item["GroupId"]})
    return Seen(state=CLOSED, text="closed", facts={"id": item["GroupId"]})


_GONE = frozenset({"InvalidGroup.NotFound", "InvalidGroupId.Malformed"})
KIND = Kind(
    spec=SPEC,
    reading=Reading(
        operation="DescribeSecurityGroups", member="SecurityGroups", identity="GroupId", id_filter="group-id"
    ),
    judge=judge,
    interfaces="group-id",
    find=_find,
    moves={
        ("raise", MADE): Move(
            operation="CreateSecurityGroup",
            parameters=_create,
            accepted=lambda answer, _: Seen(state=MADE, facts={"id": answer["GroupId"]}),
            resolves="name",
            there=frozenset({"InvalidGroup.Duplicate"}),
        ),
        ("raise", CLOSED): Move(
            operation="RevokeSecurityGroupEgress",
            parameters=_close,
            accepted=lambda *_: Seen(state=CLOSED),
            there=frozenset({"InvalidPermission.NotFound"}),
        ),
        ("lower", 0): Move(operation="DeleteSecurityGroup", parameters=_delete, accepted=deleted, gone=_GONE),
    },
)
