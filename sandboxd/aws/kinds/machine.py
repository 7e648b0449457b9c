"""EC2 machines: launched with a client token, started, stopped, terminated. They bear data and are never remade by rule.

`image` is what a create resolved: an id and the names of its disks, the root device first. Each disk is asked for by
name: what the image says of one (whether it goes with the machine) is not changed by what is said of another. All are
encrypted with the account's own key, whatever its default is, so that a machine never needs the image's key again.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import structs

from sandboxd.aws.kind import Ask, Item, Kind, Move, Nudge, Parameters, Reading, Seen, Unseen
from sandboxd.ingress.scripts import first_boot
from sandboxd.model.keys import Key
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Edge, Node, Usual, Way

STOPPED, RUNNING = 1, 2
_BOOTS: Mapping[str, Callable[[], str]] = {"envoy": first_boot}
"""what a machine is for -> its user data"""
OWN_KEY = "alias/aws/ebs"
"""AWS's own key for volumes in the account and region of the machine"""


class MachineSpec(KindSpec, frozen=True, kw_only=True):
    """What a machine costs depends on its type and disk: its price keys are sums of what the price list has.

    One that is `stateless` bears no data and is made anew by rule.
    """

    def node(self, key: Key, links: dict[str, tuple[Key, ...]], **parameters: Any) -> Node:
        """Return the node of one machine."""
        disk = f"disk.gp3*{parameters.get('disk') or 0}"
        stateless = bool(parameters.pop("stateless", False))
        prices = {STOPPED: disk, RUNNING: f"instance.{parameters.get('type')}+{disk}"}
        node = super().node(key, links, **parameters)
        return structs.replace(node, prices=prices, data=node.data and not stateless)


SPEC = MachineSpec(
    name="machine",
    states=("absent", "stopped", "running"),
    # the profile is held by a stopped machine, too: one made anew would not be the one that it was launched with
    roles=(
        Role("subnet", 1, STOPPED),
        Role("groups", 2, STOPPED),
        Role("profile", 2, STOPPED),
        Role("way", 1, RUNNING, entry=True),
        # what the image account gives; the image's share first: it is what a refused launch does not know
        Role("share", 1, RUNNING, entry=True),
        Role("pulls", 1, RUNNING, entry=True),
    ),
    edges=(Edge(0, RUNNING, RUNNING), Edge(STOPPED, 0, 0), Edge(RUNNING, 0, 0)),
    turns=True,
    data=True,
    up={RUNNING: Usual(30, 38)},
    down={RUNNING: Usual(33, 42), STOPPED: Usual(45, 57)},
)


def _disks(ask: Ask, devices: list[str]) -> Parameters:
    size = int(ask.parameter("disk", 0))
    ebs = {"VolumeType": "gp3", "DeleteOnTermination": True, "Encrypted": True, "KmsKeyId": OWN_KEY}
    root = ebs | ({"VolumeSize": size} if size else {})
    mappings = [{"DeviceName": name, "Ebs": ebs if n else root} for n, name in enumerate(devices)]
    return {"BlockDeviceMappings": mappings} if mappings else {}


def _launch(ask: Ask) -> Parameters:
    image, *devices = str(ask.parameter("image", "")).split()
    profile = ask.id_of("profile")  # a blueprint of an older version has none
    return {
        "ImageId": image,
        "InstanceType": ask.parameter("type"),
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": ask.id_of("subnet"),
        "SecurityGroupIds": ask.ids_of("groups"),
        "ClientToken": ask.token,
        # all four, so that no default of account or image takes part; a hop limit of 1 cuts containers off
        "MetadataOptions": {
            "HttpTokens": "required",
            "HttpEndpoint": "enabled",
            "HttpPutResponseHopLimit": int(ask.parameter("hops", 2)),
            "InstanceMetadataTags": "disabled",
        },
        "TagSpecifications": ask.tagged("instance", "volume", "network-interface"),
        **_disks(ask, devices),
        **({"IamInstanceProfile": {"Name": profile}} if profile else {}),
        **_of_its_own(ask),
    }


def _of_its_own(ask: Ask) -> Parameters:
    """An address that others know, and what it does at its first boot."""
    address, boot = ask.parameter("address"), ask.parameter("boot")
    data = {"UserData": base64.b64encode(_BOOTS[boot]().encode()).decode()} if boot else {}
    return data | ({"PrivateIpAddress": address} if address else {})


def _itself(ask: Ask) -> Parameters:
    return {"InstanceIds": [ask.id]}


def _forced(ask: Ask) -> Parameters:
    return _itself(ask) | {"Force": True}


