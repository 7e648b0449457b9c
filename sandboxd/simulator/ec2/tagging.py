"""Tags by themselves: create, delete, describe, over all kinds of rows."""

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.shapes import Shape, page, required
from sandboxd.simulator.errors import NOT_FOUND, ApiError, not_found
from sandboxd.simulator.rows import PREFIXES, Row
from sandboxd.simulator.world import World

TYPES = {
    "vpc": "vpc", "subnet": "subnet", "internet-gateway": "internet-gateway", "route-table": "route-table",
    "security-group": "security-group", "rule": "security-group-rule", "elastic-ip": "elastic-ip",
    "nat-gateway": "natgateway", "machine": "instance", "interface": "network-interface", "volume": "volume",
    "image": "image", "snapshot": "snapshot", "network-acl": "network-acl",
}  # fmt: skip


def _resources(world: World, q: Request) -> list[Row]:
    rows = []
    for identifier in required(q, "Resources"):
        row = world.rows.find(identifier)
        if row is None or row.account != q.account or not row.shows(q):
            raise _unknown(identifier)
        world.rows.touch(row, q)
        rows.append(row)
    return rows


def _unknown(identifier: str) -> ApiError:
    prefix = identifier.rpartition("-")[0]
    kind = next((kind for kind, known in PREFIXES.items() if known == prefix and kind in NOT_FOUND), None)
    return not_found(kind, identifier) if kind else ApiError("InvalidID", f"The ID '{identifier}' is not valid")


def create_tags(world: World, q: Request) -> Shape:
    tags = {tag["Key"]: tag.get("Value", "") for tag in required(q, "Tags")}
    if any(key.lower().startswith("aws:") for key in tags):
        raise ApiError("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
    for row in _resources(world, q):
        world.check_quota("tags", 0, len(row.tags | tags))
        row.tags |= tags
        q.made(f"{row.id} tags")
    return {}


def delete_tags(world: World, q: Request) -> Shape:
    for row in _resources(world, q):
        for tag in q.parameters.get("Tags") or [{"Key": key} for key in row.tags]:
            if "Value" not in tag or row.tags.get(tag["Key"]) == tag["Value"]:
                row.tags.pop(tag["Key"], None)
        q.made(f"{row.id} tags")
    return {}


def describe_tags(world: World, q: Request) -> Shape:
    wanted = {f["Name"]: f["Values"] for f in q.parameters.get("Filters", ())}
    out = []
    for row in (row for kind in TYPES for row in world.rows.seen(q, kind)):
        for key, value in row.tags.items():
            shape = {"Key": key, "ResourceId": row.id, "ResourceType": TYPES[row.kind], "Value": value}
            if all(_passes(shape, name, values) for name, values in wanted.items()):
                out.append(shape)
    return page(q, out, "Tags")


def _passes(shape: Shape, name: str, values: list[str]) -> bool:
    if name.startswith("tag:"):
        return bool(shape["Key"] == name[4:] and shape["Value"] in values)
    members = {"key": "Key", "value": "Value", "resource-id": "ResourceId", "resource-type": "ResourceType"}
    if name not in members:
        raise ApiError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return shape[members[name]] in values


OPERATIONS = {"CreateTags": create_tags, "DeleteTags": delete_tags, "DescribeTags": describe_tags}
