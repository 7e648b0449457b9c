"""How much AWS lets through: one token bucket for each account, region and operation, as (burst, requests a second).

From AWS's documentation of EC2 request throttling and of Organizations' throttling limits. What is not listed has the
bucket of its service; what AWS really allows is learned from its throttles, downwards only.
"""

from typing import NamedTuple


class Bucket(NamedTuple):
    """So many requests at once, and so many a second after that."""

    burst: float
    rate: float


LISTED = {
    ("ec2", "RunInstances"): Bucket(5, 2),
    ("ec2", "StartInstances"): Bucket(5, 2),
    ("ec2", "TerminateInstances"): Bucket(100, 5),
    ("organizations", "CreateAccount"): Bucket(3, 0.1),
    ("organizations", "CloseAccount"): Bucket(1, 0.05),
    ("organizations", "MoveAccount"): Bucket(3, 2),
    ("organizations", "TagResource"): Bucket(6, 4),
    ("organizations", "AttachPolicy"): Bucket(3, 2),
}
OF_SERVICE = {"ec2": Bucket(50, 5), "organizations": Bucket(2, 1)}
DEFAULT = Bucket(20, 5)


def bucket_of(service: str, operation: str) -> Bucket:
    """Return what is let through of one operation."""
    return LISTED.get((service, operation)) or OF_SERVICE.get(service, DEFAULT)
