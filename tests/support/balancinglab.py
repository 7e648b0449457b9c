"""The graph of an account's ingress, for tests of the engine: load balancers of both types, a machine behind them, a web ACL."""

from enginelab import REGION, image_of, shared

from sandboxd.aws.kinds import specs
from sandboxd.aws.prices import load
from sandboxd.simulator.inventory import inventory

SERVICE = "elasticloadbalancing.amazonaws.com"
UP = ("CreateLoadBalancer", "CreateTargetGroup", "CreateListener", "RegisterTargets", "CreateWebACL", "AssociateWebACL")
DOWN = (
    "DisassociateWebACL",
    "DeleteWebACL",
    "DeleteListener",
    "DeregisterTargets",
    "DeleteTargetGroup",
    "DeleteLoadBalancer",
)
FULL = {
    "vpc": 1,
    "internet-gateway": 1,
    "subnet": 2,
    "security-group": 1,
    "machine": 1,
    "load-balancer": 2,
    "target-group": 2,
    "listener": 2,
    "web-acl": 1,
}


def ingress(image="ami-x", *, network=True):
    """One of each, on as little as they need."""
    s, vpc, igw, group, machine = specs(), shared("vpc"), shared("igw"), shared("sg"), shared("envoy")
    subnets = tuple(shared(f"public-{zone}") for zone in "ab")
    out = [
        s["vpc"].node(vpc, {}, cidr="10.0.0.0/16", name="dev-vpc"),
        s["internet-gateway"].node(igw, {"vpc": (vpc,)}, name="dev-igw"),
        *(
            s["subnet"].node(key, {"vpc": (vpc,)}, cidr=f"10.0.{n}.0/24", zone=f"euc1-az{n + 1}", name=f"dev-{n}")
            for n, key in enumerate(subnets)
        ),
        s["security-group"].node(group, {"vpc": (vpc,)}, name="dev-envoy", description="envoy"),
        s["machine"].node(
            machine, {"subnet": subnets[:1], "groups": (group,)}, name="envoy", image=image, type="t3.micro", disk=8
        ),
    ]
    for name, kind, protocol, port in (("alb", "application", "HTTP", 80), ("nlb", "network", "TCP", 5671)):
        if kind == "network" and not network:
            continue
        balancer, target = shared(name), shared(f"{name}-target")
        stands = {"subnets": subnets, "groups": (group,), "gateway": (igw,)}
        out += [
            s["load-balancer"].node(balancer, stands, name=f"dev-{name}", type=kind),
            s["target-group"].node(target, {"vpc": (vpc,)}, name=f"dev-{name}", protocol=protocol, port=10000 + port),
            s["listener"].node(
                shared(f"{name}-port"), {"balancer": (balancer,), "target": (target,)}, protocol=protocol, port=port
            ),
            s["target-registration"].node(
                shared(f"{name}-envoy"),
                {"group": (target,), "machine": (machine,), "serves": (shared(f"{name}-port"),)},
                port=10000 + port,
            ),
        ]
    acl = shared("acl")
    out += [
        s["web-acl"].node(acl, {}, name="dev-acl", rate_limit=2000, rules=["AWSManagedRulesCommonRuleSet"]),
        s["web-acl-association"].node(shared("acl-alb"), {"acl": (acl,), "balancer": (shared("alb"),)}),
    ]
    assert all(key in load().per_hour for node in out for key in node.prices.values() if "+" not in key)
    return out


async def ingress_of(lab, **more):
    """The graph, in an account whose load balancers have the role they need."""
    linked(lab)
    return ingress(await image_of(lab), **more)


def linked(lab):
    """Make the role of the service, long ago."""
    caller = lab.world.caller(lab.account)
    parameters = {"AWSServiceName": SERVICE}
    lab.world.call(caller, REGION, "iam", "CreateServiceLinkedRole", parameters)
    for row in lab.world.rows.of(lab.account, "aws-global", "role"):
        row.data["service_from"] = 0.0


def aws(lab, service, operation, **parameters):
    """A call of the account's administrator."""
    return lab.world.call(lab.world.caller(lab.account), REGION, service, operation, parameters)


def rows(lab, kind):
    """The rows of one kind."""
    return lab.world.rows.of(lab.account, REGION, kind)


def left(lab):
    """What there is, by kind."""
    return sorted(one["kind"] for one in inventory(lab.world) if one["account"] == lab.account)
