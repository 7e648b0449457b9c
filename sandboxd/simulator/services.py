"""Which services the simulator answers: one literal table each."""

from collections.abc import Mapping

from sandboxd.simulator import ec2, iam, organizations, quotas, ssm, sts, tagging, vending
from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2 import endpoints
from sandboxd.simulator.ec2.making import default_network
from sandboxd.simulator.world import Service, World
from sandboxd.simulator.young import check_activated


def _ec2(world: World, q: Request) -> None:
    check_activated(world, q)
    default_network(world, q)
    endpoints.settle(world, q.now)


SERVICES: Mapping[str, Service] = {
    "ec2": Service(ec2.OPERATIONS, prepare=_ec2),
    "iam": Service(iam.OPERATIONS, prepare=iam.global_store),
    "organizations": Service(organizations.OPERATIONS, prepare=vending.settle),
    "resourcegroupstaggingapi": Service(tagging.OPERATIONS, prepare=check_activated),
    "service-quotas": Service(quotas.OPERATIONS, prepare=check_activated),
    "ssm": Service(ssm.OPERATIONS, prepare=check_activated),
    "sts": Service(sts.OPERATIONS, prepare=vending.settle),
}
"""service as botocore names it -> what answers it"""
