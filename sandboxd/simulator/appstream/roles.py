"""The role by which AppStream acts in an account: without it no fleet starts, and one made a moment ago is not known yet."""

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.needs import IAM
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

NAME = "AmazonAppStreamServiceAccess"
POLICY = f"arn:aws:iam::aws:policy/service-role/{NAME}"
REACH = 60.0
"""seconds until AppStream knows a new role (one to two minutes of retries were reported)"""


def service_role(world: World, account: str) -> Row | None:
    """The role of an account."""
    rows = world.rows.of(account, IAM, "role")
    return next((row for row in rows if row.data["name"] == NAME), None)


def is_usable(world: World, account: str) -> bool:
    """Whether there is one, with its policy and for AppStream."""
    row = service_role(world, account)
    return row is not None and POLICY in row.data["policies"] and "appstream.amazonaws.com" in row.data["trust"]


def check_role(world: World, q: Request) -> None:
    """Refuse a role that is too new, or is not what it must be; that there is none is said only by what starts."""
    row = service_role(world, q.account)
    if row is not None and (q.now < row.created + REACH or not is_usable(world, q.account)):
        identifier = f"arn:aws:iam::{q.account}:role{row.data['path']}{NAME}"
        words = f"AppStream 2.0 encountered an error because your IAM role '{identifier}' is invalid"
        raise ApiError("InvalidRoleException", words)
