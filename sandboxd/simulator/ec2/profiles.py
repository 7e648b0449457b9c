"""What EC2 makes of the instance profile that a launch names: it knows a new one late, and says of that what it says of a wrong one."""

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.shapes import Shape
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.needs import IAM
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

CORE = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


def arn(row: Row) -> str:
    """The ARN of an instance profile."""
    return f"arn:aws:iam::{row.account}:instance-profile{row.data['path']}{row.data['name']}"


def asked_for(world: World, q: Request) -> Shape:
    """ARN and id of the profile that a launch names; nothing if it names none. InvalidParameterValue for what EC2 does not know."""
    asked = q.parameters.get("IamInstanceProfile") or {}
    if not asked:
        return {}
    row = named(world, q, asked)
    if row is None or q.now < row.data["ec2_from"]:
        member, what = ("arn", "ARN") if asked.get("Arn") else ("name", "name")
        value = asked.get("Arn") or asked.get("Name", "")
        words = (
            f"Value ({value}) for parameter iamInstanceProfile.{member} is invalid. Invalid IAM Instance Profile {what}"
        )
        raise ApiError("InvalidParameterValue", words)
    if "role" not in row.refs:
        words = f'IAM Instance Profile "{arn(row)}" has no associated IAM Roles'
        raise ApiError("InvalidParameterValue", words)
    return {"Arn": arn(row), "Id": row.id}


def lets_agent_in(world: World, profile: Shape) -> bool:
    """Whether the agent of a machine with this profile may speak with Systems Manager."""
    row = world.rows.find(profile["Id"]) if profile else None
    role = world.rows.find(row.refs.get("role", "")) if row else None
    return role is not None and CORE in role.data["policies"]


def named(world: World, q: Request, asked: Shape) -> Row | None:
    """The profile of this name or ARN, whether EC2 knows it already or not."""
    for row in world.rows.of(q.account, IAM, "instance-profile"):
        if (row.data["name"] == asked.get("Name") or arn(row) == asked.get("Arn")) and not row.is_gone(q.now):
            return row
    return None
