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
AGENT, LEFT = " agent", " left"
WAITED_FOR = (AGENT, LEFT)
"""ends of names in the log that count for the bound only where a call waits for them"""
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


def known_to_service(role: str) -> str:
    """The name that `the service sees the role that is linked to it` has in the log."""
    return f"{role} known"


def known_to_waf(balancer: str) -> str:
    """The name that `WAF knows this load balancer` has in the log."""
    return f"{balancer} known"


def agent_of(machine: str) -> str:
    """The name that `the agent of this machine is online` has in the log."""
    return f"{machine}{AGENT}"


def known_to_appstream(role: str) -> str:
    """The name that `AppStream knows this role` has in the log."""
    return f"{role} known to appstream"


def shared_with(image: str, account: str) -> str:
    """The name that sharing an image of AppStream with an account has in the log."""
    return f"{image} shared with {account}"


def left_network(fleet: str) -> str:
    """The name that `the interfaces of this fleet are gone` has in the log."""
    return f"{fleet}{LEFT}"


def associated(fleet: str, stack: str) -> str:
    """The name that the association of a fleet with a stack has, as a row and in the log."""
    return f"{fleet} {stack}"


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


def _command(_: Rows, q: Request) -> list[str]:
    return [agent_of(one) for one in q.parameters.get("InstanceIds") or ()]


def _nat_gateway(rows: Rows, q: Request) -> list[str]:
    subnet = rows.find(q.parameters.get("SubnetId", ""))
    gateways = rows.holders(subnet.refs["vpc"], q.now, "internet-gateway") if subnet else []
    return [attached(gateway.id) for gateway in gateways]


def _balancer(rows: Rows, q: Request) -> list[str]:
    """The role of the service, and the internet gateway of the VPC."""
    roles = [row.id for row in rows.of(q.account, IAM, "role") if "service" in row.data]
    subnets = [rows.find(one) for one in q.parameters.get("Subnets") or ()]
    vpcs = dict.fromkeys(subnet.refs["vpc"] for subnet in subnets if subnet)
    gateways = [gateway for vpc in vpcs for gateway in rows.holders(vpc, q.now, "internet-gateway")]
    return [known_to_service(one) for one in roles] + [attached(gateway.id) for gateway in gateways]


def _associate(_: Rows, q: Request) -> list[str]:
    return [known_to_waf(q.parameters.get("ResourceArn", ""))]


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


def _appstream(kind: str, name: str) -> Need:
    """What a call of AppStream names by a name that is no id."""
    return lambda _, q: [f"arn:aws:appstream:{q.region}:{q.account}:{kind}/{q.parameters.get(name, '')}"]


def _pair(rows: Rows, q: Request) -> list[str]:
    fleet, stack = (*_appstream("fleet", "FleetName")(rows, q), *_appstream("stack", "StackName")(rows, q))
    return [fleet, stack, associated(fleet, stack)]


def _create_fleet(rows: Rows, q: Request) -> list[str]:
    image = str(q.parameters.get("ImageArn", ""))
    roles = _iam(rows, q, "role", "AmazonAppStreamServiceAccess")
    return [shared_with(image, q.account), *map(known_to_appstream, roles), *map(policy_of, roles)]


def _image(_: Rows, q: Request) -> list[str]:
    image = f"arn:aws:appstream:{q.region}:{q.account}:image/{q.parameters.get('Name', '')}"
    return [image, shared_with(image, str(q.parameters.get("SharedAccountId", "")))]


NEEDS: dict[str, Need] = {
    "RunInstances": _launch,
    "StartInstances": _start,
    "SendCommand": _command,
    "CreateNatGateway": _nat_gateway,
    "CreateLoadBalancer": _balancer,
    "AssociateWebACL": _associate,
    "DetachInternetGateway": _detach,
    "AttachRolePolicy": _named,
    "AddRoleToInstanceProfile": _named,
    "DetachRolePolicy": _detach_policy,
    "RemoveRoleFromInstanceProfile": _remove_role,
    "CreateFleet": _create_fleet,
    "StartFleet": _appstream("fleet", "Name"),
    "StopFleet": _appstream("fleet", "Name"),
    "UpdateFleet": _appstream("fleet", "Name"),
    "DeleteFleet": _appstream("fleet", "Name"),
    "DeleteStack": _appstream("stack", "Name"),
    "AssociateFleet": _pair,
    "DisassociateFleet": _pair,
    "UpdateImagePermissions": _image,
    "DeleteImagePermissions": _image,
    "DeleteRole": _named,
    "DeleteInstanceProfile": _named,
}
"""operation -> names in the log that it waits for, beside the ids in its parameters"""
