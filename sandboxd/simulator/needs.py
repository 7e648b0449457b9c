"""What a call waits for at AWS although none of its parameters shows it: one literal table for the bound.

A private machine boots after its default route is there; a NAT gateway comes up after the internet gateway is attached;
an internet gateway can be detached when no address is mapped any more. Operations never ask this table.
"""

from collections.abc import Callable, Iterable

from sandboxd.simulator.calls import Request
from sandboxd.simulator.rows import Row, Rows

DEFAULT_ROUTE = "0.0.0.0/0"
IAM = "aws-global"
"""the region in which the rows of IAM are kept"""
Need = Callable[[Rows, Request], Iterable[str]]


def attached(gateway: str) -> str:
    """The name that the attachment of an internet gateway has in the log."""
    return f"{gateway} attached"


def mapped(vpc: str) -> str:
    """The name that `some public address is mapped in this VPC` has in the log."""
    return f"{vpc} mapped"


def route(table: str, destination: str) -> str:
    """The name that a route has in the log."""
    return f"{table} {destination}"


def in_profile(profile: str) -> str:
    """The name that the role in an instance profile has in the log."""
    return f"{profile} role"


def policy_of(role: str) -> str:
    """The name that the policies of a role have in the log."""
    return f"{role} policies"


def known_to_ec2(profile: str) -> str:
    """The name that `EC2 knows this instance profile` has in the log."""
    return f"{profile} known"


def launchable(image: str, account: str) -> str:
    """The name that `this account may launch this image` has in the log."""
    return f"{image} for {account}"


def open_to(key: str, account: str) -> str:
    """The name that `this account may use this key` has in the log."""
    return f"{key} for {account}"


def table_of(rows: Rows, subnet: Row, now: float) -> tuple[str, Row | None]:
    """The association that gives a subnet its route table (the main table needs none), and the table."""
    for association in rows.holders(subnet.id, now, "association"):
        return association.id, rows.find(association.refs["table"])
    tables = rows.holders(subnet.refs["vpc"], now, "route-table")
    return "", next((table for table in tables if table.data["default"]), None)


def _way_out(rows: Rows, q: Request, subnet: Row | None) -> list[str]:
    """The default route of a subnet and the association that gives it to the subnet."""
    if subnet is None:
        return []
    association, table = table_of(rows, subnet, q.now)
    return [association, route(table.id, DEFAULT_ROUTE)] if table else []


def _launch(rows: Rows, q: Request) -> list[str]:
    asked = q.parameters.get("IamInstanceProfile") or {}
    profile = _iam(rows, q, "instance-profile", str(asked.get("Name", "")))
    known = [need for one in profile for need in (known_to_ec2(one), in_profile(one))]
    return _way_out(rows, q, rows.find(q.parameters.get("SubnetId", ""))) + known + _shared(rows, q)


def _shared(rows: Rows, q: Request) -> list[str]:
    """That the image, and the key of its disks, were given to who launches."""
    image = rows.find(str(q.parameters.get("ImageId", "")))
    snapshot = rows.find(str(image.data.get("snapshot", ""))) if image else None
    if image is None or snapshot is None or image.account == q.account:
        return []
    key = str(snapshot.data.get("key", "")).rpartition("/")[2]
    return [launchable(image.id, q.account), *([open_to(key, q.account)] if key else [])]


def _start(rows: Rows, q: Request) -> list[str]:
    machines = [rows.find(one) for one in q.parameters.get("InstanceIds", ())]
    return [need for row in machines if row for need in _way_out(rows, q, rows.find(row.refs.get("subnet", "")))]


def _nat_gateway(rows: Rows, q: Request) -> list[str]:
    subnet = rows.find(q.parameters.get("SubnetId", ""))
    gateways = rows.holders(subnet.refs["vpc"], q.now, "internet-gateway") if subnet else []
    return [attached(gateway.id) for gateway in gateways]


def _detach(_: Rows, q: Request) -> list[str]:
    return [mapped(q.parameters.get("VpcId", ""))]


def _iam(rows: Rows, q: Request, kind: str, name: str) -> list[str]:
    """The id of what IAM knows by its name."""
    return [row.id for row in rows.of(q.account, IAM, kind) if row.data["name"] == name]


def _named(rows: Rows, q: Request) -> list[str]:
    role = _iam(rows, q, "role", str(q.parameters.get("RoleName", "")))
    return role + _iam(rows, q, "instance-profile", str(q.parameters.get("InstanceProfileName", "")))


def _detach_policy(rows: Rows, q: Request) -> list[str]:
    return [policy_of(one) for one in _named(rows, q)]


def _remove_role(rows: Rows, q: Request) -> list[str]:
    return [in_profile(one) for one in _named(rows, q)]


NEEDS: dict[str, Need] = {
    "RunInstances": _launch,
    "StartInstances": _start,
    "CreateNatGateway": _nat_gateway,
    "DetachInternetGateway": _detach,
    "AttachRolePolicy": _named,
    "AddRoleToInstanceProfile": _named,
    "DetachRolePolicy": _detach_policy,
    "RemoveRoleFromInstanceProfile": _remove_role,
    "DeleteRole": _named,
    "DeleteInstanceProfile": _named,
}
"""operation -> names in the log that it waits for, beside the ids in its parameters"""
