"""Which services the simulator answers: one literal table each."""

from collections.abc import Mapping

from sandboxd.simulator import ec2, organizations, quotas, ssm, sts
from sandboxd.simulator.ec2.making import default_network
from sandboxd.simulator.world import Service

SERVICES: Mapping[str, Service] = {
    "ec2": Service(ec2.OPERATIONS, prepare=default_network),
    "organizations": Service(organizations.OPERATIONS, prepare=organizations.settle),
    "service-quotas": Service(quotas.OPERATIONS),
    "ssm": Service(ssm.OPERATIONS),
    "sts": Service(sts.OPERATIONS, prepare=organizations.settle),
}
"""service as botocore names it -> what answers it"""
