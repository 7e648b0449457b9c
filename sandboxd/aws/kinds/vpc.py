"""VPCs: no token and no unique name, so a lost reply is resolved by our tags alone."""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Reading, Seen, deleted
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Usual

SPEC = KindSpec(name="vpc", up={1: Usual(1.7, 1.9)}, down={1: Usual(0.5, 1)})


def _create(ask: Ask) -> Parameters:
    return {"CidrBlock": ask.parameter("cidr"), "TagSpecifications": ask.tagged("vpc")}


def _delete(ask: Ask) -> Parameters:
    return {"VpcId": ask.id}


def judge(item: Item, _: Ask) -> Seen:
    """A VPC is there once it is available."""
    state = item["State"]
    return Seen(state=1 if state == "available" else None, text=state, facts={"id": item["VpcId"]})


KIND = Kind(
    spec=SPEC,
    reading=Reading(operation="DescribeVpcs", member="Vpcs", identity="VpcId", id_filter="vpc-id"),
    judge=judge,
    interfaces="vpc-id",
    moves={
        ("raise", 1): Move(
            operation="CreateVpc",
            parameters=_create,
            accepted=lambda answer, ask: judge(answer["Vpc"], ask),
            resolves="tags",
        ),
        ("lower", 0): Move(
            operation="DeleteVpc", parameters=_delete, accepted=deleted, gone=frozenset({"InvalidVpcID.NotFound"})
        ),
    },
)
