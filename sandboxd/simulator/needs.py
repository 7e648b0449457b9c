"""What a call waits for at AWS although none of its parameters shows it: one literal table for the bound.

A private machine boots after its default route is there; a NAT gateway comes up after the internet gateway is attached;
an internet gateway can be detached when no address is mapped any more. Operations never ask this table.
"""

from collections.abc import Callable, Iterable

from sandboxd.simulator.calls import Request
from sandboxd.simulator.rows import Row, Rows

DEFAULT_ROUTE = "0.0.0.0/0"
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
    return _way_out(rows, q, rows.find(q.parameters.get("SubnetId", "")))


def _start(rows: Rows, q: Request) -> list[str]:
    machines = [rows.find(one) for one in q.parameters.get("InstanceIds", ())]
    return [need for row in machines if row for need in _way_out(rows, q, rows.find(row.refs.get("subnet", "")))]


def _nat_gateway(rows: Rows, q: Request) -> list[str]:
    subnet = rows.find(q.parameters.get("SubnetId", ""))
    gateways = rows.holders(subnet.refs["vpc"], q.now, "internet-gateway") if subnet else []
    return [attached(gateway.id) for gateway in gateways]


def _detach(_: Rows, q: Request) -> list[str]:
    return [mapped(q.parameters.get("VpcId", ""))]


NEEDS: dict[str, Need] = {
    "RunInstances": _launch,
    "StartInstances": _start,
    "CreateNatGateway": _nat_gateway,
    "DetachInternetGateway": _detach,
}
"""operation -> names in the log that it waits for, beside the ids in its parameters"""
