"""The simulated world: rows, clock, accounts, and the one door through which every call goes.

`call` answers one operation in the same task, without bytes; the wire stands on it. Time, visibility, throttles and
faults apply in `call`, once for all operations.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from sandboxd.simulator import durations
from sandboxd.simulator.calls import Caller, Log, Request, is_mutation
from sandboxd.simulator.clock import SimClock
from sandboxd.simulator.errors import ApiError, LostReply
from sandboxd.simulator.rows import Row, Rows

Hook = Callable[[Request], str | ApiError | None]
"""What a fault does to a call: an ApiError refuses it, `lose` lets it happen and loses the reply, None leaves it alone."""

Services = dict[str, dict[str, Callable[..., dict[str, Any]]]]
"""service -> operation -> what answers it"""

QUOTAS = {"vpcs": 5, "elastic_ips": 5, "nat_gateways": 5, "vcpus": 64}
ROLE = "OrganizationAccountAccessRole"
SESSION = 3600.0


class World:
    """Everything there is in the simulated AWS."""

    def __init__(
        self, *, clock: SimClock, seed: int = 1, regions: tuple[str, ...] = ("eu-central-1", "us-east-1")
    ) -> None:
        self.clock, self.regions = clock, regions
        self.rows = Rows(seed=seed)
        self.log = Log()
        self.hook: Hook = lambda _: None
        self.services: Services = {}
        self.organization: dict[str, Any] = {}
        self.sessions: dict[str, tuple[str, str, float]] = {}
        self.keys: dict[str, str] = {}
        self._furnished: dict[tuple[str, str], bool] = {}
        self.addresses = 0

    # ---- the one door
    def call(
        self, caller: Caller, region: str, service: str, operation: str, parameters: dict[str, Any]
    ) -> dict[str, Any]:
        """Answer one call; raise ApiError, or LostReply after its effect."""
        q = Request(caller, region, service, operation, parameters, self.clock.now())
        run = self.services.get(service, {}).get(operation)
        if run is None:
            words = f"The action {operation} is not valid for this web service."
            raise ApiError("InvalidAction", f"{words} (The simulator does not know {service}:{operation}.)")
        self._furnish(q)
        fault = self.hook(q)
        error = ""
        try:
            if isinstance(fault, ApiError):
                raise fault
            self._dry_run(q)
            answer: dict[str, Any] = run(self, q)
        except ApiError as refused:
            error = refused.code
            raise
        finally:
            self.log.add(q, tuple(_references(q.parameters)), tuple(q.changes), error)
        if fault == "lose":
            raise LostReply
        return answer

    def _dry_run(self, q: Request) -> None:
        if q.parameters.get("DryRun"):
            raise ApiError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)

    def caller(self, account: str) -> Caller:
        """The administrator of an account."""
        return Caller(
            account,
            f"arn:aws:iam::{account}:user/admin",
            "AIDA" + hashlib.sha256(account.encode()).hexdigest()[:17].upper(),
        )

    # ---- properties of the world
    def draw(self, name: str) -> float:
        """One duration."""
        return durations.draw(self.rows.rng, name)

    def quota(self, name: str) -> int:
        """A service quota."""
        return QUOTAS[name]

    def zones(self, region: str) -> list[tuple[str, str]]:
        """Zone names and ids of a region."""
        short = (
            "".join(part[0] for part in region.split("-")[:2]) + region.split("-")[1][1:2] + region.rsplit("-", 1)[1]
        )
        return [(region + letter, f"{short}-az{n}") for n, letter in enumerate("abc", 1)]

    def zone(self, region: str, parameters: dict[str, Any]) -> tuple[str, str]:
        """The zone that a request names, by name or id; the first one otherwise."""
        zones = self.zones(region)
        wanted = parameters.get("AvailabilityZoneId") or parameters.get("AvailabilityZone") or zones[0][0]
        for zone in zones:
            if wanted in zone:
                return zone
        raise ApiError("InvalidParameterValue", f"Value ({wanted}) for parameter availabilityZone is invalid.")

    # ---- client tokens
    def _scope(self, q: Request, scope: tuple[str, ...]) -> tuple[str, ...]:
        return (q.account, q.region, *scope, q.parameters["ClientToken"])

    def token(self, q: Request, *scope: str) -> Row | None:
        """What this token was answered with before."""
        if "ClientToken" not in q.parameters:
            return None
        return self.rows.token(self._scope(q, scope), _digest(q.parameters))

    def remember(self, q: Request, kind: str, row: Row, *scope: str) -> None:
        """Remember what this token is answered with."""
        if "ClientToken" in q.parameters:
            self.rows.tokens[self._scope(q, (kind, *scope))] = (row.id, _digest(q.parameters))

    # ---- things that are made in more than one place
    def new_vpc(self, account: str, region: str, now: float, cidr: str, *, default: bool) -> Row:
        """A VPC with its main route table, default group and ACL."""
        vpc = self.rows.make("vpc", account, region, now)
        vpc.data = {
            "cidr": cidr, "default": default, "dhcp": "dopt-" + hashlib.sha256((account + region).encode()).hexdigest()[:17],
            "association": f"vpc-cidr-assoc-{self.rows.hex()}",
        }  # fmt: skip
        self.new_route_table(vpc, now, main=True)
        self.new_group(vpc, now, "default", "default VPC security group", default=True)
        acl = self.rows.make("network-acl", account, region, now)
        acl.data = {"default": True}
        self.rows.refer(acl, vpc=vpc.id)
        return vpc

    def new_route_table(self, vpc: Row, now: float, *, main: bool) -> Row:
        """A route table with its local route."""
        table = self.rows.make("route-table", vpc.account, vpc.region, now)
        local = {"DestinationCidrBlock": vpc.data["cidr"], "GatewayId": "local", "Origin": "CreateRouteTable"}
        table.data = {
            "routes": [local],
            "default": main,
            "main_association": self.rows.new_id("association") if main else "",
        }
        self.rows.refer(table, vpc=vpc.id)
        return table

    def new_group(self, vpc: Row, now: float, name: str, text: str, *, default: bool) -> Row:
        """A security group with the egress rule that every new one has."""
        group = self.rows.make("security-group", vpc.account, vpc.region, now)
        group.data = {"name": name, "description": text, "default": default}
        self.rows.refer(group, vpc=vpc.id)
        rules: list[dict[str, Any]] = [{"egress": True, "list": "IpRanges", "member": "CidrIp", "source": "0.0.0.0/0"}]
        if default:
            rules.append({"egress": False, "list": "UserIdGroupPairs", "member": "GroupId", "source": group.id})
        for rule in rules:
            row = self.rows.make("rule", vpc.account, vpc.region, now)
            row.data = rule | {"protocol": "-1", "from": -1, "to": -1, "text": ""}
            self.rows.refer(row, group=group.id)
        return group

    def new_subnet(self, vpc: Row, now: float, cidr: str, zone: tuple[str, str], *, default: bool) -> Row:
        """A subnet in a zone."""
        subnet = self.rows.make("subnet", vpc.account, vpc.region, now)
        subnet.data = {
            "cidr": cidr,
            "zone": zone[0],
            "zone_id": zone[1],
            "default": default,
            "next": 10,
            "acl_association": self.rows.new_id("acl-association"),
        }
        self.rows.refer(subnet, vpc=vpc.id)
        return subnet

    def new_interface(self, subnet: Row, now: float, text: str, type_: str, groups: list[str] | None = None) -> Row:
        """A network interface with the next address of its subnet."""
        row = self.rows.make("interface", subnet.account, subnet.region, now)
        base, last = subnet.data["cidr"].split("/")[0].rsplit(".", 1)
        row.data = {
            "text": text,
            "type": type_,
            "vpc": subnet.refs["vpc"],
            "zone": subnet.data["zone"],
            "groups": groups or [],
            "ip": f"{base}.{int(last) + subnet.data['next']}",
            "attachment": self.rows.new_id("attachment"),
            "mac": "02:" + ":".join(self.rows.hex(2) for _ in range(5)),
        }
        subnet.data["next"] += 1
        self.rows.refer(row, subnet=subnet.id, **{f"group {g}": g for g in groups or []})
        return row

    def bind(self, address: Row, interface: Row, now: float) -> None:
        """Give an elastic IP to an interface."""
        address.data |= {"association": self.rows.new_id("eip-association"), "free_at": None, "bound_at": now}
        interface.data["allocation"] = address.id
        self.rows.refer(address, interface=interface.id)

    def public_ip(self) -> str:
        """The next address of the documentation ranges."""
        self.addresses += 1
        return f"198.51.{100 + self.addresses // 250}.{self.addresses % 250 + 1}"

    def group_name(self, identifier: str) -> str:
        """The name of a security group."""
        row = self.rows.find(identifier)
        return str(row.data["name"]) if row else ""

    def _furnish(self, q: Request) -> None:
        """Every account has a default VPC in every region; it is made when somebody first looks."""
        if q.service != "ec2" or (q.account, q.region) in self._furnished:
            return
        self._furnished[q.account, q.region] = True
        if any(row.data["default"] for row in self.rows.of(q.account, q.region, "vpc")):
            return
        vpc = self.new_vpc(q.account, q.region, q.now, "172.31.0.0/16", default=True)
        for n, zone in enumerate(self.zones(q.region)):
            self.new_subnet(vpc, q.now, f"172.31.{16 * n}.0/20", zone, default=True)
        gateway = self.rows.make("internet-gateway", q.account, q.region, q.now)
        gateway.data = {"default": True}
        self.rows.refer(gateway, vpc=vpc.id)
        table = self.rows.holders(vpc.id, q.now, "route-table")[0]
        table.data["routes"].append(
            {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway.id, "Origin": "CreateRoute"}
        )


def _digest(parameters: dict[str, Any]) -> str:
    compared = {k: v for k, v in parameters.items() if k != "ClientToken"}
    return hashlib.sha256(json.dumps(compared, sort_keys=True, default=str).encode()).hexdigest()


def _references(value: Any) -> list[str]:
    """Every string in the parameters that may be the id of something."""
    if isinstance(value, str):
        return [value] if "-" in value and len(value) > 9 else []  # noqa: PLR2004 - shorter than any id
    if isinstance(value, dict):
        return [ref for one in value.values() for ref in _references(one)]
    if isinstance(value, list):
        return [ref for one in value for ref in _references(one)]
    return []


__all__ = ["World", "is_mutation"]
