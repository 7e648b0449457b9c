"""Systems Manager: the public parameters of images, and which machines have an agent online."""

from datetime import UTC, datetime
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.world import World

PUBLIC = {"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64": "al2023-ami-"}


def get_parameter(world: World, q: Request) -> dict[str, Any]:
    name = q.parameters["Name"]
    prefix = PUBLIC.get(name)
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
        row for row in world.rows.of(q.account, q.region, "machine")
        if row.state(q.now) == "running" and q.now >= row.data["agent_at"]
    ]  # fmt: skip
    for one in q.parameters.get("Filters", ()):
        if one["Key"] == "InstanceIds":
            rows = [row for row in rows if row.id in one["Values"]]
    return {"InstanceInformationList": [
        {
            "InstanceId": row.id, "PingStatus": "Online", "LastPingDateTime": datetime.fromtimestamp(q.now, UTC),
            "AgentVersion": "3.3.2299.0", "IsLatestVersion": True, "PlatformType": "Linux", "PlatformName": "Amazon Linux",
            "PlatformVersion": "2023", "ResourceType": "EC2Instance", "IPAddress": row.data["ip"],
            "ComputerName": f"ip-{row.data['ip'].replace('.', '-')}.{q.region}.compute.internal",
        }
        for row in rows
    ]}  # fmt: skip


OPERATIONS = {"GetParameter": get_parameter, "DescribeInstanceInformation": describe_instance_information}
