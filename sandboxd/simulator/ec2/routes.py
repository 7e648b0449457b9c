"""Route tables, routes and their associations with subnets."""

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.making import new_route_table
from sandboxd.simulator.ec2.shapes import Shape, listed, member, page, requested_tags, required, select, tag_list
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.needs import route as route_name
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World


def create_route_table(world: World, q: Request) -> Shape:
    vpc = world.rows.get("vpc", required(q, "VpcId"), q)
    if (known := world.token(q, "route-table")) is not None:
        table = world.rows.answered("route-table", known)
        return {"RouteTable": _table(world, table, q.now), "ClientToken": q.parameters["ClientToken"]}
    world.check_quota("route_tables", len(world.rows.holders(vpc.id, q.now, "route-table")))
    table = new_route_table(world, vpc, q.now, main=False)
    table.tags = requested_tags(q, "route-table")
    world.remember(q, table, "route-table")
    q.made(table.id)
    out: Shape = {"RouteTable": _table(world, table, q.now)}
    return out | ({"ClientToken": q.parameters["ClientToken"]} if "ClientToken" in q.parameters else {})


def _table(world: World, row: Row, now: float) -> Shape:
    return {
        "RouteTableId": row.id,
        "VpcId": row.refs["vpc"],
        "OwnerId": row.account,
        "Tags": tag_list(row),
        "PropagatingVgws": [],
        "Routes": [_route(world, route, now) for route in row.data["routes"]],
        "Associations": _associations(world, row, now),
    }


def _associations(world: World, table: Row, now: float) -> list[Shape]:
    out = []
    if table.data["default"]:
        out.append({"Main": True, "RouteTableAssociationId": table.data["main_association"], "RouteTableId": table.id,
                    "AssociationState": {"State": "associated"}})  # fmt: skip
    out.extend(
        {
            "Main": False,
            "RouteTableAssociationId": row.id,
            "RouteTableId": table.id,
            "SubnetId": row.refs["subnet"],
            "AssociationState": {"State": "associated"},
        }
        for row in world.rows.holders(table.id, now, "association")
    )
    return out


def _route(world: World, route: Shape, now: float) -> Shape:
    target = route.get("NatGatewayId") or route["GatewayId"]
    row = world.rows.find(target)
    leads = row is not None and "vpc" in row.refs and row.state(now) in ("available", "pending")
    return route | {"State": "active" if target == "local" or leads else "blackhole"}


def describe_route_tables(world: World, q: Request) -> Shape:
    rows = listed(world, q, "route-table", q.parameters.get("RouteTableIds"))
    filters = {
        "route-table-id": member("RouteTableId"),
        "vpc-id": member("VpcId"),
        "owner-id": member("OwnerId"),
        "association.main": lambda _, s: [str(a["Main"]).lower() for a in s["Associations"]],
        "association.subnet-id": lambda _, s: [a["SubnetId"] for a in s["Associations"] if "SubnetId" in a],
        "association.route-table-association-id": lambda _, s: [
            a["RouteTableAssociationId"] for a in s["Associations"]
        ],
        "association.route-table-id": lambda _, s: [a["RouteTableId"] for a in s["Associations"]],
        "route.nat-gateway-id": lambda _, s: [r["NatGatewayId"] for r in s["Routes"] if "NatGatewayId" in r],
        "route.gateway-id": lambda _, s: [r["GatewayId"] for r in s["Routes"] if "GatewayId" in r],
        "route.destination-cidr-block": lambda _, s: [r["DestinationCidrBlock"] for r in s["Routes"]],
        "route.state": lambda _, s: [r["State"] for r in s["Routes"]],
    }
    return page(q, select(q, rows, lambda row: _table(world, row, q.now), filters), "RouteTables")


def delete_route_table(world: World, q: Request) -> Shape:
    table = world.rows.get("route-table", required(q, "RouteTableId"), q)
    if table.data["default"] or world.rows.holders(table.id, q.now, "association"):
        raise ApiError("DependencyViolation", f"The routeTable '{table.id}' has dependencies and cannot be deleted.")
    world.rows.drop(table)
    q.unmade(table.id, frees=(table.refs["vpc"],))
    return {}


# ---- routes
def create_route(world: World, q: Request) -> Shape:
    table, destination = _place(world, q)
    if any(route["DestinationCidrBlock"] == destination for route in table.data["routes"]):
        raise ApiError("RouteAlreadyExists", f"The route identified by {destination} already exists.")
    world.check_quota("routes", len(table.data["routes"]) - 1)
    _set(world, q, table, destination)
    return {"Return": True}


