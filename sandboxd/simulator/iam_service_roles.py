"""Roles linked to services: AWS writes them, an account makes them once and asks for nothing but the name of the service.

A service that finds its role missing would make it with the caller's rights; here nobody has them, as in a new account.
"""

import json
import random
from collections.abc import Mapping
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.durations import CALL
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.needs import IAM, known_to_service
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

NAMES: Mapping[str, str] = {
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "appstream.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_AppStreamFleet",
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
    "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
    "ssm.amazonaws.com": "AWSServiceRoleForAmazonSSM",
}
"""service -> the name of its role; others are not known here"""
REACH = 20.0
"""seconds until the service sees its new role (assumed; some were reported)"""


def linked(world: World, account: str, service: str) -> Row | None:
    """The role of an account that is linked to a service."""
    rows = world.rows.of(account, IAM, "role")
    return next((row for row in rows if row.data.get("service") == service), None)


def check_linked(world: World, q: Request, service: str) -> None:
    """Refuse what needs the role of a service where it is missing, or too new to be seen."""
    row = linked(world, q.account, service)
    if row is None or q.now < row.data["service_from"]:
        arn = f"arn:aws:iam::{q.account}:role{_path(service)}{NAMES[service]}"
        words = f"User: {q.caller.arn} is not authorized to perform: iam:CreateServiceLinkedRole on resource: {arn}"
        raise ApiError("AccessDenied", words, 403)


def _path(service: str) -> str:
    return f"/aws-service-role/{service}/"


def make(world: World, q: Request) -> Row:
    """Make the role that a service asks for."""
    service = q.parameters["AWSServiceName"]
    if service not in NAMES:
        raise ApiError("InvalidInput", f"Service role name for {service} is not known.")
    if "CustomSuffix" in q.parameters:
        raise ApiError("InvalidInput", f"Custom suffix is not allowed for {service}")
    if linked(world, q.account, service) is not None:
        words = f"Service role name {NAMES[service]} has been taken in this account, please try a different suffix."
        raise ApiError("InvalidInput", words)
    number = random.Random(f"{world.rows.seed} {q.account} {service}").getrandbits(68)
    row = world.rows.make("role", q.account, IAM, q.now, f"AROA{number:017X}")
    after = REACH + world.weather.late(q.now)
    row.data = {
        "name": NAMES[service], "path": _path(service), "trust": _trust(service), "policies": [], "longest": 3600,
        "text": q.parameters.get("Description", ""), "service": service, "service_from": q.now + after, "default": True,
    }  # fmt: skip
    q.made(row.id)
    q.made(known_to_service(row.id), after - CALL)
    return row


def _trust(service: str) -> str:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def check_modifiable(row: Row) -> None:
    """Refuse to change a role that is the service's."""
    if "service" in row.data:
        words = f"Cannot perform the operation on the protected role '{row.data['name']}' - this role is only modifiable by AWS"
        raise ApiError("UnmodifiableEntity", words)
