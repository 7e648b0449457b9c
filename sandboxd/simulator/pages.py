"""Pages of listings that are not what they seem: an empty one that is not the last, and a token that comes again."""

from collections.abc import Callable, Mapping
from typing import Any

from sandboxd.simulator.calls import Request

Answer = dict[str, Any]


def empty(q: Request, answer: Answer) -> Answer:
    """Nothing on this page; its token leads to what would have been here."""
    if q.service == "wafv2":
        return answer  # its end is the empty page
    return {name: [] if isinstance(value, list) else value for name, value in answer.items()} | _again(q)


def same(q: Request, answer: Answer) -> Answer:
    """The page as it is, with the token with which it was asked for."""
    return answer | _again(q)


def _again(q: Request) -> Answer:
    if q.service == "elbv2":
        return {"NextMarker": q.parameters.get("Marker") or "0"}
    if q.service == "wafv2":
        return {"NextMarker": q.parameters.get("NextMarker") or ""}
    if q.service == "iam":
        return {"IsTruncated": True, "Marker": q.parameters.get("Marker") or "page-0"}
    if q.service == "apigateway":
        return {"position": q.parameters.get("position") or "0"}
    if q.service == "resourcegroupstaggingapi":
        return {"PaginationToken": q.parameters.get("PaginationToken") or "0"}
    first = "page-0" if q.service == "ec2" else "0"
    return {"NextToken": q.parameters.get("NextToken") or first}


REPLIES: Mapping[str, Callable[[Request, Answer], Answer]] = {"empty-page": empty, "same-page": same}
"""reply of a fault -> what it makes of a page"""
