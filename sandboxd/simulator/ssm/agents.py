"""Which machines have an agent online, and since when: a row comes with the first registration of a boot, and goes some time after the machine.

The agent needs a role with Systems Manager's policy, and a way out at boot; without these it sleeps. It pings every five
minutes, so `Online` can be older than the truth: a read says what the last ping said.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sandboxd.simulator.calls import Request
from sandboxd.simulator.consistency import NEVER
from sandboxd.simulator.ec2.shapes import private_dns
from sandboxd.simulator.ec2.ways import reaches_out
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

PING = 300.0
"""seconds between two pings; as long as that a lost agent is still said to be online"""
MOST = 50


class Ping(NamedTuple):
    """What the inventory says of one agent."""

    status: str
    at: float


def ping(row: Row, now: float, *, way_out: bool) -> Ping | None:
    """What is said of a machine's agent; None: there is no row of it."""
    data = row.data
    if row.state(now) == "running" and now >= data["agent_at"]:
        lost = min(float(data.get("agent_lost_at", NEVER)), now if way_out else now - PING)
        last = data["agent_at"] + PING * ((max(lost, data["agent_at"]) - data["agent_at"]) // PING)
        return Ping("Online" if now < lost + PING else "ConnectionLost", last)
    until, last = data.get("agent_former") or (0.0, 0.0)
    return Ping("Online", last) if now < until else None


def listens(world: World, row: Row, now: float) -> bool:
    """Whether the agent is really there and hears of commands, whatever the inventory says."""
    there = row.state(now) == "running" and row.data["agent_at"] <= now < row.data.get("agent_lost_at", NEVER)
    return there and reaches_out(world, row, now, now)


def describe_instance_information(world: World, q: Request) -> dict[str, Any]:
    found = [
        (row, seen)
        for row in world.rows.seen(q, "machine")
        if (seen := ping(row, q.now, way_out=reaches_out(world, row, q.now, q.now))) is not None
    ]
    for one in q.parameters.get("Filters", ()):
        if one["Key"] not in _FILTERS:
            raise ApiError("InvalidFilterKey", "")
        found = [(row, seen) for row, seen in found if _FILTERS[one["Key"]](row, seen) in one["Values"]]
    most, start = int(q.parameters.get("MaxResults", MOST)), int(q.parameters.get("NextToken") or 0)
    more = {"NextToken": str(start + most)} if start + most < len(found) else {}
    return more | {"InstanceInformationList": [_shape(q, row, seen) for row, seen in found[start : start + most]]}


def _shape(q: Request, row: Row, seen: Ping) -> dict[str, Any]:
    return {
        "InstanceId": row.id, "PingStatus": seen.status, "LastPingDateTime": datetime.fromtimestamp(seen.at, UTC),
        "AgentVersion": "3.3.2299.0", "IsLatestVersion": True, "PlatformType": "Linux", "PlatformName": "Amazon Linux",
        "PlatformVersion": "2023", "ResourceType": "EC2Instance", "IPAddress": row.data["ip"],
        "ComputerName": private_dns(row.data["ip"], q.region),
    }  # fmt: skip


_FILTERS: dict[str, Callable[[Row, Ping], str]] = {
    "InstanceIds": lambda row, _: row.id,
    "PingStatus": lambda _, seen: seen.status,
    "PlatformTypes": lambda *_: "Linux",
    "ResourceType": lambda *_: "EC2Instance",
}

OPERATIONS = {"DescribeInstanceInformation": describe_instance_information}
