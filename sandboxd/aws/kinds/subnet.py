"""Subnets: their address range is unique in the VPC, which resolves a lost reply."""

from collections.abc import Mapping

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Reading, Seen, deleted
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

SPEC = KindSpec(
    name="subnet", roles=(Role("vpc", 1, 1),), free=True, up={1: Usual(0.5, 1)}, down={1: Usual(0.5, 1)}
)  # fmt: skip


def _create(ask: Ask) -> Parameters:
    zone = {"AvailabilityZoneId": ask.parameter("zone")} if ask.parameter("zone") else {}
    return {
        "VpcId": ask.id_of("vpc"),
        "CidrBlock": ask.parameter("cidr"),
        **zone,
        "TagSpecifications": ask.tagged("subnet"),
    }


def _delete(ask: Ask) -> Parameters:
    return {"SubnetId": ask.id}


def _find(ask: Ask) -> Mapping[str, list[str]]:
    return {"vpc-id": [ask.ground_id("vpc", "VpcId")], "cidr-block": [ask.parameter("cidr")]}


def judge(item: Item, _: Ask) -> Seen:
    """A subnet is there once it is available."""
    state = item.get("State", "available")
    facts = {"id": item["SubnetId"], "zone": item.get("AvailabilityZoneId", "")}
    return Seen(state=1 if state == "available" else None, text=state, facts=facts)


KIND = Kind(
    spec=SPEC,
    reading=Reading(operation="DescribeSubnets", member="Subnets", identity="SubnetId", id_filter="subnet-id"),
    judge=judge,
    interfaces="subnet-id",
    find=_find,
    moves={
        ("raise", 1): Move(
            operation="CreateSubnet",
            parameters=_create,
            accepted=lambda answer, ask: judge(answer["Subnet"], ask),
            resolves="name",
            there=frozenset({"InvalidSubnet.Conflict"}),
        ),
        ("lower", 0): Move(
            operation="DeleteSubnet", parameters=_delete, accepted=deleted, gone=frozenset({"InvalidSubnetID.NotFound"})
        ),
    },
)
