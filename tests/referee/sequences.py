"""Seeded sequences of calls: every kind of a first sandbox made in a random order that its references allow, machines
stopped and started, everything taken down again in another order.

Calls name things by names of the sequence, `kind-…`; whoever runs them has ids for the names.
"""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

ANYWHERE = "0.0.0.0/0"


class Step(NamedTuple):
    """One call that changes something; `$name` in a parameter stands for an id."""

    operation: str
    parameters: dict[str, Any]
    about: str
    """name of the thing that it makes or changes, `kind-…`"""
    needs: tuple[str, ...] = ()
    """names of steps that must have come before, when things are made"""
    answer: tuple[str | int, ...] = ()
    """where its answer has the new id"""
    service: str = "ec2"

    @property
    def name(self) -> str:
        """Names a step among the others."""
        return f"{self.operation} {self.about}"


def making(rng: random.Random) -> list[Step]:
    """Steps that make everything, in an order that their needs allow."""
    steps, done, order = list(_making(rng)), set[str](), []
    while steps:
        ready = [step for step in steps if set(step.needs) <= done]
        step = rng.choice(ready)
        steps.remove(step)
        order.append(step)
        done |= {step.about, step.name}
    return order


def _making(rng: random.Random) -> Iterator[Step]:
    block = f"10.{rng.randrange(1, 200)}"
    yield _made("CreateVpc", "vpc-1", "vpc", ("Vpc", "VpcId"), rng, CidrBlock=f"{block}.0.0/16")
    yield from _network(rng, block)
    yield from _groups(rng)
    yield _made("AllocateAddress", "eip-1", "elastic-ip", ("AllocationId",), rng, Domain="vpc")
    yield _made(
        "CreateNatGateway", "nat-1", "natgateway", ("NatGateway", "NatGatewayId"), rng, "AttachInternetGateway igw-1",
        SubnetId="$subnet-public", AllocationId="$eip-1",
    )  # fmt: skip
    for n in range(1, 3):
        yield _made(
            "RunInstances", f"machine-{n}", "instance", ("Instances", 0, "InstanceId"), rng,
            ImageId="$image", InstanceType=rng.choice(["t3.micro", "m6i.large"]), MinCount=1, MaxCount=1,
            SubnetId=f"$subnet-{rng.choice(['public', 'private'])}", SecurityGroupIds=["$group-1"], ClientToken=f"m{n}",
        )  # fmt: skip


def _network(rng: random.Random, block: str) -> Iterator[Step]:
    gateway = {"InternetGatewayId": "$igw-1", "VpcId": "$vpc-1"}
    yield _made("CreateInternetGateway", "igw-1", "internet-gateway", ("InternetGateway", "InternetGatewayId"), rng)
    yield Step("AttachInternetGateway", gateway, "igw-1", ("igw-1", "vpc-1"))
    for name, third in (("public", 0), ("private", rng.randrange(16, 200))):
        cidr = f"{block}.{third}.0/24"
        zone = rng.choice(["euc1-az1", "euc1-az2", "euc1-az3"])
        yield _made(
            "CreateSubnet", f"subnet-{name}", "subnet", ("Subnet", "SubnetId"), rng,
            VpcId="$vpc-1", CidrBlock=cidr, AvailabilityZoneId=zone,
        )  # fmt: skip
        yield _made(
            "CreateRouteTable", f"table-{name}", "route-table", ("RouteTable", "RouteTableId"), rng, VpcId="$vpc-1"
        )
        both = {"RouteTableId": f"$table-{name}", "SubnetId": f"$subnet-{name}"}
        needs = (f"table-{name}", f"subnet-{name}")
        yield Step("AssociateRouteTable", both, f"table-{name}", needs, ("AssociationId",))
    out = {"DestinationCidrBlock": ANYWHERE}
    outer, inner = {"RouteTableId": "$table-public"}, {"RouteTableId": "$table-private"}
    needs = ("table-public", "AttachInternetGateway igw-1")
    yield Step("CreateRoute", outer | out | {"GatewayId": "$igw-1"}, "table-public", needs)
    yield Step("CreateRoute", inner | out | {"NatGatewayId": "$nat-1"}, "table-private", ("table-private", "nat-1"))


