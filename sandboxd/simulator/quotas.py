"""Service Quotas: the few that a sandbox can run into."""

from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.limits import LIMITS
from sandboxd.simulator.world import World

ROWS = {(one.service, one.quota): (one.name, key) for key, one in LIMITS.items() if one.quota}


def _quota(world: World, q: Request, service: str, code: str) -> dict[str, Any]:
    name, key = ROWS[service, code]
    return {
        "ServiceCode": service, "ServiceName": service, "QuotaCode": code, "QuotaName": name, "Unit": "None",
        "Value": world.quota(key) / LIMITS[key].scale, "Adjustable": True, "GlobalQuota": False,
        "QuotaArn": f"arn:aws:servicequotas:{q.region}:{q.account}:{service}/{code}",
    }  # fmt: skip


def get_service_quota(world: World, q: Request) -> dict[str, Any]:
    key = (q.parameters["ServiceCode"], q.parameters["QuotaCode"])
    if key not in ROWS:
        raise ApiError("NoSuchResourceException", "The request failed because the specified quota does not exist.")
    return {"Quota": _quota(world, q, *key)}


def list_service_quotas(world: World, q: Request) -> dict[str, Any]:
    service = q.parameters["ServiceCode"]
    q.parameters.get("MaxResults")  # one page holds them all
    return {"Quotas": [_quota(world, q, *key) for key in ROWS if key[0] == service]}


def get_aws_default_service_quota(world: World, q: Request) -> dict[str, Any]:
    quota = get_service_quota(world, q)["Quota"]
    service, code = quota["ServiceCode"], quota["QuotaCode"]
    default = float(LIMITS[ROWS[service, code][1]].value)
    return {"Quota": quota | {"Value": default, "QuotaArn": f"arn:aws:servicequotas:{q.region}::{service}/{code}"}}


OPERATIONS = {
    "GetServiceQuota": get_service_quota, "ListServiceQuotas": list_service_quotas,
    "GetAWSDefaultServiceQuota": get_aws_default_service_quota,
}  # fmt: skip
