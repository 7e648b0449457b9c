"""API Gateway: the VPC links of its REST APIs, which a tenant puts before a network load balancer, and which hold it.

Nothing else of the service, and nothing of its HTTP APIs: their links hold subnets and groups, not load balancers.
"""

from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

COMES = 120.0
"""seconds until a link is there, or gone: minutes, says the guide"""


def create_vpc_link(world: World, q: Request) -> dict[str, Any]:
    """One network load balancer of the account, by its ARN."""
    arns = q.parameters["targetArns"]
    found = [world.rows.find(arn) for arn in arns]
    if len(arns) != 1 or any(one is None or one.data.get("type") != "network" for one in found):
        raise ApiError("BadRequestException", "VPC link targets must be one Network Load Balancer.")
    link = world.rows.make("vpc-link", q.account, q.region, q.now, world.rows.hex(10))
    link.data = {"name": q.parameters["name"], "description": q.parameters.get("description", "")}
    link.tags = dict(q.parameters.get("tags", {}))
    world.rows.refer(link, balancer=arns[0])
    link.goes(q.now, (0, "PENDING"), (COMES, "AVAILABLE"))
    q.made(link.id, COMES)
    return _link(link, q.now)


def _link(row: Row, now: float) -> dict[str, Any]:
    shape = {
        "id": row.id, "name": row.data["name"], "targetArns": [row.refs["balancer"]], "status": row.state(now),
        "statusMessage": "",
    }  # fmt: skip
    shape |= {"description": row.data["description"]} if row.data["description"] else {}
    return shape | ({"tags": dict(row.tags)} if row.tags else {})


def get_vpc_links(world: World, q: Request) -> dict[str, Any]:
    """A page of them; the position leads to the next."""
    links = [_link(row, q.now) for row in world.rows.seen(q, "vpc-link")]
    start, most = int(q.parameters.get("position", "0")), q.parameters.get("limit", 25)
    more = {"position": str(start + most)} if start + most < len(links) else {}
    return {"items": links[start : start + most]} | more


def delete_vpc_link(world: World, q: Request) -> dict[str, Any]:
    """It holds its load balancer until it is gone."""
    link = world.rows.get("vpc-link", q.parameters["vpcLinkId"], q)
    link.goes(q.now, (0, "DELETING"), (COMES, "deleted"))
    q.unmade(link.id, COMES, frees=tuple(link.refs.values()))
    return {}


OPERATIONS = {"CreateVpcLink": create_vpc_link, "GetVpcLinks": get_vpc_links, "DeleteVpcLink": delete_vpc_link}
