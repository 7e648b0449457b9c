"""Which services the simulator answers: one literal table each."""

from collections.abc import Mapping

from sandboxd.simulator import (
    account,
    apigateway,
    appstream,
    ec2,
    ecr,
    elbv2,
    iam,
    kms,
    organizations,
    quotas,
    ssm,
    sts,
    tagging,
    vending,
    wafv2,
)
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
    "account": Service(account.OPERATIONS, prepare=vending.settle),
    "apigateway": Service(apigateway.OPERATIONS, prepare=check_activated),
    "appstream": Service(appstream.OPERATIONS, prepare=check_activated),
    "ec2": Service(ec2.OPERATIONS, prepare=_ec2),
    "ecr": Service(ecr.OPERATIONS, prepare=check_activated),
    "elbv2": Service(elbv2.OPERATIONS, prepare=_ec2),
    "iam": Service(iam.OPERATIONS, prepare=iam.global_store),
    "kms": Service(kms.OPERATIONS, prepare=check_activated),
    "organizations": Service(organizations.OPERATIONS, prepare=vending.settle),
    "resourcegroupstaggingapi": Service(tagging.OPERATIONS, prepare=check_activated),
    "service-quotas": Service(quotas.OPERATIONS, prepare=check_activated),
    "ssm": Service(ssm.OPERATIONS, prepare=check_activated),
    "sts": Service(sts.OPERATIONS, prepare=vending.settle),
    "wafv2": Service(wafv2.OPERATIONS, prepare=check_activated),
}
"""service as botocore names it -> what answers it"""
