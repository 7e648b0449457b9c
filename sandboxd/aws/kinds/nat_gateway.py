"""NAT gateways: made with a client token; may fail minutes after the call, and then hold their address until deleted."""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Reading, Seen
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

SPEC = KindSpec(
    name="nat-gateway",
    roles=(Role("subnet", 1, 1), Role("address", 1, 1), Role("gateway", 2, 1)),
    turns=True,
    prices={1: "nat-gateway"},
    up={1: Usual(103, 117)},
    down={1: Usual(52, 61)},
)


def _create(ask: Ask) -> Parameters:
    return {
        "SubnetId": ask.id_of("subnet"),
        "AllocationId": ask.id_of("address"),
        "ClientToken": ask.token,
        "TagSpecifications": ask.tagged("natgateway"),
    }


def _delete(ask: Ask) -> Parameters:
    return {"NatGatewayId": ask.id}


def judge(item: Item, _: Ask) -> Seen:
    """Deleted gateways stay in sight for an hour with everything they had: only the state counts."""
    state, facts = item["State"], {"id": item["NatGatewayId"]}
    match state:
        case "available":
            return Seen(state=1, text=state, facts=facts)
        case "deleted":
            return Seen(state=0, text=state)
        case "failed":
            code = item.get("FailureCode") or "Failed"
            return Seen(text=state, failed=code, reason=item.get("FailureMessage") or code, facts=facts)
    failing = item.get("FailureCode")
    return Seen(text=f"{state}, {failing}" if failing else state, facts=facts)


KIND = Kind(
    spec=SPEC,
    reading=Reading(
        operation="DescribeNatGateways",
        member="NatGateways",
        identity="NatGatewayId",
        id_filter="nat-gateway-id",
        filters="Filter",
    ),
    judge=judge,
    moves={
        ("raise", 1): Move(
            operation="CreateNatGateway",
            parameters=_create,
            accepted=lambda answer, ask: judge(answer["NatGateway"], ask),
            resolves="token",
        ),
        ("lower", 0): Move(
            operation="DeleteNatGateway",
            parameters=_delete,
            accepted=lambda answer, _: Seen(text="deleting", facts={"id": answer["NatGatewayId"]}),
            gone=frozenset({"NatGatewayNotFound", "InvalidNatGatewayID.NotFound"}),
        ),
    },
)
