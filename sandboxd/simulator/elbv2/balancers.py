"""Load balancers: made in subnets of several zones with an interface in each, which outlives them by minutes."""

from datetime import UTC, datetime

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.making import new_interface, public_ip, room
from sandboxd.simulator.elbv2.listeners import drop_listener, listeners_of
from sandboxd.simulator.elbv2.shapes import Shape, arn, check_name, invalid, named, page, select, settings, tags
from sandboxd.simulator.elbv2.targets import holder_of
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.iam_service_roles import check_linked
from sandboxd.simulator.needs import known_to_waf, mapped
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

SERVICE = "elasticloadbalancing.amazonaws.com"
LINGER = 240.0
"""seconds by which bad weather lets interfaces outlive their load balancer, beside what is usual"""
WAF_LATE = 490.0
"""seconds by which bad weather lets WAF know a load balancer late, at most: more than five minutes are reported"""
EC2_LATE = 25.0
"""seconds by which bad weather lets this service see an internet gateway late, at most"""
ROOM = 8
"""addresses that must be free in each subnet"""
ZONES = {"eu-central-1": "Z215JYRZR1TBD5", "us-east-1": "Z35SXDOTRQ7X7K"}
NETWORK_ZONES = {"eu-central-1": "Z3F0SRJ5LGBH90", "us-east-1": "Z26RNL4JYFTOTI"}
"""the hosted zones of the names that load balancers get; of other regions none is known here"""


# ---- create
def create_load_balancer(world: World, q: Request) -> Shape:
    check_linked(world, q, SERVICE)
    name = q.parameters["Name"]
    check_name("The load balancer", name)
    if (known := named(world, q, "load-balancer", name)) is not None:
        if known.data["settings"] != settings(q):
            words = f"A load balancer with the same name '{name}' exists, but with different settings"
            raise ApiError("DuplicateLoadBalancerName", words)
        _read_all(q)
        return {"LoadBalancers": [_balancer(known, q.now)]}
    world.check_quota("load_balancers", len(world.rows.of(q.account, q.region, "load-balancer")))
    row = _make(world, q, name)
    return {"LoadBalancers": [_balancer(row, q.now)]}


def _read_all(q: Request) -> None:
    """What is the same in all settings is understood as the first one was."""
    for parameter in ("Subnets", "SecurityGroups", "Scheme", "Type", "IpAddressType", "Tags"):
        q.parameters.get(parameter)


def _make(world: World, q: Request, name: str) -> Row:
    kind = q.parameters.get("Type", "application")
    scheme, address_type = q.parameters.get("Scheme", "internet-facing"), q.parameters.get("IpAddressType", "ipv4")
    if kind not in _FORMS:
        raise invalid(f"The simulator makes load balancers of type application and network only, not {kind}.")
    subnets = _subnets(world, q, kind)
    groups = _groups(world, q, kind, subnets[0].refs["vpc"])
    if scheme == "internet-facing":
        _check_way_out(world, q, subnets[0].refs["vpc"])
    number = world.rows.hex(16)
    identifier = arn(q, f"loadbalancer/{_FORMS[kind]}/{name}/{number}")
    row = world.rows.make("load-balancer", q.account, q.region, q.now, identifier)
    row.tags = tags(q)
    row.data = {
        "name": name, "number": number, "type": kind, "scheme": scheme, "groups": groups, "vpc": subnets[0].refs["vpc"],
        "places": [[one.data["zone"], one.id] for one in subnets], "settings": settings(q), "protected": False,
        "digits": str(world.rows.rng.randrange(10**8, 10**10)), "address_type": address_type,
    }  # fmt: skip
    _come_up(world, q, row, subnets)
    return row


_FORMS = {"application": "app", "network": "net"}


