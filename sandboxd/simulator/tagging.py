"""The tagging API: an index of tags that is fed late, lists what is gone for hours, and knows nothing of IAM. As AWS's own is.

Whoever believes it waits for ghosts and misses the young; it is here so that tests can show that nobody does.
"""

from collections.abc import Iterator

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.shapes import Shape, tag_list
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import GHOST, Row
from sandboxd.simulator.world import World

YOUNG = 300.0
"""seconds until a new thing is in the index"""
MOST = 50
TYPES = {
    "vpc": "vpc", "subnet": "subnet", "internet-gateway": "internet-gateway", "route-table": "route-table",
    "security-group": "security-group", "rule": "security-group-rule", "elastic-ip": "elastic-ip",
    "nat-gateway": "natgateway", "machine": "instance", "interface": "network-interface", "volume": "volume",
}  # fmt: skip
"""kinds whose tags are in the index -> type of resource in the ARN"""


def get_resources(world: World, q: Request) -> Shape:
    wanted = [(one["Key"], one.get("Values") or []) for one in q.parameters.get("TagFilters") or ()]
    types = q.parameters.get("ResourceTypeFilters") or ()
    found = [
        {"ResourceARN": _arn(row), "Tags": tag_list(row)}
        for row in _indexed(world, q)
        if _is_tagged(row, wanted) and (not types or {"ec2", f"ec2:{TYPES[row.kind]}"} & {*types})
    ]
    most, token = int(q.parameters.get("ResourcesPerPage", MOST)), q.parameters.get("PaginationToken") or "0"
    if not token.isdigit():
        raise ApiError("PaginationTokenExpiredException", "The specified pagination token has expired.")
    start = int(token)
    more = str(start + most) if start + most < len(found) else ""
    return {"PaginationToken": more, "ResourceTagMappingList": found[start : start + most]}


def _indexed(world: World, q: Request) -> Iterator[Row]:
    """What had tags five minutes ago, or in the last hours."""
    for row in (*world.rows.all(), *world.rows.ghosts(q.now)):
        here = (row.account, row.region) == (q.account, q.region) and row.kind in TYPES and row.tags
        gone = row.is_gone(q.now) and q.now >= row.since(q.now) + GHOST
        if here and not gone and q.now >= row.created + YOUNG:
            yield row


def _is_tagged(row: Row, wanted: list[tuple[str, list[str]]]) -> bool:
    return all(key in row.tags and (not values or row.tags[key] in values) for key, values in wanted)


def _arn(row: Row) -> str:
    return f"arn:aws:ec2:{row.region}:{row.account}:{TYPES[row.kind]}/{row.id}"


OPERATIONS = {"GetResources": get_resources}
