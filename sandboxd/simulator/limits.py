"""Service quotas: how many of each there may be, what AWS says beyond, and under which code it keeps the number.

One literal table. The values are AWS's defaults of November 2026, except those that an organization which runs sandboxes
has had raised: vCPUs, and the accounts of the organization (`furnish`).
"""

from collections.abc import Mapping
from typing import NamedTuple

from sandboxd.simulator.errors import ApiError


class Limit(NamedTuple):
    """Value, error code and words beyond it; service, quota code and name as Service Quotas lists it."""

    value: int
    code: str
    words: str
    service: str = ""
    quota: str = ""
    name: str = ""
    status: int = 400
    scale: int = 1
    """how many of ours are one of theirs: Service Quotas counts storage in TiB"""


_MAXIMUM = "The maximum number of {} has been reached."
_VCPUS = (
    "You have requested more vCPU capacity than your current vCPU limit of {} allows for the instance bucket that the "
    "specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an "
    "adjustment to this limit."
)
LIMITS: Mapping[str, Limit] = {
    "vpcs": Limit(5, "VpcLimitExceeded", _MAXIMUM.format("VPCs"), "vpc", "L-F678F1CE", "VPCs per Region"),
    "subnets": Limit(
        200, "SubnetLimitExceeded", _MAXIMUM.format("subnets"), "vpc", "L-407747CB", "Subnets per VPC"
    ),
    "internet_gateways": Limit(
        5, "InternetGatewayLimitExceeded", _MAXIMUM.format("internet gateways"), "vpc", "L-A4707A72",
        "Internet gateways per Region",
    ),
    "route_tables": Limit(
        200, "RouteTableLimitExceeded", _MAXIMUM.format("route tables"), "vpc", "L-589F43AA", "Route tables per VPC"
    ),
    "routes": Limit(50, "RouteLimitExceeded", _MAXIMUM.format("routes"), "vpc", "L-93826ACB", "Routes per route table"),
    "security_groups": Limit(
        2500, "SecurityGroupLimitExceeded", _MAXIMUM.format("security groups"), "vpc", "L-E79EC296",
        "VPC security groups per Region",
    ),
    "rules": Limit(
        60, "RulesPerSecurityGroupLimitExceeded", _MAXIMUM.format("rules per security group"), "vpc", "L-0EA8095F",
        "Inbound or outbound rules per security group",
    ),
    "groups_of_interface": Limit(
        5, "SecurityGroupsPerInterfaceLimitExceeded", _MAXIMUM.format("security groups per interface"), "vpc",
        "L-2AFB9258", "Security groups per network interface",
    ),
    "interfaces": Limit(
        5000, "NetworkInterfaceLimitExceeded", _MAXIMUM.format("network interfaces"), "vpc", "L-DF5E4CA3",
        "Network interfaces per Region",
    ),
    "nat_gateways": Limit(
        5, "NatGatewayLimitExceeded", "Performing this operation would exceed the limit of {} NAT gateways", "vpc",
        "L-FE5A380F", "NAT gateways per Availability Zone",
    ),
    "elastic_ips": Limit(
        5, "AddressLimitExceeded", _MAXIMUM.format("addresses"), "ec2", "L-0263D0A3", "EC2-VPC Elastic IPs"
    ),
    "vcpus": Limit(
        64, "VcpuLimitExceeded", _VCPUS, "ec2", "L-1216C47A",
        "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    ),
    "load_balancers": Limit(
        50, "TooManyLoadBalancers", "The maximum number of load balancers has been reached", "elasticloadbalancing",
        "L-53DA6B97", "Application Load Balancers per Region",
    ),
    "target_groups": Limit(
        3000, "TooManyTargetGroups", "The maximum number of target groups has been reached", "elasticloadbalancing",
        "L-B22855CB", "Target Groups per Region",
    ),
    "listeners": Limit(
        50, "TooManyListeners", "The maximum number of listeners has been reached", "elasticloadbalancing",
        "L-B6DF7632", "Listeners per Application Load Balancer",
    ),
    "targets": Limit(
        1000, "TooManyTargets", "The maximum number of targets has been reached", "elasticloadbalancing",
        "L-A0D0B863", "Targets per Target Group per Region",
    ),
    "web_acls": Limit(
        100, "WAFLimitsExceededException",
        "AWS WAF couldn’t perform the operation because you exceeded your resource limit.", "wafv2", "L-2F725C17",
        "Maximum number of web ACLs per account in WAF for regional",
    ),
    # AWS's default depends on the instance type, and Service Quotas has a code for each: none is simulated
    "fleet_instances": Limit(10, "LimitExceededException", "You have exceeded the limit of {} fleet instances."),
    "storage": Limit(
        51_200, "VolumeLimitExceeded", "Volume limit exceeded", "ebs", "L-7A658B76",
        "Storage for General Purpose SSD (gp3) volumes, in TiB", scale=1024,
    ),
    "launch_permissions": Limit(
        1000, "ResourceLimitExceeded", "You have reached the limit of launch permissions for this image.",
    ),
    "tags": Limit(50, "TagLimitExceeded", _MAXIMUM.format("Tags for a resource")),
    "roles": Limit(1000, "LimitExceeded", "Cannot exceed quota for RolesPerAccount: {}", status=409),
    "instance-profiles": Limit(
        1000, "LimitExceeded", "Cannot exceed quota for InstanceProfilesPerAccount: {}", status=409
    ),
    "parameters": Limit(
        10_000, "ParameterLimitExceeded",
        "You have exceeded the number of parameters for this account. Delete one or more parameters and try again.",
    ),
    "accounts": Limit(
        10, "ConstraintViolationException", "You have exceeded the allowed number of AWS accounts.", "organizations",
        "L-E619E033", "Default maximum number of accounts",
    ),
}  # fmt: skip


def exceeded(name: str, value: int) -> ApiError:
    """What AWS says when there would be more than `value`."""
    limit = LIMITS[name]
    return ApiError(limit.code, limit.words.format(value), limit.status)
