"""Seeded calls about parameters and commands, and what sandboxd would read of their answers; the same for two AWSs."""

import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.referee.transcript import Door, Refused

Read = Callable[[Any], Any]


class Call(NamedTuple):
    """One call, and the readings of its answer."""

    operation: str
    parameters: dict[str, Any]
    readings: dict[str, Read]


def parameters(rng: random.Random) -> Iterator[Call]:
    """Made, read, overwritten, tagged and removed, in an order by chance; some of it before there is anything."""
    names = [f"/referee/{rng.randrange(1000)}/{n}" for n in range(3)]
    for name in names:
        yield from _made(rng, name)
    calls = [one for name in names for one in _about(rng, name)]
    yield from rng.sample(calls, len(calls))
    yield _asked("GetParameters", {"Names": sorted(names)}, names=lambda a: sorted(p["Name"] for p in a["Parameters"]),
                 invalid=lambda a: sorted(a["InvalidParameters"]))  # fmt: skip
    yield _asked("DeleteParameters", {"Names": names}, deleted=lambda a: sorted(a["DeletedParameters"]),
                 invalid=lambda a: sorted(a["InvalidParameters"]))  # fmt: skip


def _made(rng: random.Random, name: str) -> Iterator[Call]:
    kind = rng.choice(["String", "SecureString"])
    tags = [{"Key": "sandboxd:key", "Value": name}]
    asked = {"Name": name, "Value": "hush", "Type": kind, "Tags": tags}
    yield _asked("PutParameter", asked, version=lambda a: a["Version"], tier=lambda a: a.get("Tier"))


def _about(rng: random.Random, name: str) -> Iterator[Call]:
    tagged = {"ResourceType": "Parameter", "ResourceId": name}
    one = {"Key": "Name", "Option": "Equals", "Values": [name]}
    members = ("Name", "Type", "Version", "DataType")
    yield _asked(
        "GetParameter",
        {"Name": name, "WithDecryption": True},
        about=lambda a: [a["Parameter"][m] for m in (*members, "Value", "ARN")],
    )
    yield _asked(
        "GetParameter",
        {"Name": name},
        told=lambda a: a["Parameter"]["Value"] == "hush" and a["Parameter"]["Type"] != "String",
    )
    yield _asked("DescribeParameters", {"ParameterFilters": [one]}, about=lambda a: [[p[m] for m in members] for p in a["Parameters"]],
                 value=lambda a: "hush" in str(a))  # fmt: skip
    yield _asked("ListTagsForResource", tagged, tags=lambda a: a["TagList"])
    yield _asked("PutParameter", {"Name": name, "Value": "x", "Type": "String"}, version=lambda a: a["Version"])
    yield _asked("PutParameter", {"Name": name, "Value": "hush", "Overwrite": True}, version=lambda a: a["Version"])
    yield _asked(
        "GetParametersByPath",
        {"Path": name.rpartition("/")[0]},
        names=lambda a: sorted(p["Name"] for p in a["Parameters"]),
    )
    if rng.random() < 0.5:
        yield _asked("DeleteParameter", {"Name": name})


def commands(machine: str) -> Iterator[Call]:
    """One sent and listed; what is read of it once it is over."""
    said = {
        "DocumentName": "AWS-RunShellScript",
        "Parameters": {"commands": ["true"]},
        "InstanceIds": [machine],
        "Comment": "mark",
    }
    yield _asked("SendCommand", said, about=lambda a: [a["Command"][m] for m in ("DocumentName", "InstanceIds", "Comment", "MaxErrors")],
                 parameters=lambda a: a["Command"]["Parameters"])  # fmt: skip
    yield _asked("ListCommands", {"InstanceId": machine}, comments=lambda a: [c["Comment"] for c in a["Commands"]],
                 status=lambda a: [c["Status"] for c in a["Commands"]])  # fmt: skip
    yield _asked("ListCommands", {"CommandId": "0" * 36}, found=lambda a: a["Commands"])
    yield _asked("GetCommandInvocation", {"CommandId": "0" * 36, "InstanceId": machine})
    yield _asked("SendCommand", said | {"DocumentName": "Nothing"})


def _asked(operation: str, parameters: dict[str, Any], /, **readings: Read) -> Call:
    return Call(operation, parameters, readings)


def results(door: Door, account: str, calls: Iterator[Call]) -> list[dict[tuple[str, str], str]]:
    """Of each call: (operation, reading) -> what was read, or the code of its refusal."""
    found = []
    for call in calls:
        try:
            answer = door.call(account, "ssm", call.operation, call.parameters)
        except Refused as refused:
            found.append({(call.operation, "refused"): refused.code})
        else:
            found.append({(call.operation, name): str(read(answer)) for name, read in call.readings.items()})
        door.later(20)
    return found