def _groups(rng: random.Random) -> Iterator[Step]:
    for n in (1, 2):
        about = {"GroupName": f"group-{n}", "Description": "of the referee", "VpcId": "$vpc-1"}
        yield _made("CreateSecurityGroup", f"group-{n}", "security-group", ("GroupId",), rng, **about)
    every = {"GroupId": "$group-1", "IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]}
    yield Step("RevokeSecurityGroupEgress", every, "group-1", ("group-1",))
    ports = {"IpProtocol": rng.choice(["tcp", "udp"]), "FromPort": (low := rng.randrange(1, 60000)), "ToPort": low + 5}
    for name, way, source in (
        ("rule-1", "Ingress", {"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "inside"}]}),
        ("rule-2", "Ingress", {"UserIdGroupPairs": [{"GroupId": "$group-2"}]}),
        ("rule-3", "Egress", {"IpRanges": [{"CidrIp": ANYWHERE}]}),
    ):
        asked = {"GroupId": "$group-1", "IpPermissions": [ports | source]}
        needs = ("group-1", "group-2", "RevokeSecurityGroupEgress group-1")
        yield Step(f"AuthorizeSecurityGroup{way}", asked, name, needs, ("SecurityGroupRules", 0, "SecurityGroupRuleId"))


def _made(
    operation: str, about: str, tagged: str, answer: tuple[str | int, ...], rng: random.Random, *needs: str, **asked: Any
) -> Step:  # fmt: skip
    """A create call with tags; it needs whatever its parameters name."""
    tags = [{"Key": "Name", "Value": f"{about}-{rng.randrange(1000)}"}, {"Key": "sandboxd:key", "Value": about}]
    asked["TagSpecifications"] = [{"ResourceType": tagged, "Tags": tags}]
    return Step(operation, asked, about, (*needs, *sorted(_references(asked) - {"image"})), answer)


def _references(value: Any) -> set[str]:
    match value:
        case str():
            return {value[1:]} if value.startswith("$") else set()
        case dict():
            return set().union(*(_references(one) for one in value.values()))
        case list():
            return set().union(*(_references(one) for one in value))
    return set()


def living(rng: random.Random) -> list[Step]:
    """Machines stopped and started."""
    steps = []
    for machine in rng.sample(["machine-1", "machine-2"], 2):
        steps.append(Step("StopInstances", {"InstanceIds": [f"${machine}"]}, machine))
        if rng.random() < 0.5:
            steps.append(Step("StartInstances", {"InstanceIds": [f"${machine}"]}, machine))
    return steps


def ending(rng: random.Random) -> list[Step]:
    """Everything taken down in an order that AWS allows, the rest of it by chance."""
    machines = [Step("TerminateInstances", {"InstanceIds": [f"$machine-{n}"]}, f"machine-{n}") for n in (1, 2)]
    gateway = {"InternetGatewayId": "$igw-1", "VpcId": "$vpc-1"}
    inner = {"RouteTableId": "$table-private", "DestinationCidrBlock": ANYWHERE}
    first = [*machines, Step("DeleteNatGateway", {"NatGatewayId": "$nat-1"}, "nat-1")]
    second = [
        Step("DeleteRoute", inner, "table-private"),
        Step("ReleaseAddress", {"AllocationId": "$eip-1"}, "eip-1"),
        Step("RevokeSecurityGroupIngress", {"GroupId": "$group-1", "SecurityGroupRuleIds": ["$rule-2"]}, "rule-2"),
        *(Step("DisassociateRouteTable", {"AssociationId": f"$table-{one} association"}, f"table-{one}")
          for one in ("public", "private")),
        Step("DetachInternetGateway", gateway, "igw-1"),
    ]  # fmt: skip
    third = [
        Step("DeleteInternetGateway", {"InternetGatewayId": "$igw-1"}, "igw-1"),
        *(Step("DeleteSecurityGroup", {"GroupId": f"$group-{n}"}, f"group-{n}") for n in (1, 2)),
        *(Step("DeleteSubnet", {"SubnetId": f"$subnet-{one}"}, f"subnet-{one}") for one in ("public", "private")),
        *(Step("DeleteRouteTable", {"RouteTableId": f"$table-{one}"}, f"table-{one}") for one in ("public", "private")),
    ]
    last = [Step("DeleteVpc", {"VpcId": "$vpc-1"}, "vpc-1")]
    return [step for part in (first, second, third) for step in rng.sample(part, len(part))] + last
