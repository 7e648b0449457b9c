"""Route tables: made with a client token; their routes and associations are resources of their own."""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Reading, Seen, deleted
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

SPEC = KindSpec(
    name="route-table", roles=(Role("vpc", 1, 1),), free=True, up={1: Usual(0.5, 1)}, down={1: Usual(0.5, 1)}
)  # fmt: skip
READING = Reading(
    operation="DescribeRouteTables", member="RouteTables", identity="RouteTableId", id_filter="route-table-id"
)  # fmt: skip


def _create(ask: Ask) -> Parameters:
    return {"VpcId": ask.id_of("vpc"), "ClientToken": ask.token, "TagSpecifications": ask.tagged("route-table")}


def _delete(ask: Ask) -> Parameters:
    return {"RouteTableId": ask.id}


def judge(item: Item, _: Ask) -> Seen:
    """A route table has no state: it is there or not."""
    return Seen(state=1, facts={"id": item["RouteTableId"]})


KIND = Kind(
    spec=SPEC,
    reading=READING,
    judge=judge,
    moves={
        ("raise", 1): Move(
            operation="CreateRouteTable",
            parameters=_create,
            accepted=lambda answer, ask: judge(answer["RouteTable"], ask),
            resolves="token",
        ),
        ("lower", 0): Move(
            operation="DeleteRouteTable",
            parameters=_delete,
            accepted=deleted,
            gone=frozenset({"InvalidRouteTableID.NotFound"}),
        ),
    },
)
