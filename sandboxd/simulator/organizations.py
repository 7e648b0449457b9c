"""AWS Organizations: the tree of OUs, accounts and their moves; only the management account may ask.

How accounts are made and closed stands in `vending`.
"""

from collections.abc import Callable

from sandboxd.simulator import vending
from sandboxd.simulator.calls import Request, is_mutation
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.members import Shape, account, accounts, changed, found, page, parent_of, shape, unknown_account
from sandboxd.simulator.world import World

CLASH = (
    "AWS Organizations can't complete your request because it conflicts with another attempt to modify the same entity. "
    "Try again later."
)


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
    root = {"Id": org["root"], "Arn": arn, "Name": "Root", "PolicyTypes": []}
    return page(world, q, [root], "Roots", dict)


def list_ous(world: World, q: Request) -> Shape:
    parent = _parent(world, q.parameters["ParentId"])
    ous = [(i, ou) for i, ou in found(world)["ous"].items() if ou["parent"] == parent]
    return page(world, q, ous, "OrganizationalUnits", lambda one: _ou(world, *one))


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
def list_accounts(world: World, q: Request) -> Shape:
    return page(world, q, list(accounts(world, q.now)), "Accounts", lambda i: shape(world, i, q.now))


def list_accounts_for_parent(world: World, q: Request) -> Shape:
    parent = _parent(world, q.parameters["ParentId"])
    here = [i for i, one in accounts(world, q.now).items() if parent_of(one, q.now) == parent]
    return page(world, q, here, "Accounts", lambda i: shape(world, i, q.now))


def list_children(world: World, q: Request) -> Shape:
    parent, wanted = _parent(world, q.parameters["ParentId"]), q.parameters["ChildType"]
    if wanted == "ACCOUNT":
        ids = [i for i, one in accounts(world, q.now).items() if parent_of(one, q.now) == parent]
    else:
        ids = [i for i, ou in found(world)["ous"].items() if ou["parent"] == parent]
    return page(world, q, ids, "Children", lambda i: {"Id": i, "Type": wanted})


def list_parents(world: World, q: Request) -> Shape:
    org, child = found(world), q.parameters["ChildId"]
    if (one := accounts(world, q.now).get(child)) is not None:
        parent = parent_of(one, q.now)
    elif child in org["ous"]:
        parent = org["ous"][child]["parent"]
    else:
        raise ApiError("ChildNotFoundException", "You specified a child that doesn't exist.")
    kind = "ROOT" if parent == org["root"] else "ORGANIZATIONAL_UNIT"
    return page(world, q, [parent], "Parents", lambda i: {"Id": i, "Type": kind})


def describe_account(world: World, q: Request) -> Shape:
    if q.parameters["AccountId"] not in accounts(world, q.now):
        raise unknown_account()
    return {"Account": shape(world, q.parameters["AccountId"], q.now)}


def move_account(world: World, q: Request) -> Shape:
    one, source = account(world, q.parameters["AccountId"]), q.parameters["SourceParentId"]
    org, to = found(world), q.parameters["DestinationParentId"]
    if to != org["root"] and to not in org["ous"]:
        words = "We can't find the destination container (a root or OU) with the ParentId that you specified."
        raise ApiError("DestinationParentNotFoundException", words)
    if source != org["root"] and source not in org["ous"]:
        words = "We can't find a source root or OU with the ParentId that you specified."
        raise ApiError("SourceParentNotFoundException", words)
    if to in (source, one["parent"]):
        raise ApiError("DuplicateAccountException", "That account is already present in the specified destination.")
    if one["parent"] != source:
        # recorded: an account that has left the source is "an account that doesn't exist", there
        raise unknown_account()
    one |= {"moved": [q.now, source], "parent": to}
    changed(world, one, q.now)
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
    return page(world, q, list(tags.items()), "Tags", lambda tag: {"Key": tag[0], "Value": tag[1]})


# ---- who may ask
def _managed(run: Callable[[World, Request], Shape]) -> Callable[[World, Request], Shape]:
    def guarded(world: World, q: Request) -> Shape:
        if q.account != found(world)["management"]:
            raise ApiError("AccessDeniedException", "You don't have permissions to access this resource.")
        if is_mutation(q.operation) and world.weather.happens(q.now):
            raise ApiError("ConcurrentModificationException", CLASH)
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
        **vending.OPERATIONS,
    }.items()
}  # fmt: skip
