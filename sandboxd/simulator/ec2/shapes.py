"""What EC2's answers have in common: times, tags, filters, pages, ARNs."""

import fnmatch
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

Shape: TypeAlias = dict[str, Any]
Values: TypeAlias = Callable[[Row, Shape], Iterable[str]]


def moment(at: float) -> datetime:
    """Whole seconds, as EC2 gives most times."""
    return datetime.fromtimestamp(int(at), UTC)


def private_dns(ip: str, region: str) -> str:
    """The name that a private address has inside its VPC."""
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{ip.replace('.', '-')}.{domain}"


def tag_list(row: Row) -> list[Shape]:
    """A row's tags as AWS lists them."""
    return [{"Key": key, "Value": value} for key, value in row.tags.items()]


def with_tags(row: Row, shape: Shape) -> Shape:
    """Most resources omit Tags when there are none."""
    return shape | {"Tags": tag_list(row)} if row.tags else shape


def requested_tags(request: Request, resource_type: str) -> dict[str, str]:
    """The tags that a create call gives to a type of resource."""
    out: dict[str, str] = {}
    for spec in request.parameters.get("TagSpecifications", ()):
        if spec.get("ResourceType") == resource_type:
            out |= {tag["Key"]: tag.get("Value", "") for tag in spec.get("Tags", ())}
    if any(key.lower().startswith("aws:") for key in out):
        raise ApiError("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
    return out


def arn(row: Row, resource: str) -> str:
    """The ARN of an EC2 resource."""
    return f"arn:aws:ec2:{row.region}:{row.account}:{resource}/{row.id}"


def required(request: Request, name: str) -> Any:
    """A parameter that must be there."""
    if (value := request.parameters.get(name)) in (None, "", []):
        raise ApiError("MissingParameter", f"The request must contain the parameter {name}")
    return value


def select(
    request: Request,
    rows: list[Row],
    render: Callable[[Row], Shape],
    filters: Mapping[str, Values],
) -> list[Shape]:
    """Render the rows that pass the request's filters; an unknown filter is an error, as at AWS."""
    wanted = [(f["Name"], f.get("Values", [])) for f in request.parameters.get("Filters", ())]
    for name, _ in wanted:
        if name not in filters and not name.startswith("tag:") and name != "tag-key":
            raise ApiError("InvalidParameterValue", f"The filter '{name}' is invalid")
    shapes = [(row, render(row)) for row in rows]
    return [shape for row, shape in shapes if all(_passes(row, shape, n, v, filters) for n, v in wanted)]


def _passes(row: Row, shape: Shape, name: str, values: list[str], filters: Mapping[str, Values]) -> bool:
    if name.startswith("tag:"):
        have: Iterable[str] = [row.tags[name[4:]]] if name[4:] in row.tags else []
    elif name == "tag-key":
        have = row.tags
    else:
        have = filters[name](row, shape)
    return any(fnmatch.fnmatchcase(str(one), value) for one in have for value in values)


def page(request: Request, items: list[Shape], member: str) -> Shape:
    """One page of a listing."""
    most, start = request.parameters.get("MaxResults"), 0
    if token := request.parameters.get("NextToken"):
        if not token.startswith("page-") or not token[5:].isdigit():
            raise ApiError("InvalidParameterValue", "Invalid value for parameter NextToken")
        start = int(token[5:])
    if most is None or start + most >= len(items):
        return {member: items[start:]}
    return {member: items[start : start + most], "NextToken": f"page-{start + most}"}


def member(path: str) -> Values:
    """A filter over one member of the shape."""
    return lambda _, shape: [str(shape[path])] if path in shape else []


def boolean(path: str) -> Values:
    """A filter over a boolean member: `true` or `false`."""
    return lambda _, shape: [str(shape[path]).lower()] if path in shape else []


def listed(world: World, request: Request, kind: str, ids: list[str] | None) -> list[Row]:
    """The rows that a describe starts from: all of a kind, or those asked for by id (unknown ones are an error)."""
    return world.rows.seen(request, kind, ids)
