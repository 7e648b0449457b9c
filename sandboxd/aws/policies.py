"""Resource policies as documents of statements that several people share: change some by Sid, leave all others alone. Pure.

AWS lays the text out anew and writes accounts as ARNs, so statements are compared by what they say.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Statement: TypeAlias = Mapping[str, Any]
VERSION = "2012-10-17"
_OPAQUE = re.compile(r"A(IDA|ROA)[A-Z0-9]+")
_ACCOUNT = re.compile(r"(?:arn:aws:(?:iam|sts)::)?(\d{12})(?::.+)?")


def root(account: str) -> str:
    """Return the principal that stands for a whole account."""
    return f"arn:aws:iam::{account}:root"


def statements(text: str) -> dict[str, Statement]:
    """Return the statements of a document by their Sid; those without one are nobody's to find."""
    return {one["Sid"]: one for one in _statements(_document(text)) if one.get("Sid")}


def changed(text: str, wanted: Mapping[str, Statement | None], dead: Iterable[str] = ()) -> str:
    """Return the document with these statements (None: without), and without dead principals.

    It is the same text where nothing changes, and empty where no statement is left.
    """
    document, gone = _document(text), set(dead)
    old = _statements(document)
    kept = [_one(statement, wanted, gone) for statement in old]
    there = {statement.get("Sid") for statement in old}
    new = [one for one in kept if one is not None]
    new += [part for name, part in wanted.items() if part is not None and name not in there]
    if new == old:
        return text
    return json.dumps({"Version": VERSION, **document, "Statement": new}) if new else ""


def _one(statement: Statement, wanted: Mapping[str, Statement | None], gone: set[str]) -> Statement | None:
    name = str(statement.get("Sid"))
    if name not in wanted:
        return _without(statement, gone)
    part = wanted[name]
    return statement if part is not None and same(statement, part) else part


def same(one: Statement, other: Statement) -> bool:
    """Return whether two statements say the same."""
    return _plain(one) == _plain(other)


def _plain(statement: Statement) -> dict[str, Any]:
    named = {"AWS": sorted(map(_whole, _principals(statement)))}
    return {**statement, "Principal": named, "Action": sorted(_many(statement.get("Action", ())))}


def _whole(principal: str) -> str:
    return root(principal) if re.fullmatch(r"\d{12}", principal) else principal


def _without(statement: Statement, gone: set[str]) -> Statement | None:
    named = _principals(statement)
    left = [one for one in named if one not in gone]
    if len(left) == len(named):
        return statement
    return {**statement, "Principal": {**statement["Principal"], "AWS": left}} if left else None


def principals(text: str) -> dict[str, str]:
    """Return every principal of a document: the account that it belongs to, or nothing for an id of what is gone."""
    named = [one for statement in _statements(_document(text)) for one in _principals(statement)]
    found = {one: _ACCOUNT.fullmatch(one) for one in named}
    accounts = {one: match.group(1) for one, match in found.items() if match}
    return accounts | {one: "" for one in named if _OPAQUE.fullmatch(one)}


def _document(text: str) -> dict[str, Any]:
    return dict(json.loads(text)) if text else {}


def _statements(document: Mapping[str, Any]) -> list[Statement]:
    found = document.get("Statement", [])
    return list(found) if isinstance(found, list) else [found]


def _principals(statement: Statement) -> list[str]:
    named = statement.get("Principal", {})
    return _many(named.get("AWS", [])) if isinstance(named, Mapping) else _many(named)


def _many(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