def _come_up(world: World, q: Request, row: Row, subnets: list[Row]) -> None:
    data = row.data
    text = f"ELB {_FORMS[data['type']]}/{data['name']}/{data['number']}"
    kind = "interface" if data["type"] == "application" else "network_load_balancer"
    data["interfaces"] = []
    for subnet in subnets:
        interface = new_interface(world, subnet, q.now, text, kind, data["groups"])
        interface.data["requester"] = "amazon-elb"
        if data["scheme"] == "internet-facing":
            interface.data["public"] = public_ip(world)
        data["interfaces"].append(interface.id)
    ready = world.draw("load-balancer.create")
    row.goes(q.now, (0, "provisioning"), (ready, "active"))
    q.made(row.id, ready)
    if data["type"] == "application":
        seen = ready + world.draw("waf.sees") + world.weather.late(q.now, WAF_LATE)
        data["waf_from"] = q.now + seen
        q.made(known_to_waf(row.id), seen)


def _subnets(world: World, q: Request, kind: str) -> list[Row]:
    """The subnets of a new load balancer, as AWS checks them."""
    asked = q.parameters.get("Subnets") or ()
    rows = [_subnet(world, q, one) for one in asked]
    zones = [row.data["zone"] for row in rows]
    if len({*zones}) < len(zones):
        words = "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
        raise ApiError("InvalidConfigurationRequest", words)
    if not rows or (kind == "application" and len(rows) == 1):
        raise invalid("At least two subnets in two different Availability Zones must be specified")
    if len({row.refs["vpc"] for row in rows}) > 1:
        raise ApiError("InvalidConfigurationRequest", "All subnets must belong to the same VPC")
    for row in rows:
        if room(world, row, q.now) < ROOM:
            words = f"Not enough IP space available in {row.id}. ELB requires at least {ROOM} free IP addresses in each subnet."
            raise ApiError("InvalidSubnet", words)
    return rows


def _subnet(world: World, q: Request, identifier: str) -> Row:
    try:
        return world.rows.get("subnet", identifier, q)
    except ApiError:
        raise ApiError("SubnetNotFound", f"The subnet ID '{identifier}' does not exist") from None


def _groups(world: World, q: Request, kind: str, vpc: str) -> list[str]:
    """The groups of a new load balancer; an application's without any is in the default one of the VPC."""
    asked = q.parameters.get("SecurityGroups") or ()
    for one in asked:
        try:
            group = world.rows.get("security-group", one, q)
        except ApiError:
            raise ApiError("InvalidSecurityGroup", f"Security group '{one}' is not valid") from None
        if group.refs["vpc"] != vpc:
            raise ApiError("InvalidConfigurationRequest", "One or more security groups are invalid")
    if asked or kind == "network":
        return list(asked)
    return [row.id for row in world.rows.holders(vpc, q.now, "security-group") if row.data["default"]]


def _check_way_out(world: World, q: Request, vpc: str) -> None:
    """Refuse what faces the internet in a VPC without a gateway, or with one that this service does not see yet."""
    gateways = world.rows.holders(vpc, q.now, "internet-gateway")
    for gateway in gateways:
        since = gateway.data.get("attached_at", gateway.created)
        gateway.data.setdefault("elb_from", since + world.weather.late(q.now, EC2_LATE))
    if not any(q.now >= gateway.data["elb_from"] for gateway in gateways):
        raise ApiError("InvalidSubnet", f"VPC {vpc} has no internet gateway")


# ---- describe
def _balancer(row: Row, now: float) -> Shape:
    data = row.data
    network = data["type"] == "network"
    inside = "internal-" if data["scheme"] == "internal" else ""
    dns = (
        f"{data['name']}-{data['number']}.elb.{row.region}.amazonaws.com"
        if network
        else f"{inside}{data['name']}-{data['digits']}.{row.region}.elb.amazonaws.com"
    )
    shape: Shape = {
        "LoadBalancerArn": row.id, "DNSName": dns, "LoadBalancerName": data["name"], "Scheme": data["scheme"],
        "CanonicalHostedZoneId": (NETWORK_ZONES if network else ZONES).get(row.region, "Z00000000000"),
        "CreatedTime": datetime.fromtimestamp(int(1000 * row.created) / 1000, UTC), "VpcId": data["vpc"],
        "State": {"Code": row.state(now)}, "Type": data["type"], "IpAddressType": data["address_type"],
        "AvailabilityZones": [
            {"ZoneName": zone, "SubnetId": subnet, "LoadBalancerAddresses": []} for zone, subnet in data["places"]
        ],
    }  # fmt: skip
    return shape | ({"SecurityGroups": [*data["groups"]]} if data["groups"] else {})


