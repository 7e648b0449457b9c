"""What the organization looks like: the OUs of a stage and the accounts in them; and making those OUs.

Reads in the management account. Where an account is decides what it is; its tags say for whom.
"""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct, field

from sandboxd.engine.paging import pages
from sandboxd.engine.ports import ORGANIZATION_REGION
from sandboxd.model.errors import NotFound
from sandboxd.model.ports import AwsError, Call, Scope

TOP = "Sandbox"
OUS = ("Pool", "Customers", "Expired", "Quarantine")
OPTIONAL = ("Quarantine",)


class Member(Struct, frozen=True):
    """An account in one of the stage's OUs."""

    id: str
    name: str
    email: str
    state: str
    """AWS's: ACTIVE, SUSPENDED, PENDING_CLOSURE, …"""
    ou: str
    """pool, customers, expired or quarantine"""
    tags: dict[str, str] = field(default_factory=dict)


class Organization(Struct, frozen=True):
    """The organization as far as a stage is concerned."""

    root: str
    ous: dict[str, str]
    """pool, customers, expired, quarantine -> id"""
    accounts: tuple[Member, ...] = ()


async def read(call: Call, management_account: str, stage: str, known: Collection[str] = ()) -> Organization:
    """Return the stage's OUs and accounts; raise NotFound `organization_not_ready` if an OU is missing, or AwsError.

    The tags of accounts that are `known`, and of those in the pool, are not read: each costs a call.
    """
    scope = _scope(management_account)
    root = await _root(call, scope)
    folder = await _child(call, scope, await _child(call, scope, root, TOP, stage), stage, stage)
    found = await _children(call, scope, folder)
    ous = {name.lower(): found[name] for name in OUS if name in found}
    for name in OUS:
        if name not in found and name not in OPTIONAL:
            raise _missing(f"{TOP}/{stage}/{name}")
    accounts: list[Member] = []
    for name, ou in ous.items():
        accounts += [await _member(call, scope, one, name, known) for one in await _accounts(call, scope, ou)]
    return Organization(root, ous, tuple(accounts))


async def init(call: Call, management_account: str, stage: str) -> Organization:
    """Make the OUs that are missing, and return what is there then; raise AwsError."""
    scope = _scope(management_account)
    top = await _ensure(call, scope, await _root(call, scope), TOP)
    folder = await _ensure(call, scope, top, stage)
    for name in OUS:
        await _ensure(call, scope, folder, name)
    return await read(call, management_account, stage)


def _scope(management_account: str) -> Scope:
    return Scope(management_account, ORGANIZATION_REGION, "")


def _missing(path: str) -> NotFound:
    return NotFound(
        "organization_not_ready",
        f"The organization has no OU {path}.",
        "`sandboxd organization init` makes the OUs of a stage.",
    )


async def _root(call: Call, scope: Scope) -> str:
    return str((await _pages(call, scope, "ListRoots", "Roots", {}))[0]["Id"])


async def _child(call: Call, scope: Scope, parent: str, name: str, stage: str) -> str:
    found = await _children(call, scope, parent)
    if name not in found:
        raise _missing(TOP if name == TOP else f"{TOP}/{stage}")
    return found[name]


async def _children(call: Call, scope: Scope, parent: str) -> dict[str, str]:
    ous = await _pages(call, scope, "ListOrganizationalUnitsForParent", "OrganizationalUnits", {"ParentId": parent})
    return {ou["Name"]: ou["Id"] for ou in ous}


async def _ensure(call: Call, scope: Scope, parent: str, name: str) -> str:
    if name in (found := await _children(call, scope, parent)):
        return found[name]
    try:
        answer = await call(scope, "organizations", "CreateOrganizationalUnit", {"ParentId": parent, "Name": name})
    except AwsError as error:
        # somebody else made it, or our own lost call did: the name is unique under its parent
        if error.code != "DuplicateOrganizationalUnitException" and error.outcome != "unknown":
            raise
        return (await _children(call, scope, parent))[name]
    return str(answer["OrganizationalUnit"]["Id"])


async def _accounts(call: Call, scope: Scope, ou: str) -> list[Mapping[str, Any]]:
    return await _pages(call, scope, "ListAccountsForParent", "Accounts", {"ParentId": ou})


async def _member(call: Call, scope: Scope, account: Mapping[str, Any], ou: str, known: Collection[str]) -> Member:
    tags: dict[str, str] = {}
    if ou != "pool" and account["Id"] not in known:
        pairs = await _pages(call, scope, "ListTagsForResource", "Tags", {"ResourceId": account["Id"]})
        tags = {pair["Key"]: pair["Value"] for pair in pairs}
    state = account.get("State") or account.get("Status") or ""
    return Member(account["Id"], account.get("Name", ""), account.get("Email", ""), state, ou, tags)


async def _pages(
    call: Call, scope: Scope, operation: str, member: str, parameters: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Return everything of a complete listing; AWS may answer empty pages with a token."""
    found = await pages(call, scope, "organizations", operation, parameters)
    return [item for page in found for item in page.get(member) or ()]
