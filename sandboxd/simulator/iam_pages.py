"""Listings of IAM: by path, in pages whose marker leads to the next one; `IsTruncated` is always said."""

from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row

MOST = 100
"""things on a page unless a call asks for fewer"""


def under_path(q: Request, rows: list[Row]) -> list[Row]:
    """The rows whose path begins as the call wants it."""
    prefix = q.parameters.get("PathPrefix", "/")
    return [row for row in rows if row.data["path"].startswith(prefix)]


def page(q: Request, items: list[dict[str, Any]], member: str) -> dict[str, Any]:
    """One page of a listing."""
    most, marker = int(q.parameters.get("MaxItems", MOST)), q.parameters.get("Marker", "page-0")
    if not marker.startswith("page-") or not marker[5:].isdigit():
        raise ApiError("ValidationError", "Invalid Marker.")
    start = int(marker[5:])
    more = start + most < len(items)
    out: dict[str, Any] = {member: items[start : start + most], "IsTruncated": more}
    return out | ({"Marker": f"page-{start + most}"} if more else {})
