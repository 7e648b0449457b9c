"""What AWS itself puts into our VPC and leaves there: recognised, never counted as somebody's, and removed when it holds us.

GuardDuty's runtime monitoring makes an endpoint and a group in every VPC with machines, and may put them back between
two attempts. Removing them is repeated by the step that they hold, by id, and changes nothing twice.
"""

from collections.abc import Mapping
from typing import Any

from sandboxd.aws.kind import tags as tags_of
from sandboxd.engine.context import Attempt
from sandboxd.engine.paging import pages
from sandboxd.model.keys import parts
from sandboxd.model.ports import AwsError, Scope

GUARD_DUTY = "GuardDutyManaged"
SERVICE = ".guardduty-data"
GROUP = "GuardDutyManagedSecurityGroup-"
GOING = ("deleting", "deleted")


def is_aws_made(item: Mapping[str, Any]) -> bool:
    """Whether GuardDuty made it: by tag, name of the service, or name of the group."""
    if GUARD_DUTY in tags_of(item):
        return True
    return str(item.get("ServiceName", "")).endswith(SERVICE) or str(item.get("GroupName", "")).startswith(GROUP)


async def let_go(a: Attempt) -> tuple[str, str]:
    """Remove what GuardDuty made and what holds this VPC or subnet; return what is said, and why it cannot be done."""
    if a.kind.interfaces not in ("vpc-id", "subnet-id"):
        return "", ""
    scope = a.ports.scope(a.kind, a.who.account, parts(a.node.key).region)
    try:
        endpoints = [one for one in await _listed(a, scope, "DescribeVpcEndpoints", "VpcEndpoints") if _holds(a, one)]
        groups = [one for one in await _listed(a, scope, "DescribeSecurityGroups", "SecurityGroups") if _holds(a, one)]
    except AwsError:
        return "", ""
    theirs = [group["GroupId"] for one in endpoints for group in one.get("Groups") or ()]
    named = list(dict.fromkeys([*(e["VpcEndpointId"] for e in endpoints), *theirs, *(g["GroupId"] for g in groups)]))
    if not named:
        return "", ""
    try:
        return await _remove(a, scope, endpoints, [one["GroupId"] for one in groups]), ""
    except AwsError as error:
        words = f"GuardDuty put {' and '.join(named)} here, and they may not be deleted ({error.message or error.code})"
        return (
            "",
            f"{words}: switch its automatic agent off for this account in the organization, or allow it; then retry.",
        )


async def _listed(a: Attempt, scope: Scope, operation: str, member: str) -> list[Mapping[str, Any]]:
    found = await pages(a.ports.call, scope, "ec2", operation, {})
    return [one for page in found for one in page.get(member) or () if is_aws_made(one)]


def _holds(a: Attempt, item: Mapping[str, Any]) -> bool:
    mine = a.facts.get("id")
    return mine in (item.get("VpcId"), *item.get("SubnetIds", ()))


async def _remove(a: Attempt, scope: Scope, endpoints: list[Mapping[str, Any]], groups: list[str]) -> str:
    """Endpoints first; their group when they are gone."""
    waiting = [one["VpcEndpointId"] for one in endpoints]
    due = [one["VpcEndpointId"] for one in endpoints if one["State"] not in GOING]
    if due:
        answer = await a.ports.call(scope, "ec2", "DeleteVpcEndpoints", {"VpcEndpointIds": due})
        for one in answer.get("Unsuccessful") or ():
            raise AwsError("refused", one["Error"]["Code"], one["Error"].get("Message", ""))
    if waiting:
        return f"GuardDuty's endpoint {', '.join(waiting)} is being removed, which takes minutes"
    for group in groups:
        await a.ports.call(scope, "ec2", "DeleteSecurityGroup", {"GroupId": group})
    return f"GuardDuty's group {', '.join(groups)} was removed"
