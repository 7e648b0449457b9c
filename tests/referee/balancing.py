"""Seeded sequences of load balancers and WAF for two AWSs, and what sandboxd reads of them."""

import random
from collections.abc import Iterator
from typing import Any

from tests.referee.readings import Item, Reading, Seen
from tests.referee.sequences import Step

VISIBLE = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
SCOPE = {"Scope": "REGIONAL"}


# ---- readings
def _read(*names: str) -> Any:
    return lambda item: {name: item.get(name) for name in names}


def _balancer(item: Item) -> Seen:
    zones = [one["SubnetId"] for one in sorted(item["AvailabilityZones"], key=lambda one: one["ZoneName"])]
    names = ("Type", "Scheme", "VpcId", "LoadBalancerName", "SecurityGroups")
    return {name: item.get(name) for name in names} | {"State": item["State"]["Code"], "Subnets": zones}


def _port(item: Item) -> Seen:
    groups = [one["TargetGroupArn"] for one in item["DefaultActions"]]
    return {name: item.get(name) for name in ("Port", "Protocol", "LoadBalancerArn")} | {"Groups": groups}


def _acl(item: Item) -> Seen:
    return {
        "Name": item["Name"],
        "Rules": [one["Name"] for one in item["Rules"]],
        "DefaultAction": item["DefaultAction"],
    }


_GROUP = ("Protocol", "Port", "VpcId", "HealthCheckProtocol", "HealthCheckIntervalSeconds", "HealthyThresholdCount")


def _named(arn: str) -> Item:
    _, name, number = arn.rsplit("/", 2)
    return {"Name": name, "Id": number, **SCOPE}


READINGS: dict[str, Reading] = {
    "balancer": Reading(
        "DescribeLoadBalancers", lambda arn: {"LoadBalancerArns": [arn]}, lambda a: list(a["LoadBalancers"]), _balancer, "elbv2"
    ),
    "targets": Reading(
        "DescribeTargetGroups", lambda arn: {"TargetGroupArns": [arn]}, lambda a: list(a["TargetGroups"]),
        _read(*_GROUP, "HealthCheckTimeoutSeconds", "UnhealthyThresholdCount", "LoadBalancerArns", "TargetType"), "elbv2",
    ),
    "port": Reading("DescribeListeners", lambda arn: {"ListenerArns": [arn]}, lambda a: list(a["Listeners"]), _port, "elbv2"),
    "health": Reading(
        "DescribeTargetHealth", lambda arn: {"TargetGroupArn": arn}, lambda a: list(a["TargetHealthDescriptions"]),
        lambda item: {"Target": item["Target"]["Id"], "Port": item["Target"]["Port"], "State": item["TargetHealth"]["State"]}, "elbv2",
    ),
    "tags": Reading("DescribeTags", lambda arn: {"ResourceArns": [arn]}, lambda a: list(a["TagDescriptions"]), _read("Tags"), "elbv2"),
    "acl": Reading("GetWebACL", _named, lambda a: [a["WebACL"]], _acl, "wafv2"),
    "guard": Reading(
        "GetWebACLForResource", lambda arn: {"ResourceArn": arn}, lambda a: [a["WebACL"]] if a.get("WebACL") else [],
        lambda item: {"ARN": item["ARN"]}, "wafv2",
    ),
}  # fmt: skip


# ---- the sequence
def balancing(rng: random.Random) -> list[Step]:
    """Network, machine, load balancers of both types, what serves and guards them; repeats, refusals, and the end of it."""
    return [*_network(rng), *_balancers(rng), *_guards(rng), *_ending(rng)]


def _made(service: str, operation: str, about: str, answer: tuple[str | int, ...], **asked: Any) -> Step:
    return Step(operation, asked, about, (), answer, service)


