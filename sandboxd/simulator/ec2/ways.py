"""Whether a machine reaches the world: the default route of its subnet, and what it leads to."""

from sandboxd.simulator.needs import DEFAULT_ROUTE, table_of
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World


def reaches_out(world: World, row: Row, now: float, boot: float) -> bool:
    """Whether the default route that a machine has now leads out when it has booted."""
    subnet = world.rows.find(row.refs["subnet"])
    table = table_of(world.rows, subnet, now)[1] if subnet else None
    for route in table.data["routes"] if table else ():
        if route["DestinationCidrBlock"] == DEFAULT_ROUTE:
            target = world.rows.find(route.get("NatGatewayId") or route["GatewayId"])
            if target is None or "vpc" not in target.refs or target.state(boot) != "available":
                return False
            return target.kind == "nat-gateway" or bool(row.data.get("public_ip"))
    return False
