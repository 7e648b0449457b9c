"""Who can open a connection to whom: a pure function over security groups, rules, routes and subnets, both directions.

A connection needs a way out of the caller's groups, a way into the callee's, and a route; answers come back by themselves.
Network ACLs are AWS's defaults, which let everything through. Read from a blueprint, or from what AWS describes.
"""

import ipaddress
from dataclasses import dataclass, field

INTERNET = "internet"
EVERYWHERE = ipaddress.IPv4Network("0.0.0.0/0")


@dataclass(frozen=True)
class Endpoint:
    """Something with an address: a machine, an interface of a load balancer."""

    name: str
    subnet: str
    groups: tuple[str, ...]
    address: ipaddress.IPv4Network
    """its address; its whole subnet where it is not known yet"""
    public: bool = False


@dataclass(frozen=True)
class Rule:
    group: str
    egress: bool
    protocol: str
    first: int
    last: int
    peer: str = ""
    cidr: ipaddress.IPv4Network | None = None


@dataclass
class Net:
    vpc: ipaddress.IPv4Network
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    default: dict[str, str] = field(default_factory=dict)
    """subnet -> where its default route leads: nat-gateway, internet-gateway, or nowhere"""

    def flows(self, source: str, target: str) -> set[tuple[str, int, int]]:
        """Protocols and ports on which a connection can be opened; all ports of a protocol are (-1, -1)."""
        if source == target or not self._routed(source, target):
            return set()
        out = [EVERYTHING] if source == INTERNET else self._let(source, target, egress=True)
        into = [EVERYTHING] if target == INTERNET else self._let(target, source, egress=False)
        return {both for one in out for other in into if (both := _both(one, other)) is not None}

    def _routed(self, source: str, target: str) -> bool:
        if INTERNET not in (source, target):
            return True  # the local route of the VPC
        inside = self.endpoints[target if source == INTERNET else source]
        way = self.default.get(inside.subnet, "")
        if way == "internet-gateway":
            return inside.public
        return way == "nat-gateway" and target == INTERNET

    def _let(self, name: str, other: str, *, egress: bool) -> list[tuple[str, int, int]]:
        """What the rules of one end let through to, or from, the other end."""
        groups = self.endpoints[name].groups
        mine = (rule for rule in self.rules if rule.group in groups and rule.egress == egress)
        return [(rule.protocol, rule.first, rule.last) for rule in mine if self._means(rule, other)]

    def _means(self, rule: Rule, other: str) -> bool:
        if other == INTERNET:
            return rule.cidr is not None and not rule.cidr.subnet_of(self.vpc)
        there = self.endpoints[other]
        return rule.peer in there.groups if rule.peer else rule.cidr is not None and rule.cidr.overlaps(there.address)


EVERYTHING = ("-1", -1, -1)


def _both(one, other):
    """What two rules have in common."""
    if one[0] == "-1":
        return other
    if other[0] == "-1":
        return one
    if one[0] != other[0]:
        return None
    if -1 in (one[1], other[1]):
        return other if one[1] == -1 else one
    first, last = max(one[1], other[1]), min(one[2], other[2])
    return (one[0], first, last) if first <= last else None


# ---- from a blueprint
def of_nodes(nodes, public=()) -> Net:
    """The net that nodes become; `public` names those of them that have a public address."""
    by_key = {node.key: node for node in nodes}
    (vpc,) = [node for node in by_key.values() if node.kind == "vpc"]
    net = Net(ipaddress.IPv4Network(vpc.parameters["cidr"]))
    tables = {}
    for node in by_key.values():
        match node.kind:
            case "route":
                tables[node.links["table"][0]] = "nat-gateway" if "nat" in node.links else "internet-gateway"
            case "security-group-rule":
                net.rules.append(_rule_of(node))
            case "machine" | "load-balancer" | "appstream-fleet":
                for number, subnet in enumerate(node.links.get("subnets", node.links.get("subnet", ()))):
                    name = node.key if not number else f"{node.key} {number}"
                    cidr = ipaddress.IPv4Network(by_key[subnet].parameters["cidr"])
                    seen = node.kind == "load-balancer" or node.key in public
                    net.endpoints[name] = Endpoint(name, subnet, tuple(node.links["groups"]), cidr, seen)
    for node in by_key.values():
        if node.kind == "route-table-association":
            net.default[node.links["subnet"][0]] = tables.get(node.links["table"][0], "")
    return net


def _rule_of(node) -> Rule:
    asked = node.parameters
    return Rule(
        node.links["group"][0], asked["direction"] == "egress", asked["protocol"], asked["from_port"], asked["to_port"],
        next(iter(node.links.get("peer", ())), ""), ipaddress.IPv4Network(asked["cidr"]) if asked.get("cidr") else None,
    )  # fmt: skip


# ---- from what AWS describes
def of_described(call, vpc: str) -> Net:
    """The net that AWS describes in a VPC; `call(operation, **parameters)` asks."""
    here = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}
    net = Net(ipaddress.IPv4Network(call("DescribeVpcs", VpcIds=[vpc])["Vpcs"][0]["CidrBlock"]))
    subnets = [one["SubnetId"] for one in call("DescribeSubnets", **here)["Subnets"]]
    tables = call("DescribeRouteTables", **here)["RouteTables"]
    for table in tables:
        for join in table["Associations"]:
            for subnet in [join["SubnetId"]] if "SubnetId" in join else subnets if join.get("Main") else ():
                if "SubnetId" in join or subnet not in net.default:
                    net.default[subnet] = _way_of(table)
    for group in call("DescribeSecurityGroups", **here)["SecurityGroups"]:
        rules = call("DescribeSecurityGroupRules", Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}])
        net.rules += [_described(rule) for rule in rules["SecurityGroupRules"]]
    for one in call("DescribeNetworkInterfaces", **here)["NetworkInterfaces"]:
        name = (one.get("Attachment") or {}).get("InstanceId") or one["Description"] or one["NetworkInterfaceId"]
        groups = tuple(group["GroupId"] for group in one["Groups"])
        address = ipaddress.IPv4Network(one["PrivateIpAddress"])
        net.endpoints[name] = Endpoint(name, one["SubnetId"], groups, address, "Association" in one)
    return net


def _way_of(table) -> str:
    for route in table["Routes"]:
        if route.get("DestinationCidrBlock") == "0.0.0.0/0" and route.get("State", "active") == "active":
            return "nat-gateway" if route.get("NatGatewayId") else "internet-gateway"
    return ""


def _described(rule) -> Rule:
    return Rule(
        rule["GroupId"], rule["IsEgress"], rule["IpProtocol"], rule["FromPort"], rule["ToPort"],
        (rule.get("ReferencedGroupInfo") or {}).get("GroupId", ""),
        ipaddress.IPv4Network(rule["CidrIpv4"]) if "CidrIpv4" in rule else None,
    )  # fmt: skip
