"""Routes: one per table and destination. A route on a NAT gateway may dangle (a blackhole) and is rebound by replacing it."""

from collections.abc import Mapping

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Reading, Seen, deleted
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

SPEC = KindSpec(
    name="route",
    roles=(
        Role("table", 1, 1),
        Role("gateway", 2, 1),
        Role("nat", 1, 1, loose=True),
    ),
    free=True,
    up={1: Usual(0.5, 1)},
    down={1: Usual(0.5, 1)},
)


def _table(ask: Ask) -> str:
    return ask.ground_id("table", "RouteTableId") or ask.facts.get("table", "")


def _target(ask: Ask) -> Parameters:
    if nat := ask.ground_id("nat", "NatGatewayId"):
        return {"NatGatewayId": nat}
    return {"GatewayId": ask.ground_id("gateway", "GatewayId")}


def _place(ask: Ask) -> Parameters:
    return {"RouteTableId": _table(ask), "DestinationCidrBlock": ask.parameter("destination")}


def _with_target(ask: Ask) -> Parameters:
    return _place(ask) | _target(ask)


def _facts(ask: Ask) -> dict[str, str]:
    target = next(iter(_target(ask).values()))
    return {"id": f"{_table(ask)} {ask.parameter('destination')}", "table": _table(ask), "target": target}


def _made(answer: Item, ask: Ask) -> Seen:
    # Return is false where AWS could not: then the outcome is not known, and a look decides
    return Seen(state=1 if answer.get("Return", True) else None, text="active", facts=_facts(ask))


def _replaced(_: Item, ask: Ask) -> Seen:
    return Seen(state=None, text="replaced", facts=_facts(ask))


def _find(ask: Ask) -> Mapping[str, list[str]]:
    return {"route-table-id": [_table(ask)]}


def judge(item: Item, ask: Ask) -> Seen | None:
    """It is there when the table has it with our target; `blackhole` is there too, but bound to nothing."""
    destination = ask.parameter("destination")
    asked = next(iter(_target(ask).values()))
    wanted = asked or ask.facts.get("target", "")
    for route in item.get("Routes") or ():
        if route.get("DestinationCidrBlock") != destination:
            continue
        target = route.get("NatGatewayId") or route.get("GatewayId") or "something else"
        facts = {"id": f"{item['RouteTableId']} {destination}", "table": item["RouteTableId"], "target": target}
        if wanted and target != wanted:
            words = f"the route {destination} of {item['RouteTableId']} leads to {target}"
            return Seen(state=1, text="leads elsewhere", failed="RouteAlreadyExists", reason=words, facts=facts)
        state = route.get("State", "active")
        # a blackhole is there, but who asks for it with its target wants it active
        return Seen(state=None if state != "active" and asked else 1, text=state, facts=facts)
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
            operation="CreateRoute",
            parameters=_with_target,
            accepted=_made,
            resolves="name",
            there=frozenset({"RouteAlreadyExists"}),
            returns=True,
        ),
        ("rebind", 1): Move(operation="ReplaceRoute", parameters=_with_target, accepted=_replaced, returns=True),
        ("lower", 0): Move(
            operation="DeleteRoute",
            parameters=_place,
            accepted=deleted,
            gone=frozenset({"InvalidRoute.NotFound", "InvalidRouteTableID.NotFound"}),
            returns=True,
        ),
    },
)