def describe_load_balancers(world: World, q: Request) -> Shape:
    rows = select(world, q, "load-balancer", "LoadBalancerArns")
    shapes = [_balancer(row, q.now) | {"EnablePrefixForIpv6SourceNat": "off"} for row in rows]
    return page(q, shapes, "LoadBalancers")


# ---- delete
def delete_load_balancer(world: World, q: Request) -> Shape:
    row = world.rows.find(q.parameters["LoadBalancerArn"])
    if row is None or (row.kind, row.account, row.region) != ("load-balancer", q.account, q.region):
        return {}  # what does not exist is deleted
    if row.data["protected"]:
        words = f"Load balancer '{row.id}' cannot be deleted because deletion protection is enabled"
        raise ApiError("OperationNotPermitted", words)
    if world.rows.holders(row.id, q.now, "endpoint-service", "vpc-link") or holder_of(world, row, q.now) is not None:
        words = f"Load balancer '{row.id}' cannot be deleted because it is currently associated with another service"
        raise ApiError("ResourceInUse", words)
    for listener in listeners_of(world, row, q.now):
        drop_listener(world, q, listener)
    if "acl" in row.refs:
        q.unmade(f"{row.id} acl", frees=(row.refs["acl"],))
    _let_interfaces_go(world, q, row)
    world.rows.drop(row)
    q.unmade(row.id)
    return {}


def _let_interfaces_go(world: World, q: Request, row: Row) -> None:
    """Interfaces outlive their load balancer, and hold subnets, groups and the gateway of the VPC for so long."""
    lingers = world.draw("load-balancer.linger") + world.weather.late(q.now, LINGER)
    for identifier in row.data["interfaces"]:
        if (interface := world.rows.find(identifier)) is None:
            continue
        interface.goes(q.now, (lingers, "deleted"))
        held = (interface.refs["subnet"], *row.data["groups"], row.data["vpc"], mapped(row.data["vpc"]))
        q.made(f"{interface.id} gone", lingers, frees=held)


# ---- attributes
def modify_attributes(world: World, q: Request) -> Shape:
    row = world.rows.get("load-balancer", q.parameters["LoadBalancerArn"], q)
    for one in q.parameters["Attributes"]:
        if one["Key"] != "deletion_protection.enabled":
            raise invalid(f"The simulator does not know the load balancer attribute '{one['Key']}'.")
        row.data["protected"] = one["Value"] == "true"
        q.made(f"{row.id} attributes")
    return {"Attributes": _attributes(row)}


def _attributes(row: Row) -> list[Shape]:
    return [
        {"Key": "deletion_protection.enabled", "Value": str(row.data["protected"]).lower()},
        {"Key": "access_logs.s3.enabled", "Value": "false"},
        {"Key": "access_logs.s3.bucket", "Value": ""},
        {"Key": "access_logs.s3.prefix", "Value": ""},
    ]


def describe_attributes(world: World, q: Request) -> Shape:
    row = world.rows.seen(q, "load-balancer", [q.parameters["LoadBalancerArn"]])[0]
    return {"Attributes": _attributes(row)}


OPERATIONS = {
    "CreateLoadBalancer": create_load_balancer, "DescribeLoadBalancers": describe_load_balancers,
    "DeleteLoadBalancer": delete_load_balancer, "ModifyLoadBalancerAttributes": modify_attributes,
    "DescribeLoadBalancerAttributes": describe_attributes,
}  # fmt: skip
