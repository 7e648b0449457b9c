"""AWS Account Management: opting in to the regions that came after 2019. Until it is done they refuse every call."""

import math
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.world import World

ALWAYS = frozenset({
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
    "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
    "us-west-2",
})  # fmt: skip
"""regions that are open to everybody"""
LATER = frozenset({
    "af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
    "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1", "me-central-1", "me-south-1",
    "mx-central-1",
})  # fmt: skip
"""regions that an account must opt in to"""
AT_ONCE = 6
"""opt-ins of one account that may be on their way"""


MANY = (
    "This request has exceeded the quota for 'Number of concurrent region-opt requests for an account'. "
    "Consider retrying the operation later once some requests have been completed."
)


def _opens(world: World, account: str, region: str) -> float:
    """The moment from which a region is open; infinity where nobody opted in."""
    return -math.inf if region in ALWAYS else world.opt_in.get(f"{account} {region}", math.inf)


def is_open(world: World, account: str, region: str, now: float) -> bool:
    """Whether the account may use the region."""
    return now >= _opens(world, account, region)


def check_open(world: World, q: Request) -> None:
    """Refuse a call in a region that the account has not opted in to: its credentials mean nothing there."""
    if is_open(world, q.account, q.region, q.now):
        return
    if q.service == "ec2":
        words = "AWS was not able to validate the provided access credentials"
        raise ApiError("AuthFailure", words, 401)
    raise ApiError("UnrecognizedClientException", "The security token included in the request is invalid.", 400)


def _asked(q: Request) -> tuple[str, str]:
    region, account = q.parameters["RegionName"], q.parameters.get("AccountId", q.account)
    if account != q.account:
        raise ApiError("AccessDeniedException", "You do not have access to this account's settings.", 403)
    if region not in ALWAYS | LATER:
        raise ApiError("ValidationException", f"{region} is no region.", 400)
    return account, region


def enable_region(world: World, q: Request) -> dict[str, Any]:
    account, region = _asked(q)
    if region not in ALWAYS and math.isinf(_opens(world, account, region)):
        under_way = (at for place, at in world.opt_in.items() if place.split()[0] == account and at > q.now)
        if len(list(under_way)) >= AT_ONCE:
            raise ApiError("TooManyRequestsException", MANY, 429)
        world.opt_in[f"{account} {region}"] = q.now + world.draw("region.enable")
    return {}


def get_region_opt_status(world: World, q: Request) -> dict[str, Any]:
    account, region = _asked(q)
    opens = _opens(world, account, region)
    if region in ALWAYS:
        status = "ENABLED_BY_DEFAULT"
    elif math.isinf(opens):
        status = "DISABLED"
    else:
        status = "ENABLED" if q.now >= opens else "ENABLING"
    return {"RegionName": region, "RegionOptStatus": status}


OPERATIONS = {"EnableRegion": enable_region, "GetRegionOptStatus": get_region_opt_status}
