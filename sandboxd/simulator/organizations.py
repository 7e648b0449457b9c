"""AWS Organizations: the tree of OUs, accounts and their moves; only the management account may ask.

Accounts are made and closed in the background: `settle` lets come true what has come due, before any call that could see it.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.world import World

Shape = dict[str, Any]
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


def found(world: World) -> Shape:
    """The organization as the store keeps it: id, management, root, ous, accounts, requests."""
    return world.organization


# ---- the tree
def describe_organization(world: World, _: Request) -> Shape:
    org = found(world)
    master, base = org["management"], f"arn:aws:organizations::{org['management']}"
    return {"Organization": {
        "Id": org["id"], "Arn": f"{base}:organization/{org['id']}", "FeatureSet": "ALL",
        "MasterAccountArn": f"{base}:account/{org['id']}/{master}", "MasterAccountId": master,
        "MasterAccountEmail": org["accounts"][master]["email"],
        "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
    }}  # fmt: skip


def list_roots(world: World, q: Request) -> Shape:
    org = found(world)
    arn = f"arn:aws:organizations::{org['management']}:root/{org['id']}/{org['root']}"
    return _page(q, [{"Id": org["root"], "Arn": arn, "Name": "Root", "PolicyTypes": []}], "Roots")


def list_ous(world: World, q: Request) -> Shape:
    parent = _parent(world, q.parameters["ParentId"])
    ous = [(i, ou) for i, ou in found(world)["ous"].items() if ou["parent"] == parent]
    return _page(q, [_ou(world, i, ou) for i, ou in ous], "OrganizationalUnits")


def create_ou(world: World, q: Request) -> Shape:
    org, parent = found(world), _parent(world, q.parameters["ParentId"])
    name = q.parameters["Name"]
    if any(ou["parent"] == parent and ou["name"] == name for ou in org["ous"].values()):
        raise ApiError("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")
    identifier = new_ou(world, parent, name)
    q.made(identifier)
    return {"OrganizationalUnit": _ou(world, identifier, org["ous"][identifier])}


def new_ou(world: World, parent: str, name: str) -> str:
    """Add an OU to the tree."""
    org = found(world)
    identifier = f"ou-{org['root'][2:]}-{world.rows.hex(8)}"
    org["ous"][identifier] = {"name": name, "parent": parent}
    return identifier


def _ou(world: World, identifier: str, ou: Shape) -> Shape:
    org = found(world)
    arn = f"arn:aws:organizations::{org['management']}:ou/{org['id']}/{identifier}"
    return {"Id": identifier, "Arn": arn, "Name": ou["name"]}


def _parent(world: World, identifier: str) -> str:
    org = found(world)
    if identifier != org["root"] and identifier not in org["ous"]:
        raise ApiError("ParentNotFoundException", "You specified parent that doesn't exist.")
    return identifier


# ---- accounts
def _account(world: World, identifier: str) -> Shape:
    account = found(world)["accounts"].get(identifier)
    if account is None:
        raise ApiError("AccountNotFoundException", "You specified an account that doesn't exist.")
    return account  # type: ignore[no-any-return]


def _shape(world: World, identifier: str, now: float) -> Shape:
    org, account = found(world), found(world)["accounts"][identifier]
    state = state_of(account, now)
    return {
        "Id": identifier, "Arn": f"arn:aws:organizations::{org['management']}:account/{org['id']}/{identifier}",
        "Email": account["email"], "Name": account["name"], "JoinedMethod": account["joined"],
        "Status": state, "State": state,
        "JoinedTimestamp": datetime.fromtimestamp(account["at"], UTC),
    }  # fmt: skip


def state_of(account: Shape, now: float) -> str:
    """ACTIVE, PENDING_CLOSURE or SUSPENDED."""
    if (closing := account.get("closing")) is not None:
        return "SUSPENDED" if now >= closing else "PENDING_CLOSURE"
    return "ACTIVE"


def list_accounts(world: World, q: Request) -> Shape:
    return _page(q, [_shape(world, i, q.now) for i in found(world)["accounts"]], "Accounts")


def list_accounts_for_parent(world: World, q: Request) -> Shape:
    parent = _parent(world, q.parameters["ParentId"])
    here = [i for i, account in found(world)["accounts"].items() if account["parent"] == parent]
    return _page(q, [_shape(world, i, q.now) for i in here], "Accounts")


def list_children(world: World, q: Request) -> Shape:
    parent, wanted = _parent(world, q.parameters["ParentId"]), q.parameters["ChildType"]
    org = found(world)
    things = org["accounts"] if wanted == "ACCOUNT" else org["ous"]
    here = [{"Id": i, "Type": wanted} for i, thing in things.items() if thing["parent"] == parent]
    return _page(q, here, "Children")


def list_parents(world: World, q: Request) -> Shape:
    org, child = found(world), q.parameters["ChildId"]
    thing = org["accounts"].get(child) or org["ous"].get(child)
    if thing is None:
        raise ApiError("ChildNotFoundException", "You specified a child that doesn't exist.")
    kind = "ROOT" if thing["parent"] == org["root"] else "ORGANIZATIONAL_UNIT"
    return _page(q, [{"Id": thing["parent"], "Type": kind}], "Parents")


def describe_account(world: World, q: Request) -> Shape:
    _account(world, q.parameters["AccountId"])
    return {"Account": _shape(world, q.parameters["AccountId"], q.now)}


def move_account(world: World, q: Request) -> Shape:
    account, source = _account(world, q.parameters["AccountId"]), q.parameters["SourceParentId"]
    org, to = found(world), q.parameters["DestinationParentId"]
    if to != org["root"] and to not in org["ous"]:
        words = "We can't find the destination container (a root or OU) with the ParentId that you specified."
        raise ApiError("DestinationParentNotFoundException", words)
    if source != org["root"] and source not in org["ous"]:
        words = "We can't find a source root or OU with the ParentId that you specified."
        raise ApiError("SourceParentNotFoundException", words)
    if to in (source, account["parent"]):
        raise ApiError("DuplicateAccountException", "That account is already present in the specified destination.")
    if account["parent"] != source:
        # recorded: an account that has left the source is "an account that doesn't exist", there
        raise ApiError("AccountNotFoundException", "You specified an account that doesn't exist.")
    account["parent"] = to
    q.made(f"{q.parameters['AccountId']} {to}")
    return {}


# ---- tags
def _tagged(world: World, identifier: str) -> dict[str, str]:
    org = found(world)
    thing = org["accounts"].get(identifier) or org["ous"].get(identifier)
    if thing is None:
        raise ApiError("TargetNotFoundException", "You specified a target that doesn't exist.")
    return thing.setdefault("tags", {})  # type: ignore[no-any-return]


def tag_resource(world: World, q: Request) -> Shape:
    _tagged(world, q.parameters["ResourceId"]).update({tag["Key"]: tag["Value"] for tag in q.parameters["Tags"]})
    q.made(f"{q.parameters['ResourceId']} tags")
    return {}


def untag_resource(world: World, q: Request) -> Shape:
    tags = _tagged(world, q.parameters["ResourceId"])
    for key in q.parameters["TagKeys"]:
        tags.pop(key, None)
    q.made(f"{q.parameters['ResourceId']} tags")
    return {}


def list_tags(world: World, q: Request) -> Shape:
    tags = _tagged(world, q.parameters["ResourceId"])
    return _page(q, [{"Key": key, "Value": value} for key, value in tags.items()], "Tags")


# ---- vending and closing
def create_account(world: World, q: Request) -> Shape:
    org = found(world)
    identifier = f"car-{world.rows.hex(32)}"
    email = q.parameters["Email"].lower()
    known = any(one["email"].lower() == email for one in (*org["accounts"].values(), *org["requests"].values()))
    failure = "EMAIL_ALREADY_EXISTS" if known else "" if _EMAIL.fullmatch(q.parameters["Email"]) else "INVALID_EMAIL"
    org["requests"][identifier] = {
        "name": q.parameters["AccountName"],
        "at": q.now,
        "done": q.now + (3 if failure else world.draw("account.create")),
        "failure": failure,
        "account": new_number(world),
        "email": q.parameters["Email"],
        "tags": {tag["Key"]: tag["Value"] for tag in q.parameters.get("Tags", ())},
    }
    q.made(identifier, org["requests"][identifier]["done"] - q.now)
    return {"CreateAccountStatus": _request(world, identifier, q.now)}


def settle(world: World, q: Request) -> None:
    """Let the accounts be there whose time has come."""
    org = found(world)
    for request in org["requests"].values():
        if not request["failure"] and request["done"] <= q.now and request["account"] not in org["accounts"]:
            org["accounts"][request["account"]] = {
                "name": request["name"],
                "email": request["email"],
                "parent": org["root"],
                "joined": "CREATED",
                "at": request["done"],
                "tags": request["tags"],
            }


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
    return _page(q, [shape for shape in shapes if shape["State"] in states], "CreateAccountStatuses")


def close_account(world: World, q: Request) -> Shape:
    account = _account(world, q.parameters["AccountId"])
    if "closing" in account:
        raise ApiError("AccountAlreadyClosedException", "The account has already been closed.")
    account["closing"] = q.now + world.draw("account.close")
    q.unmade(q.parameters["AccountId"], account["closing"] - q.now)
    return {}


def _page(q: Request, items: list[Shape], member: str) -> Shape:
    most, token = int(q.parameters.get("MaxResults", 20)), q.parameters.get("NextToken", "0")
    if not token.isdigit():
        raise ApiError("InvalidInputException", "You specified an invalid value: NextToken.")
    start = int(token)
    out: Shape = {member: items[start : start + most]}
    return out | ({"NextToken": str(start + most)} if start + most < len(items) else {})


def _managed(run: Callable[[World, Request], Shape]) -> Callable[[World, Request], Shape]:
    def guarded(world: World, q: Request) -> Shape:
        if q.account != found(world)["management"]:
            raise ApiError("AccessDeniedException", "You don't have permissions to access this resource.")
        return run(world, q)

    return guarded


OPERATIONS = {
    name: _managed(run)
    for name, run in {
        "DescribeOrganization": describe_organization, "ListRoots": list_roots,
        "ListOrganizationalUnitsForParent": list_ous, "CreateOrganizationalUnit": create_ou,
        "ListAccounts": list_accounts, "ListAccountsForParent": list_accounts_for_parent, "ListChildren": list_children,
        "ListParents": list_parents, "DescribeAccount": describe_account, "MoveAccount": move_account,
        "TagResource": tag_resource, "UntagResource": untag_resource, "ListTagsForResource": list_tags,
        "CreateAccount": create_account, "DescribeCreateAccountStatus": describe_create_account_status,
        "ListCreateAccountStatus": list_create_account_status, "CloseAccount": close_account,
    }.items()
}  # fmt: skip
