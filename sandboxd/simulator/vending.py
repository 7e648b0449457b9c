"""Vending and closing of accounts in the background: `settle` lets come true what is due, before a call could see it.

Limits as AWS documents them in November 2026; closed accounts count, and a closed account's e-mail is never free again.
"""

import re
from datetime import UTC, datetime

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.members import Shape, account, changed, found, new_account, page
from sandboxd.simulator.world import World
from sandboxd.simulator.young import be_born

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
CREATING, CLOSING = 5, 3
"""accounts that may be created, and closed, at the same time"""
MONTH = 30 * 86400.0
_IN_PROGRESS = "because another request is already in progress. Try again later."


def create_account(world: World, q: Request) -> Shape:
    org = found(world)
    if sum(q.now < one["done"] for one in org["requests"].values()) >= CREATING:
        words = f"AWS Organizations can't complete your request {_IN_PROGRESS}"
        raise ApiError("TooManyRequestsException", words)
    identifier = f"car-{world.rows.hex(32)}"
    failure = _failure(world, q)
    org["requests"][identifier] = {
        "name": q.parameters["AccountName"],
        "at": q.now,
        "done": q.now + (3 if failure else world.draw("account.create")),
        "failure": failure,
        "account": new_number(world),
        "email": q.parameters["Email"],
        "tags": {tag["Key"]: tag["Value"] for tag in q.parameters.get("Tags", ())},
    }
    if not failure:
        org["coming"].append(identifier)
    q.made(identifier, org["requests"][identifier]["done"] - q.now)
    return {"CreateAccountStatus": _request(world, identifier, q.now)}


def _failure(world: World, q: Request) -> str:
    """Why no account comes of it; found out on the way."""
    org, email = found(world), q.parameters["Email"].lower()
    made = [one for one in org["requests"].values() if not one["failure"]]
    if any(one["email"].lower() == email for one in (*org["accounts"].values(), *org["requests"].values())):
        return "EMAIL_ALREADY_EXISTS"
    if not _EMAIL.fullmatch(q.parameters["Email"]):
        return "INVALID_EMAIL"
    if len(org["accounts"]) + sum(one["account"] not in org["accounts"] for one in made) >= world.quota("accounts"):
        return "ACCOUNT_LIMIT_EXCEEDED"
    return "INTERNAL_FAILURE" if world.weather.dies(q.now) else ""


def settle(world: World, q: Request) -> None:
    """Let the accounts be there whose time has come."""
    org = found(world)
    for identifier in list(org["coming"]):
        request = org["requests"][identifier]
        if request["done"] <= q.now:
            org["coming"].remove(identifier)
            made = new_account(request["name"], request["email"], org["root"], "CREATED", request["done"])
            made["tags"] = request["tags"]
            be_born(world, made)
            org["accounts"][request["account"]] = made


def new_number(world: World) -> str:
    """A fresh account number."""
    return str(world.rows.rng.randrange(10**11, 10**12))


def _request(world: World, identifier: str, now: float) -> Shape:
    org = found(world)
    request = org["requests"][identifier]
    shape: Shape = {
        "Id": identifier,
        "AccountName": request["name"],
        "RequestedTimestamp": datetime.fromtimestamp(request["at"], UTC),
        "State": "IN_PROGRESS",
    }
    if now < request["done"]:
        return shape
    shape["CompletedTimestamp"] = datetime.fromtimestamp(request["done"], UTC)
    if request["failure"]:
        return shape | {"State": "FAILED", "FailureReason": request["failure"]}
    return shape | {"State": "SUCCEEDED", "AccountId": request["account"]}


def describe_create_account_status(world: World, q: Request) -> Shape:
    identifier = q.parameters["CreateAccountRequestId"]
    if identifier not in found(world)["requests"]:
        words = "You specified a create account request ID that doesn't exist."
        raise ApiError("CreateAccountStatusNotFoundException", words)
    return {"CreateAccountStatus": _request(world, identifier, q.now)}


def list_create_account_status(world: World, q: Request) -> Shape:
    states = q.parameters.get("States") or ["IN_PROGRESS", "SUCCEEDED", "FAILED"]
    shapes = [_request(world, i, q.now) for i in found(world)["requests"]]
    return page(world, q, [one for one in shapes if one["State"] in states], "CreateAccountStatuses", dict)


def close_account(world: World, q: Request) -> Shape:
    one, org = account(world, q.parameters["AccountId"]), found(world)
    if "closing" in one:
        raise ApiError("AccountAlreadyClosedException", "The account has already been closed.")
    if q.parameters["AccountId"] == org["management"]:
        raise ApiError("ConstraintViolationException", "You cannot close the management account of an organization.")
    closed = [other for other in org["accounts"].values() if "closing" in other]
    if sum(q.now < other["closing"] for other in closed) >= CLOSING:
        raise ApiError("ConstraintViolationException", "You have exceeded the number of accounts closed at a time.")
    if sum(other["closed_at"] > q.now - MONTH for other in closed) >= closings(len(org["accounts"]) - 1):
        raise ApiError("ConstraintViolationException", "You have exceeded close account quota for the past 30 days.")
    one |= {"closed_at": q.now, "closing": q.now + world.draw("account.close")}
    changed(world, one, q.now)
    q.unmade(q.parameters["AccountId"], one["closing"] - q.now)
    return {}


def closings(members: int) -> int:
    """How many accounts may be closed in 30 days: a fifth of them, 250 in any case, 1,000 at most."""
    return min(1000, max(250, members // 5))


OPERATIONS = {
    "CreateAccount": create_account, "DescribeCreateAccountStatus": describe_create_account_status,
    "ListCreateAccountStatus": list_create_account_status, "CloseAccount": close_account,
}  # fmt: skip
