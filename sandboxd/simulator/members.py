"""The organization as the store keeps it, and its accounts as a call sees them: state, place, moment of joining.

In bad weather a change of an account is seen `late` seconds after it was made; what decides a call is always the truth.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.world import World

Shape = dict[str, Any]
T = TypeVar("T")


def found(world: World) -> Shape:
    """The organization: id, management, root, ous, accounts, requests to create some, and which of these are coming."""
    return world.organization


def new_account(name: str, email: str, parent: str, joined: str, at: float) -> Shape:
    """An account as the store keeps it."""
    return {"name": name, "email": email, "parent": parent, "joined": joined, "at": at, "tags": {}}


def state_of(account: Shape, now: float) -> str:
    """ACTIVE, PENDING_CLOSURE or SUSPENDED."""
    if "closing" not in account or now < account["closed_at"]:
        return "ACTIVE"
    return "SUSPENDED" if now >= account["closing"] else "PENDING_CLOSURE"


def changed(world: World, account: Shape, now: float) -> None:
    """Reads see this change late, where the weather wants it so."""
    account["late"] = world.weather.late(now)


def parent_of(account: Shape, now: float) -> str:
    """Where reads see an account."""
    moved, former = account.get("moved", (account["at"], account["parent"]))
    return str(former if _seen(account, now) < moved else account["parent"])


def accounts(world: World, now: float) -> dict[str, Shape]:
    """The accounts that reads see."""
    return {i: one for i, one in found(world)["accounts"].items() if now >= one.get("seen_from", 0.0)}


def _seen(account: Shape, now: float) -> float:
    """The moment whose truth reads see."""
    return now - float(account.get("late", 0.0))


def account(world: World, identifier: str) -> Shape:
    """An account, whether reads see it or not."""
    one = found(world)["accounts"].get(identifier)
    if one is None:
        raise unknown_account()
    return one  # type: ignore[no-any-return]


def unknown_account() -> ApiError:
    """What is said of an account that is not there, or not yet."""
    return ApiError("AccountNotFoundException", "You specified an account that doesn't exist.")


def shape(world: World, identifier: str, now: float) -> Shape:
    """An account in an answer."""
    org, one = found(world), found(world)["accounts"][identifier]
    state = state_of(one, _seen(one, now))
    return {
        "Id": identifier, "Arn": f"arn:aws:organizations::{org['management']}:account/{org['id']}/{identifier}",
        "Email": one["email"], "Name": one["name"], "JoinedMethod": one["joined"], "Status": state, "State": state,
        "JoinedTimestamp": datetime.fromtimestamp(one["at"], UTC),
    }  # fmt: skip


def page(world: World, q: Request, items: list[T], member: str, render: Callable[[T], Shape]) -> Shape:
    """One page of a listing; in bad weather an empty one may come first, with a token that leads to it."""
    most, token = int(q.parameters.get("MaxResults", 20)), q.parameters.get("NextToken", "0")
    if not token.isdigit():
        raise ApiError("InvalidInputException", "You specified an invalid value: NextToken.")
    start = int(token)
    if world.weather.happens(q.now):
        return {member: [], "NextToken": str(start)}
    out: Shape = {member: [render(one) for one in items[start : start + most]]}
    return out | ({"NextToken": str(start + most)} if start + most < len(items) else {})
