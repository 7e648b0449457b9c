"""Systems Manager: the public parameters of images, and which machines have an agent online."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.shapes import private_dns
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

PUBLIC = {"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64": "al2023-ami-"}


def get_parameter(world: World, q: Request) -> dict[str, Any]:
    name = q.parameters["Name"]
    prefix = PUBLIC.get(name)
    q.parameters.get("WithDecryption")  # nothing here is encrypted
    images = [row for row in world.rows.everywhere(q.region, "image") if prefix and row.data["name"].startswith(prefix)]
    if not images:
        raise ApiError("ParameterNotFound", "")
    newest = max(images, key=lambda row: row.created)
    return {"Parameter": {
        "Name": name, "Type": "String", "Value": newest.id, "Version": 1, "DataType": "text",
        "LastModifiedDate": datetime.fromtimestamp(newest.created, UTC), "ARN": f"arn:aws:ssm:{q.region}::parameter{name}",
    }}  # fmt: skip


def describe_instance_information(world: World, q: Request) -> dict[str, Any]:
    rows = [
        row for row in world.rows.seen(q, "machine")
        if row.state(q.now) == "running" and q.now >= row.data["agent_at"]
    ]  # fmt: skip
    for one in q.parameters.get("Filters", ()):
        if one["Key"] not in _FILTERS:
            raise ApiError("InvalidFilterKey", "")
        rows = [row for row in rows if _FILTERS[one["Key"]](row) in one["Values"]]
    most, start = int(q.parameters.get("MaxResults", 50)), int(q.parameters.get("NextToken") or 0)
    more = {"NextToken": str(start + most)} if start + most < len(rows) else {}
    return more | {"InstanceInformationList": [
        {
            "InstanceId": row.id, "PingStatus": "Online", "LastPingDateTime": datetime.fromtimestamp(q.now, UTC),
            "AgentVersion": "3.3.2299.0", "IsLatestVersion": True, "PlatformType": "Linux", "PlatformName": "Amazon Linux",
            "PlatformVersion": "2023", "ResourceType": "EC2Instance", "IPAddress": row.data["ip"],
            "ComputerName": private_dns(row.data["ip"], q.region),
        }
        for row in rows[start : start + most]
    ]}  # fmt: skip


_FILTERS: dict[str, Callable[[Row], str]] = {
    "InstanceIds": lambda row: row.id,
    "PingStatus": lambda _: "Online",
    "PlatformTypes": lambda _: "Linux",
    "ResourceType": lambda _: "EC2Instance",
}

OPERATIONS = {"GetParameter": get_parameter, "DescribeInstanceInformation": describe_instance_information}
