"""Which services the simulator answers: one literal table each."""

from collections.abc import Callable
from typing import Any

from sandboxd.simulator import ec2, organizations, quotas, ssm, sts

OPERATIONS: dict[str, dict[str, Callable[..., dict[str, Any]]]] = {
    "ec2": ec2.OPERATIONS,
    "organizations": organizations.OPERATIONS,
    "service-quotas": quotas.OPERATIONS,
    "ssm": ssm.OPERATIONS,
    "sts": sts.OPERATIONS,
}
