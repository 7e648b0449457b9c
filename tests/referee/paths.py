"""Answers as nodes: every structure in an answer, with the place where it stands and the state of what it describes.

`Reservations[].Instances[running].Monitoring` is such a place. Which members say the state of a thing is the literal table
below; facts and simulated answers are walked by the same code. It knows names of members, nothing of values.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from tests.referee.forms import form

UNKNOWN = "?"
"""state of a thing that does not say its state"""
State = Callable[[dict[str, Any]], str]


class Node(NamedTuple):
    """One structure of an answer."""

    path: str
    shape: str
    """name of the structure in the service's model"""
    value: dict[str, Any]
    kinds: Mapping[str, str]
    """member -> type in the service's model"""
    wide: frozenset[str]
    """members whose enumeration is too long to hold anybody to it"""

    def form(self, name: str) -> str:
        """The form of a member's value."""
        found = form(name, self.value[name], self.kinds.get(name, ""))
        if self.path == "" and found == "empty list":
            return "list"  # how much there is to list says nothing
        return "number" if self.path.endswith("PreviousState") and name == "Code" else found

    @property
    def member(self) -> str:
        """The member that this structure is the value of, or stands in."""
        return bare(self.path).rpartition(".")[2].rstrip("[]{}")

    @property
    def has_state(self) -> bool:
        """Whether the last part of the path says a state."""
        return self.path.endswith(("]", "}")) and not self.path.endswith("[]")


def by(*members: str) -> State:
    """The state that stands in a member, or in a member of a member."""

    def state(thing: dict[str, Any]) -> str:
        found: Any = thing
        for name in members:
            found = found.get(name, "") if isinstance(found, dict) else ""
        return str(found)

    return state


def _gateway(thing: dict[str, Any]) -> str:
    return "attached" if thing.get("Attachments") else "detached"


def _nat(thing: dict[str, Any]) -> str:
    return f"{thing.get('State', '')} with failure" if "FailureCode" in thing else str(thing.get("State", ""))


def _address(thing: dict[str, Any]) -> str:
    if "InstanceId" in thing:
        return "of an instance"
    return "of an interface" if "AssociationId" in thing else "free"


def _route(thing: dict[str, Any]) -> str:
    target = str(thing.get("GatewayId", ""))
    if target == "local":
        return "local"
    names = ("NatGatewayId", "InstanceId", "TransitGatewayId", "VpcPeeringConnectionId")
    kind = target.partition("-")[0] or next((name for name in names if name in thing), "other")
    return f"{kind} {thing.get('State', '')}".strip()


def _rule(thing: dict[str, Any]) -> str:
    traffic = "all traffic" if thing.get("IpProtocol") == "-1" else "ports"
    sources = ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupInfo", "ReferencedGroupId")
    return f"{traffic}, {next((name for name in sources if name in thing), 'no source')}"


def _interface(thing: dict[str, Any]) -> str:
    kind = str(thing.get("InterfaceType", "interface"))
    if kind == "interface":
        kind = "instance" if "InstanceId" in thing.get("Attachment", {}) else "other"
    if kind == "nat_gateway" and "Association" not in thing:
        kind = "addressless nat_gateway"
    return f"{kind} {thing.get('Status', '')}".strip()


def _permission(thing: dict[str, Any]) -> str:
    return "all traffic" if thing.get("IpProtocol") == "-1" else "ports"


def _main(thing: dict[str, Any]) -> str:
    return "main" if thing.get("Main") else "subnet"


def _address_of(thing: dict[str, Any]) -> str:
    return "elastic" if "AllocationId" in thing else "lent"


STATES: dict[str, State] = {
    "Instances": by("State", "Name"),
    "StartingInstances": by("CurrentState", "Name"),
    "StoppingInstances": by("CurrentState", "Name"),
    "TerminatingInstances": by("CurrentState", "Name"),
    "InstanceStatuses": by("InstanceState", "Name"),
    "Vpc": by("State"), "Vpcs": by("State"), "Subnet": by("State"), "Subnets": by("State"),
    "InternetGateway": _gateway, "InternetGateways": _gateway,
    "NatGateway": _nat, "NatGateways": _nat,
    "Addresses": _address, "Routes": _route, "NetworkInterfaces": _interface,
    "IpPermissions": _permission, "IpPermissionsEgress": _permission,
    "SecurityGroupRules": _rule, "RevokedSecurityGroupRules": _rule,
    "Volumes": by("State"), "CreateAccountStatus": by("State"),
    "LoadBalancers": by("State", "Code"), "TargetHealthDescriptions": by("TargetHealth", "State"),
}  # fmt: skip
"""member that holds a thing or a list of things -> the state of one"""
ELSEWHERE = {
    "Associations": ("DescribeRouteTables", _main),
    "Association": ("DescribeNetworkInterfaces", _address_of),
}
"""the same for members whose name means other things in other operations"""


@cache
def model(service: str) -> ServiceModel:
    """A service as botocore knows it."""
    return ServiceModel(Loader(include_default_search_paths=True).load_service_model(service, "service-2"), service)


def bare(path: str) -> str:
    """A path without the states in it."""
    out, depth = [], 0
    for letter in path:
        depth -= letter in "]}"
        if not depth:
            out.append(letter)
        depth += letter in "[{"
    return "".join(out)


def nodes(service: str, operation: str, answer: dict[str, Any]) -> Iterator[Node]:
    """Every structure in an answer; the answer itself stands at ``."""
    yield from _structure(operation, "", answer, model(service).operation_model(operation).output_shape)


def _structure(operation: str, path: str, value: dict[str, Any], shape: Shape | None) -> Iterator[Node]:
    members: Mapping[str, Shape] = shape.members if shape is not None and shape.type_name == "structure" else {}
    kinds = {name: str(one.type_name) for name, one in members.items()}
    wide = frozenset(name for name, one in members.items() if len(getattr(one, "enum", ())) > ENUM)
    yield Node(path, str(shape.name) if shape is not None else "", value, kinds, wide)
    for name, one in value.items():
        yield from _member(operation, path, name, one, members.get(name))


ENUM = 24
"""longest enumeration to whose recorded words a simulator is held"""


def _member(operation: str, path: str, name: str, value: Any, shape: Shape | None) -> Iterator[Node]:
    where, state = f"{path}.{name}".lstrip("."), _state_of(operation, path, name)
    match value:
        case dict() if shape is None or shape.type_name == "structure":
            at = f"{where}{{{state(value) or UNKNOWN}}}" if state else where
            yield from _structure(operation, at, value, shape)
        case list():
            inner = shape.member if shape is not None and shape.type_name == "list" else None
            for one in value:
                if isinstance(one, dict):
                    at = f"{where}[{(state(one) or UNKNOWN) if state else ''}]"
                    yield from _structure(operation, at, one, inner)


def _state_of(operation: str, path: str, name: str) -> State | None:
    if name in ELSEWHERE and ELSEWHERE[name][0] == operation:
        return ELSEWHERE[name][1]
    if name == "NetworkInterfaces" and path:  # those inside an instance follow its state
        return None
    return STATES.get(name)
