"""Associations of a route table with a subnet: one per subnet; asking twice answers the same id."""

from collections.abc import Mapping

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Reading, Seen, deleted
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

SPEC = KindSpec(
    name="route-table-association",
    roles=(Role("table", 1, 1), Role("subnet", 1, 1)),
    free=True,
    up={1: Usual(0.5, 1)},
    down={1: Usual(0.5, 1)},
)


def _associate(ask: Ask) -> Parameters:
    return {"RouteTableId": ask.id_of("table"), "SubnetId": ask.id_of("subnet")}


def _ends(ask: Ask) -> dict[str, str]:
    return {
        "table": ask.ground_id("table", "RouteTableId") or ask.facts.get("table", ""),
        "subnet": ask.ground_id("subnet", "SubnetId") or ask.facts.get("subnet", ""),
    }


def _disassociate(ask: Ask) -> Parameters:
    return {"AssociationId": ask.id}


def _associated(answer: Item, ask: Ask) -> Seen:
    facts = {"id": answer["AssociationId"], **_ends(ask)}
    state = (answer.get("AssociationState") or {}).get("State", "associated")
    return Seen(state=1 if state == "associated" else None, text=state, facts=facts)


def _find(ask: Ask) -> Mapping[str, list[str]]:
    return {"route-table-id": [_ends(ask)["table"]]}


def judge(item: Item, ask: Ask) -> Seen | None:
    """Looked up in the table's associations, by subnet."""
    subnet = _ends(ask)["subnet"]
    for one in item.get("Associations") or ():
        if one.get("SubnetId") != subnet or not subnet:
            continue
        state = (one.get("AssociationState") or {}).get("State", "associated")
        facts = {"id": one["RouteTableAssociationId"], "table": item["RouteTableId"], "subnet": subnet}
        return Seen(state={"associated": 1, "disassociated": 0}.get(state), text=state, facts=facts)
    return None


KIND = Kind(
    spec=SPEC,
    reading=Reading(
        operation="DescribeRouteTables",
        member="RouteTables",
        identity="RouteTableId",
        id_filter="route-table-id",
        by="table",
    ),
    judge=judge,
    find=_find,
    tagged=False,
    by_content=True,
    moves={
        ("raise", 1): Move(
            operation="AssociateRouteTable",
            parameters=_associate,
            accepted=_associated,
            resolves="name",
            there=frozenset({"Resource.AlreadyAssociated"}),
        ),
        ("lower", 0): Move(
            operation="DisassociateRouteTable",
            parameters=_disassociate,
            accepted=deleted,
            gone=frozenset({"InvalidAssociationID.NotFound"}),
        ),
    },
)
