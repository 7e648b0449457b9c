"""Request throttling as AWS does it: a token bucket per account, region and API; launches and power count machines too.

Sizes and refill rates of EC2 are those of its developer guide, of Organizations those of its quotas page, both as read in
November 2026; those of the other services are round numbers of the same order, which nobody documents.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sandboxd.simulator.calls import Request, is_mutation


class Bucket(NamedTuple):
    """Tokens at most, and tokens a second."""

    size: float
    refill: float


READ, CHANGE, UNFILTERED = Bucket(100, 20), Bucket(50, 5), Bucket(50, 10)
COSTLY_READS = (
    "DescribeInstances", "DescribeInstanceStatus", "DescribeNetworkInterfaces", "DescribeSecurityGroups",
    "DescribeSnapshots", "DescribeVolumes",
)  # fmt: skip
"""have a smaller bucket of their own when they ask for everything at once"""
EC2: Mapping[str, Bucket] = {
    "RunInstances": Bucket(5, 2), "StartInstances": Bucket(5, 2), "TerminateInstances": Bucket(100, 5),
    "CreateNatGateway": Bucket(10, 1), "DeleteNatGateway": Bucket(10, 1), "CreateTags": Bucket(100, 10),
    "DeleteTags": Bucket(100, 10), "ModifyImageAttribute": Bucket(100, 5),
}  # fmt: skip
MACHINES: Mapping[str, Bucket] = {
    "RunInstances": Bucket(1000, 2), "StartInstances": Bucket(1000, 2), "StopInstances": Bucket(1000, 20),
    "TerminateInstances": Bucket(1000, 20),
}  # fmt: skip
"""a second bucket, of which each machine takes a token"""
ORGANIZATIONS: Mapping[str, Bucket] = {
    "CreateAccount": Bucket(3, 0.1), "CloseAccount": Bucket(1, 0.05), "MoveAccount": Bucket(3, 2),
    "DescribeAccount": Bucket(30, 20), "DescribeCreateAccountStatus": Bucket(2, 2), "ListCreateAccountStatus": Bucket(8, 5),
    "ListAccounts": Bucket(12, 8), "ListChildren": Bucket(10, 6), "ListParents": Bucket(8, 5),
    "ListAccountsForParent": Bucket(8, 5), "ListRoots": Bucket(2, 1), "TagResource": Bucket(6, 4),
    "UntagResource": Bucket(6, 4), "DescribeOrganization": Bucket(2, 1),
}  # fmt: skip
OTHERS: Mapping[str, Bucket] = {
    "organizations": Bucket(8, 5), "ssm": Bucket(40, 40), "service-quotas": Bucket(10, 5), "sts": Bucket(600, 600),
    "elbv2": Bucket(40, 10), "wafv2": Bucket(10, 5), "iam": Bucket(20, 10), "account": Bucket(10, 5), "appstream": Bucket(20, 5), "resourcegroupstaggingapi": Bucket(15, 15),
}  # fmt: skip


def bucket_of(q: Request) -> tuple[str, Bucket]:
    """The bucket that a request takes a token from, and its name."""
    name = q.operation
    if q.service == "organizations":
        return name, ORGANIZATIONS.get(name, OTHERS["organizations"])
    if q.service != "ec2":
        return name, OTHERS.get(q.service, CHANGE)
    if name in COSTLY_READS and not q.parameters.keys() & {"Filters", "MaxResults", "NextToken"}:
        return f"{name} of everything", UNFILTERED
    return name, EC2.get(name, CHANGE if is_mutation(name) else READ)


def _machines(q: Request) -> int:
    asked = dict(q.parameters)  # a look that does not count as one: who throttles understands nothing
    return int(asked.get("MaxCount") or len(asked.get("InstanceIds") or ()) or 1)


class Throttles:
    """The buckets of a world: full at first."""

    def __init__(self) -> None:
        self._levels: dict[tuple[str, str, str], tuple[float, float]] = {}
        """account, region, name -> tokens, and when they were counted"""

    def admits(self, q: Request) -> bool:
        """Take the tokens of a request; whether there were enough."""
        name, bucket = bucket_of(q)
        wanted: list[tuple[str, Bucket, int]] = [(name, bucket, 1)]
        if q.service == "ec2" and name in MACHINES:
            wanted.append((f"{name} machines", MACHINES[name], _machines(q)))
        levels = [self._level(q, name, bucket) for name, bucket, _ in wanted]
        admitted = all(level >= cost for level, (_, _, cost) in zip(levels, wanted, strict=True))
        for level, (name, _, cost) in zip(levels, wanted, strict=True):
            self._levels[_place(q, name)] = (level - cost if admitted else level, q.now)
        return admitted

    def _level(self, q: Request, name: str, bucket: Bucket) -> float:
        tokens, at = self._levels.get(_place(q, name), (bucket.size, q.now))
        return min(bucket.size, tokens + max(0.0, q.now - at) * bucket.refill)


def _place(q: Request, name: str) -> tuple[str, str, str]:
    return q.account, q.region if q.service not in ("iam", "organizations", "account") else "", name
