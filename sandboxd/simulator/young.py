"""Young accounts: ACTIVE, and yet no role in them can be assumed and no service answers, for minutes or for ever.

Only bad weather makes them so; an account that the world was furnished with has long been grown up.
"""

from typing import Any

from sandboxd.simulator.account import check_open
from sandboxd.simulator.calls import Request, is_mutation
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.world import World

ROLE, ACTIVATION = 300.0, 420.0
"""longest times until the role can be assumed, and until services answer"""
WORDS = {
    "OptInRequired": "You are not subscribed to this service. Please go to http://aws.amazon.com to subscribe.",
    "PendingVerification": "Your request for accessing resources in this region is being validated, and you will not be able "
    "to launch additional resources in this region until the validation is complete.",
}


def be_born(world: World, account: dict[str, Any]) -> None:
    """Decide how long a new account takes to grow up; -1 for one that never will."""
    at, weather = account["at"], world.weather
    account["seen_from"] = at + weather.late(at)
    account["role_from"] = at + weather.late(at, ROLE)
    dormant = -1.0 if weather.dies(at) else at + weather.late(at, ACTIVATION)
    account["dormant"] = [dormant, weather.choose(*WORDS) if dormant > at else "OptInRequired"]


def check_activated(world: World, q: Request) -> None:
    """Refuse what a service refuses in an account that is not activated yet, or never will be, or has not opened the region."""
    check_open(world, q)
    account = world.organization.get("accounts", {}).get(q.account, {})
    until, code = account.get("dormant", (0.0, ""))
    if not (until < 0 or q.now < until):
        return
    if q.service != "ec2":
        raise ApiError("SubscriptionRequiredException", "The AWS Access Key Id needs a subscription for the service")
    if code == "OptInRequired" or is_mutation(q.operation):
        raise ApiError(code, WORDS[code], 401 if code == "OptInRequired" else 400)


def lets_in(account: dict[str, Any], now: float) -> bool:
    """Whether its role can be assumed."""
    return bool(now >= account.get("role_from", 0.0))