def _network(rng: random.Random) -> Iterator[Step]:
    block = f"10.{rng.randrange(1, 200)}"
    yield _made("ec2", "CreateVpc", "vpc", ("Vpc", "VpcId"), CidrBlock=f"{block}.0.0/16")
    yield _made("ec2", "CreateInternetGateway", "igw", ("InternetGateway", "InternetGatewayId"))
    yield _made("ec2", "AttachInternetGateway", "igw", (), InternetGatewayId="$igw", VpcId="$vpc")
    for n, zone in enumerate("ab"):
        asked = {"VpcId": "$vpc", "CidrBlock": f"{block}.{n}.0/24", "AvailabilityZone": f"eu-central-1{zone}"}
        yield _made("ec2", "CreateSubnet", f"subnet-{zone}", ("Subnet", "SubnetId"), **asked)
    yield _made("ec2", "CreateSecurityGroup", "group", ("GroupId",), GroupName="g", Description="g", VpcId="$vpc")
    yield _made(
        "ec2", "RunInstances", "machine", ("Instances", 0, "InstanceId"), ImageId="$image", InstanceType="t3.micro",
        MinCount=1, MaxCount=1, SubnetId="$subnet-a",
    )  # fmt: skip


def _balancers(rng: random.Random) -> Iterator[Step]:
    kinds = [("alb", "application", "HTTP"), ("nlb", "network", "TCP")]
    for name, kind, protocol in rng.sample(kinds, 2):
        tags = [{"Key": "sandboxd:key", "Value": name}]
        subnets = {"Subnets": ["$subnet-a", "$subnet-b"], "SecurityGroups": ["$group"], "Tags": tags}
        asked = {"Name": f"r-{name}", "Type": kind, "Scheme": rng.choice(["internal", "internet-facing"]), **subnets}
        arn = ("LoadBalancers", 0, "LoadBalancerArn")
        yield _made("elbv2", "CreateLoadBalancer", f"balancer-{name}", arn, **asked)
        target = {
            "Name": f"r-{name}",
            "Protocol": protocol,
            "Port": rng.randrange(1000, 9000),
            "VpcId": "$vpc",
            "Tags": tags,
        }
        group = ("TargetGroups", 0, "TargetGroupArn")
        yield _made("elbv2", "CreateTargetGroup", f"targets-{name}", group, **target, HealthCheckIntervalSeconds=10)
        machine = {"TargetGroupArn": f"$targets-{name}", "Targets": [{"Id": "$machine"}]}
        yield _made("elbv2", "RegisterTargets", f"targets-{name}", (), **machine)
        action = [{"Type": "forward", "TargetGroupArn": f"$targets-{name}"}]
        port = {"LoadBalancerArn": f"$balancer-{name}", "Protocol": protocol, "Port": 80, "DefaultActions": action}
        yield _made("elbv2", "CreateListener", f"port-{name}", ("Listeners", 0, "ListenerArn"), **port)
        # not made twice: moto makes another one of the same name, the model of the service says that it is the same
        yield _made("elbv2", "DeleteTargetGroup", f"targets-{name}", (), TargetGroupArn=f"$targets-{name}")


def _guards(rng: random.Random) -> Iterator[Step]:
    rate = {"RateBasedStatement": {"Limit": rng.randrange(100, 9000), "AggregateKeyType": "IP"}}
    rules = [{"Name": "limit", "Priority": 0, "Statement": rate, "Action": {"Block": {}}, "VisibilityConfig": VISIBLE}]
    asked = {"Name": "r-acl", **SCOPE, "DefaultAction": {"Allow": {}}, "VisibilityConfig": VISIBLE, "Rules": rules}
    yield _made("wafv2", "CreateWebACL", "acl-1", ("Summary", "ARN"), **asked)
    yield _made("wafv2", "CreateWebACL", "acl-1", ("Summary", "ARN"), **asked)
    both = {"WebACLArn": "$acl-1", "ResourceArn": "$balancer-alb"}
    yield _made("wafv2", "AssociateWebACL", "acl-1", (), **both)
    yield _made("wafv2", "DisassociateWebACL", "acl-1", (), ResourceArn="$balancer-alb")


def _ending(rng: random.Random) -> Iterator[Step]:
    for name in rng.sample(["alb", "nlb"], 2):
        machine = {"TargetGroupArn": f"$targets-{name}", "Targets": [{"Id": "$machine"}]}
        yield _made("elbv2", "DeregisterTargets", f"targets-{name}", (), **machine)
        yield _made("elbv2", "DeleteListener", f"port-{name}", (), ListenerArn=f"$port-{name}")
        yield _made("elbv2", "DeleteLoadBalancer", f"balancer-{name}", (), LoadBalancerArn=f"$balancer-{name}")
        yield _made("elbv2", "DeleteTargetGroup", f"targets-{name}", (), TargetGroupArn=f"$targets-{name}")
