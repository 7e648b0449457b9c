"""Tags of load balancers, target groups and listeners: no describe shows them but this one."""

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.shapes import tag_list
from sandboxd.simulator.elbv2.shapes import Shape, invalid
from sandboxd.simulator.gate import check_tags
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

KINDS = {"loadbalancer": "load-balancer", "targetgroup": "target-group", "listener": "listener"}
MOST = 20
"""ARNs in one call"""


def _kind(arn: str) -> str:
    name = arn.rpartition(":")[2].partition("/")[0]
    if name not in KINDS:
        raise invalid(f"'{arn}' is not a valid ARN")
    return KINDS[name]


def describe_tags(world: World, q: Request) -> Shape:
    arns = q.parameters["ResourceArns"]
    if len(arns) > MOST:
        words = "failed to satisfy constraint: Member must have length less than or equal to 20"
        raise invalid(f"1 validation error detected: Value at 'resourceArns' {words}")
    rows = [world.rows.seen(q, _kind(arn), [arn])[0] for arn in arns]
    return {"TagDescriptions": [{"ResourceArn": row.id, "Tags": tag_list(row)} for row in rows]}


def _rows(world: World, q: Request) -> list[Row]:
    return [world.rows.get(_kind(arn), arn, q) for arn in q.parameters["ResourceArns"]]


def add_tags(world: World, q: Request) -> Shape:
    rows, given = _rows(world, q), {tag["Key"]: tag.get("Value", "") for tag in q.parameters["Tags"]}
    for row in rows:
        check_tags({*row.tags, *given}, world.quota("tags"))
    for row in rows:
        row.tags |= given
        q.made(f"{row.id} tags")
    return {}


def remove_tags(world: World, q: Request) -> Shape:
    rows, keys = _rows(world, q), q.parameters["TagKeys"]
    for row in rows:
        row.tags = {key: value for key, value in row.tags.items() if key not in keys}
        q.made(f"{row.id} tags")
    return {}


OPERATIONS = {"DescribeTags": describe_tags, "AddTags": add_tags, "RemoveTags": remove_tags}