def judge(item: Item, _: Ask) -> Seen:
    """Read the cause with the state: a machine that AWS gave up says why only there."""
    state = item["State"]["Name"]
    facts = {"id": item["InstanceId"]}
    if address := item.get("PrivateIpAddress"):
        facts["address"] = address
    tied = (item.get("IamInstanceProfile") or {}).get("Id", "")
    if state == "running":
        facts["boot"] = item["LaunchTime"].isoformat()
    match state:
        case "running":
            return Seen(state=RUNNING, text=state, facts=facts, tied=tied)
        case "stopped":
            return _with_cause(item, Seen(state=STOPPED, text=state, facts=facts, tied=tied))
        case "terminated":
            return _with_cause(item, Seen(state=0, text=state))
    return Seen(text=state, facts=facts)


_ON_PURPOSE = ("Client.UserInitiated", "Client.InstanceInitiatedShutdown", "Server.ScheduledStop")
"""beginnings of causes that say why it was stopped, by somebody, the guest or a plan: no failure of a start to come"""


def _with_cause(item: Item, seen: Seen) -> Seen:
    cause = item.get("StateReason") or {}
    code = cause.get("Code", "")
    if not code or code.startswith(_ON_PURPOSE):
        return seen
    return structs.replace(seen, failed=code, reason=_said(code, cause.get("Message") or code))


_HINTS = {
    "Client.InternalError": "Most often the account may not use the key of the image's disks: look at the grants of that key "
    "in the image account, then retry.",
    "Client.InvalidKMSKey": "A key of its disks is disabled or being deleted: enable that of the image in the image account, or "
    "alias/aws/ebs in the tenant's, then retry.",
    "Client.VolumeLimitExceeded": "The account's storage quota (gp3 volumes, in TiB) is used up: raise it or delete volumes, "
    "then retry.",
}  # fmt: skip
"""what AWS says only after it has accepted a launch, and what a person can do about it"""


def _said(code: str, message: str) -> str:
    hint = next((hint for beginning, hint in _HINTS.items() if code.startswith(beginning)), "")
    return f"{message}. {hint}" if hint else message


def _launched(answer: Item, ask: Ask) -> Seen:
    return judge(answer["Instances"][0], ask)


def _changing(member: str, wanted: int) -> Move:
    """Start, stop and terminate answer with the state the machine is in now."""

    def accepted(answer: Item, ask: Ask) -> Seen:
        state = answer[member][0]["CurrentState"]["Name"]
        # of one that runs a look must show since when: what is on it is judged by its boot
        reached = {"stopped": STOPPED, "terminated": 0}.get(state)
        return Seen(state=reached if reached == wanted else None, text=state, facts={"id": ask.id})

    operation = {RUNNING: "StartInstances", STOPPED: "StopInstances", 0: "TerminateInstances"}[wanted]
    return Move(
        operation=operation,
        parameters=_itself,
        accepted=accepted,
        gone=frozenset({"InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"}),
        busy=frozenset({"IncorrectInstanceState", "IncorrectState"}),
        returns=wanted != 0,
        # on a broken host it stays `stopping` for ever; what the guest had not written to disk by then is lost
        nudge=Nudge(after=600, service="ec2", operation="StopInstances", parameters=_forced)
        if wanted == STOPPED
        else None,
    )


_LAUNCH = Move(
    operation="RunInstances",
    parameters=_launch,
    accepted=_launched,
    resolves="token",
    unseen=(
        Unseen("InvalidParameterValue", "Invalid IAM Instance Profile", "profile"),
        Unseen("InvalidParameterValue", "has no associated IAM Roles", "profile"),
        Unseen("AuthFailure", "Not authorized for images", "share"),
        Unseen("InvalidAMIID.NotFound", "", "share"),
        Unseen("InvalidAMIID.Unavailable", "", "share"),
        Unseen("Client.InternalError", "", "share"),
    ),
)
_START = _changing("StartingInstances", RUNNING)
_STOP = _changing("StoppingInstances", STOPPED)
_TERMINATE = _changing("TerminatingInstances", 0)


def _choose(_: Node, way: Way, at: int, to: int) -> Move | None:
    match way, to:
        case "raise", 2:
            return _START if at else _LAUNCH
        case "lower", 1:
            return _STOP
        case "lower", 0:
            return _TERMINATE
    return None


KIND = Kind(
    spec=SPEC,
    reading=Reading(
        operation="DescribeInstances",
        member="Reservations",
        within="Instances",
        identity="InstanceId",
        id_filter="instance-id",
    ),
    judge=judge,
    least=5.0,
    made_by="client-token",
    tie="profile",
    choose=_choose,
)
