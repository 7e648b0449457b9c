"""Resource policies as KMS and ECR keep them: whom a document lets in, whom it names, and how AWS writes it anew.

Only what the policies of a sandbox use is understood: Allow, principals of accounts, and the condition on the organization.
Any other condition lets nobody in.
"""

import fnmatch
import json
import re
from collections.abc import Iterable
from typing import Any

from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.members import state_of
from sandboxd.simulator.world import World

_ROOT = re.compile(r"arn:aws:iam::(\d{12}):.+")


def root(account: str) -> str:
    """The principal that stands for a whole account."""
    return f"arn:aws:iam::{account}:root"


def parsed(text: str) -> dict[str, Any] | None:
    """A document, or None for what is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    good = isinstance(found, dict) and isinstance(found.get("Statement"), list) and found["Statement"]
    return found if good else None


def many(value: Any) -> list[Any]:
    """What may be one or several, as several."""
    return value if isinstance(value, list) else [value]


def principals(document: dict[str, Any]) -> Iterable[str]:
    """Every principal of AWS that a document names."""
    for statement in document["Statement"]:
        named = statement.get("Principal", {})
        yield from many(named.get("AWS", [])) if isinstance(named, dict) else many(named)


def account_of(principal: str) -> str:
    """The account of a principal; empty for one that is no more than an id, and for everybody."""
    if re.fullmatch(r"\d{12}", principal):
        return principal
    found = _ROOT.fullmatch(principal)
    return found.group(1) if found else ""


def unknown(world: World, document: dict[str, Any], now: float) -> list[str]:
    """The principals that AWS cannot find when it is asked to keep a document: closed accounts, ids of what is gone."""
    accounts = world.organization.get("accounts", {})
    return [
        one for one in principals(document)
        if one != "*" and (account_of(one) not in accounts or state_of(accounts[account_of(one)], now) != "ACTIVE")
    ]  # fmt: skip


def allows(world: World, text: str, account: str, action: str) -> bool:
    """Whether a document lets an account do something."""
    document = parsed(text) or {"Statement": []}
    return any(_says(world, "Allow", one, account, action) for one in document["Statement"])


def denies(world: World, text: str, account: str, action: str) -> bool:
    """Whether a document forbids an account to do something, whatever else allows it."""
    document = parsed(text) or {"Statement": []}
    return any(_says(world, "Deny", one, account, action) for one in document["Statement"])


def _says(world: World, effect: str, statement: dict[str, Any], account: str, action: str) -> bool:
    named = list(principals({"Statement": [statement]}))
    who = "*" in named or any(account_of(one) == account for one in named)
    what = any(fnmatch.fnmatchcase(action, one) for one in many(statement.get("Action", [])))
    return statement.get("Effect") == effect and who and what and _conditions(world, statement, account)


def _conditions(world: World, statement: dict[str, Any], account: str) -> bool:
    conditions = statement.get("Condition")
    if not conditions:
        return True
    organization = {"StringEquals": {"aws:PrincipalOrgID": world.organization.get("id")}}
    return conditions == organization and account in world.organization.get("accounts", {})


# ---- as AWS writes it
def rewritten(document: dict[str, Any]) -> str:
    """A document as ECR and KMS keep it: accounts become ARNs, one of a list stands alone, and the text is laid out."""
    statements = []
    for one in document["Statement"]:
        named = one.get("Principal")
        if isinstance(named, dict) and "AWS" in named:
            roots = [root(who) if re.fullmatch(r"\d{12}", who) else who for who in many(named["AWS"])]
            named = named | {"AWS": _alone(roots)}
        principal = {"Principal": named} if named else {}
        statements.append({name: _alone(value) for name, value in (one | principal).items()})
    return laid_out(document | {"Statement": statements})


def _alone(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def laid_out(value: Any, depth: int = 0) -> str:
    """JSON with a blank before each colon, lists in one line, and members indented by two, as recorded."""
    space = "  " * (depth + 1)
    match value:
        case dict() if value:
            members = (f"{space}{json.dumps(name)} : {laid_out(one, depth + 1)}" for name, one in value.items())
            return "{\n" + ",\n".join(members) + "\n" + "  " * depth + "}"
        case list() if value:
            return f"[ {', '.join(laid_out(one, depth) for one in value)} ]"
    return json.dumps(value)


def checked(text: str, code: str) -> dict[str, Any]:
    """A document that somebody wants kept; the service's error for what is none."""
    if (document := parsed(text)) is None:
        raise ApiError(code, "The new policy is not valid: it is no JSON object with statements.")
    return document
