"""Things that EC2 makes in more than one place: a VPC with its companions, subnets, interfaces, bindings of addresses.

Every account has a default network in each region; it is made when somebody first looks there.
"""

import hashlib
import ipaddress
from collections.abc import Iterable
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

RESERVED = 4
"""addresses at the start of each subnet that AWS keeps, beside the last one"""


def default_network(world: World, q: Request) -> None:
    """Make the default network of the caller's account in the region asked, once."""
    place = f"{q.account} {q.region}"
    if place in world.furnished:
        return
    world.furnished[place] = True
    with world.rows.clear_sky():
        _make_default(world, q)


def _make_default(world: World, q: Request) -> None:
    vpc = new_vpc(world, q.account, q.region, q.now, "172.31.0.0/16", default=True)
    for n, zone in enumerate(world.zones(q.region)):
        new_subnet(world, vpc, q.now, f"172.31.{16 * n}.0/20", zone, default=True)
    gateway = world.rows.make("internet-gateway", q.account, q.region, q.now)
    gateway.data = {"default": True}
    world.rows.refer(gateway, vpc=vpc.id)
    table = world.rows.holders(vpc.id, q.now, "route-table")[0]
    out = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway.id, "Origin": "CreateRoute"}
    table.data["routes"].append(out)


def new_vpc(world: World, account: str, region: str, now: float, cidr: str, *, default: bool) -> Row:
    """A VPC with its main route table, default group and ACL."""
    vpc = world.rows.make("vpc", account, region, now)
    vpc.data = {
        "cidr": cidr,
        "default": default,
        "dhcp": "dopt-" + hashlib.sha256((account + region).encode()).hexdigest()[:17],
        "association": f"vpc-cidr-assoc-{world.rows.hex()}",
    }
    new_route_table(world, vpc, now, main=True)
    new_group(world, vpc, now, "default", "default VPC security group", default=True)
    acl = world.rows.make("network-acl", account, region, now)
    acl.data = {"default": True}
    world.rows.refer(acl, vpc=vpc.id)
    return vpc


def new_route_table(world: World, vpc: Row, now: float, *, main: bool) -> Row:
    """A route table with its local route."""
    table = world.rows.make("route-table", vpc.account, vpc.region, now)
    local = {"DestinationCidrBlock": vpc.data["cidr"], "GatewayId": "local", "Origin": "CreateRouteTable"}
    table.data = {"routes": [local], "default": main}
    table.data["main_association"] = world.rows.new_id("association") if main else ""
    world.rows.refer(table, vpc=vpc.id)
    return table


def new_group(world: World, vpc: Row, now: float, name: str, text: str, *, default: bool) -> Row:
    """A security group with the egress rule that every new one has."""
    group = world.rows.make("security-group", vpc.account, vpc.region, now)
    group.data = {"name": name, "description": text, "default": default}
    world.rows.refer(group, vpc=vpc.id)
    rules: list[dict[str, Any]] = [{"egress": True, "list": "IpRanges", "member": "CidrIp", "source": "0.0.0.0/0"}]
    if default:
        rules.append({"egress": False, "list": "UserIdGroupPairs", "member": "GroupId", "source": group.id})
    for rule in rules:
        row = world.rows.make("rule", vpc.account, vpc.region, now)
        row.data = rule | {"protocol": "-1", "from": -1, "to": -1, "text": "", "born": True}
        world.rows.refer(row, group=group.id)
    return group


def new_subnet(world: World, vpc: Row, now: float, cidr: str, zone: tuple[str, str], *, default: bool) -> Row:
    """A subnet in a zone (name and id)."""
    subnet = world.rows.make("subnet", vpc.account, vpc.region, now)
    subnet.data = {
        "cidr": cidr,
        "zone": zone[0],
        "zone_id": zone[1],
        "default": default,
        "next": 10,
        "acl_association": world.rows.new_id("acl-association"),
    }
    world.rows.refer(subnet, vpc=vpc.id)
    return subnet


def new_interface(
    world: World, subnet: Row, now: float, text: str, type_: str, groups: Iterable[str] = (), *, address: str = ""
) -> Row:
    """A network interface with this or the next free address of its subnet; InsufficientFreeAddressesInSubnet without one."""
    ip = address or _free_address(world, subnet, now)
    row = world.rows.make("interface", subnet.account, subnet.region, now)
    row.data = {
        "text": text,
        "type": type_,
        "vpc": subnet.refs["vpc"],
        "zone": subnet.data["zone"],
        "groups": list(groups),
        "ip": ip,
        "attachment": world.rows.new_id("attachment"),
        "mac": "02:" + ":".join(world.rows.hex(2) for _ in range(5)),
    }
    world.rows.refer(row, subnet=subnet.id, **{f"group {one}": one for one in groups})
    return row


def room(world: World, subnet: Row, now: float) -> int:
    """How many addresses of a subnet are free."""
    size = ipaddress.IPv4Network(subnet.data["cidr"]).num_addresses - RESERVED - 1
    return size - len(world.rows.holders(subnet.id, now, "interface"))


def no_room(subnet: Row) -> ApiError:
    """What is said of a subnet that is full."""
    words = f"There are not enough free addresses in subnet '{subnet.id}' to satisfy the requested number of instances."
    return ApiError("InsufficientFreeAddressesInSubnet", words)


def check_address(world: World, subnet: Row, now: float, address: str, count: int) -> None:
    """Refuse an address of one's own choice that is taken, kept by AWS, or not in the subnet."""
    if count > 1:
        words = "'privateIpAddress' cannot be used when launching more than one instance"
        raise ApiError("InvalidParameterCombination", words)
    network = ipaddress.IPv4Network(subnet.data["cidr"])
    usable = network.num_addresses - 1
    place = int(ipaddress.IPv4Address(address)) - int(network.network_address)
    if not RESERVED <= place < usable:
        words = "Address does not fall within the subnet's address range"
        if 0 <= place <= usable:
            words = "Address is in subnet's reserved address range"
        raise ApiError("InvalidParameterValue", words)
    if any(row.data["ip"] == address for row in world.rows.holders(subnet.id, now, "interface")):
        raise ApiError("InvalidIPAddress.InUse", f"Address {address} is in use.")


def _free_address(world: World, subnet: Row, now: float) -> str:
    network = ipaddress.IPv4Network(subnet.data["cidr"])
    taken = {row.data["ip"] for row in world.rows.holders(subnet.id, now, "interface")}
    usable = network.num_addresses - RESERVED - 1
    for step in range(usable):
        offset = RESERVED + (subnet.data["next"] - RESERVED + step) % usable
        if (ip := str(network[offset])) not in taken:
            subnet.data["next"] = offset + 1
            return ip
    raise no_room(subnet)


def bind(world: World, address: Row, interface: Row, now: float) -> None:
    """Give an elastic IP to an interface."""
    address.data |= {"association": world.rows.new_id("eip-association"), "free_at": None, "bound_at": now}
    interface.data["allocation"] = address.id
    world.rows.refer(address, interface=interface.id)


def public_ip(world: World) -> str:
    """The next address of the documentation ranges."""
    world.addresses += 1
    return f"198.51.{100 + world.addresses // 250}.{world.addresses % 250 + 1}"


def group_name(world: World, identifier: str) -> str:
    """The name of a security group."""
    row = world.rows.find(identifier)
    return str(row.data["name"]) if row else ""