def replace_route(world: World, q: Request) -> Shape:
    table, destination = _place(world, q)
    _check_target(world, q, table, _target(q))
    if all(route["DestinationCidrBlock"] != destination for route in table.data["routes"]):
        words = f"There is no route defined for '{destination}' in the route table. Use CreateRoute instead."
        raise ApiError("InvalidParameterValue", words)
    _remove(table, destination)
    world.rows.unrefer(table, f"route {destination}")
    _set(world, q, table, destination)
    return {}


def delete_route(world: World, q: Request) -> Shape:
    table, destination = _place(world, q)
    _remove(table, destination)
    world.rows.unrefer(table, f"route {destination}")
    q.unmade(route_name(table.id, destination))
    return {}


def _place(world: World, q: Request) -> tuple[Row, str]:
    table = world.rows.get("route-table", required(q, "RouteTableId"), q)
    return table, required(q, "DestinationCidrBlock")


def _remove(table: Row, destination: str) -> None:
    kept = [route for route in table.data["routes"] if route["DestinationCidrBlock"] != destination]
    if len(kept) == len(table.data["routes"]):
        raise ApiError(
            "InvalidRoute.NotFound",
            f"no route with destination-cidr-block {destination} in route table {table.id}",
        )
    table.data["routes"] = kept


def _set(world: World, q: Request, table: Row, destination: str) -> None:
    target = _target(q)
    member_name = "NatGatewayId" if target.startswith("nat-") else "GatewayId"
    _check_target(world, q, table, target)
    route = {"DestinationCidrBlock": destination, member_name: target, "Origin": "CreateRoute"}
    table.data["routes"] = [*table.data["routes"], route]
    world.rows.refer(table, **{f"route {destination}": target})
    q.made(route_name(table.id, destination))


def _target(q: Request) -> str:
    target = q.parameters.get("NatGatewayId") or q.parameters.get("GatewayId")
    if not target:
        raise ApiError("MissingParameter", "The simulator knows routes to internet gateways and NAT gateways only.")
    return str(target)


def _check_target(world: World, q: Request, table: Row, target: str) -> None:
    if target.startswith("nat-"):
        row = world.rows.find(target)
        if (
            row is None
            or row.account != q.account
            or not row.shows(q)
            or row.state(q.now) not in ("pending", "available")
        ):
            if "NatGatewayId" in q.parameters:
                raise ApiError("InvalidNatGatewayID.NotFound", f"The natGateway ID '{target}' does not exist")
            raise ApiError("InvalidGatewayID.NotFound", f"The gateway ID '{target}' does not exist")
        return
    gateway = world.rows.get("internet-gateway", target, q)
    if gateway.refs.get("vpc") != table.refs["vpc"]:
        raise ApiError(
            "InvalidParameterValue", f"route table {table.id} and network gateway {target} belong to different networks"
        )


# ---- associations
def associate_route_table(world: World, q: Request) -> Shape:
    table = world.rows.get("route-table", required(q, "RouteTableId"), q)
    subnet = world.rows.get("subnet", required(q, "SubnetId"), q)
    for row in world.rows.holders(subnet.id, q.now, "association"):
        if row.refs["table"] != table.id:
            words = (
                f"the specified association for route table {row.refs['table']} conflicts with an existing association"
            )
            raise ApiError("Resource.AlreadyAssociated", words)
        return _associated(row.id)
    row = world.rows.make("association", q.account, q.region, q.now)
    world.rows.refer(row, table=table.id, subnet=subnet.id)
    q.made(row.id)
    return _associated(row.id)


def _associated(identifier: str) -> Shape:
    return {"AssociationId": identifier, "AssociationState": {"State": "associated"}}


def disassociate_route_table(world: World, q: Request) -> Shape:
    row = world.rows.get("association", required(q, "AssociationId"), q)
    world.rows.drop(row)
    q.unmade(row.id, frees=(row.refs["table"],))
    return {}


OPERATIONS = {
    "CreateRouteTable": create_route_table, "DescribeRouteTables": describe_route_tables,
    "DeleteRouteTable": delete_route_table, "CreateRoute": create_route, "ReplaceRoute": replace_route,
    "DeleteRoute": delete_route, "AssociateRouteTable": associate_route_table,
    "DisassociateRouteTable": disassociate_route_table,
}  # fmt: skip
