"""Complete listings: tokens are followed until there is none, whatever a page holds; anything else proves nothing.

A listing with a failed page, with the same token twice, or without an end is *incomplete*: it may confirm that something
is there, never that it is not. Then there is no answer at all, but an AwsError that says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sandboxd.model.ports import AwsError, Call, Scope

MOST_PAGES = 1000
"""of one listing; AWS gives up to a thousand things a page"""


async def pages(
    call: Call, scope: Scope, service: str, operation: str, parameters: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Return every page of one listing; raise AwsError, `IncompleteListing` where the pages have no end."""
    found: list[Mapping[str, Any]] = []
    seen: dict[str, bool] = {}
    more: dict[str, str] = {}
    while True:
        answer = await call(scope, service, operation, {**parameters, **more})
        found.append(answer)
        name, token = _more(service, answer)
        if not token:
            return found
        if token in seen or len(found) >= MOST_PAGES:
            words = f"{operation} gave page {len(found)} without an end: the listing is incomplete and proves nothing"
            raise AwsError("refused", "IncompleteListing", words)
        seen[token] = True
        more = {name: token}


def _more(service: str, answer: Mapping[str, Any]) -> tuple[str, str]:
    """Return the parameter that asks for the next page, and its value; empty on the last page."""
    if service in ("elbv2", "kms"):
        return "Marker", str(answer.get("NextMarker") or "")
    if service == "wafv2":  # a marker is on the last page, too: it ends with a page that has nothing
        empty = not any(isinstance(value, list) and value for value in answer.values())
        return "NextMarker", "" if empty else str(answer.get("NextMarker") or "")
    if service == "apigateway":
        return "position", str(answer.get("position") or "")
    if answer.get("IsTruncated"):  # IAM; a marker that is missing then is no end
        return "Marker", str(answer["Marker"])
    if answer.get("nextToken"):  # ECR
        return "nextToken", str(answer["nextToken"])
    return "NextToken", str(answer.get("NextToken") or "")


def joined(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the pages as one answer: lists one after the other, of all else what the last page says."""
    whole: dict[str, Any] = {}
    for answer in answers:
        for member, value in answer.items():
            both = isinstance(value, list) and member in whole
            whole[member] = [*whole[member], *value] if both else value
    return whole
