"""Names what holds a resource that AWS will not delete yet, for the people who wait. Reads only, and only once."""

from collections.abc import Mapping
from typing import Any

from sandboxd.engine.context import Attempt
from sandboxd.model.ports import AwsError

MOST_NAMED = 3


async def blockers(a: Attempt, code: str, message: str) -> str:
    """Return what AWS said, and which network interfaces are in the way."""
    said = message or code
    if not a.kind.interfaces or not a.facts.get("id"):
        return said
    filters = [{"Name": a.kind.interfaces, "Values": [a.facts["id"]]}]
    try:
        answer = await a.ports.call(a.scope, "ec2", "DescribeNetworkInterfaces", {"Filters": filters})
    except AwsError:
        return said
    found = answer.get("NetworkInterfaces") or []
    named = ", ".join(_named(one) for one in found[:MOST_NAMED])
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return f"{said} Held by {named}{more}." if found else said


def _named(interface: Mapping[str, Any]) -> str:
    what = interface.get("Description") or (interface.get("Attachment") or {}).get("InstanceId") or "no description"
    return f"{interface['NetworkInterfaceId']} ({what})"
