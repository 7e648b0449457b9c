"""Make `facts/<service>.json` from the recordings: `python -m tests.referee.extract`.

Facts say, per operation and per state of a thing, which members were always there, which came with newer answers, which may
be there, which never were, and what their values look like; and per error code its HTTP status and wording without ids. They
are our own words: no recorded value that tells one call from another is kept. The same recordings give the same bytes.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandboxd.simulator.services import SERVICES
from tests.referee import recordings
from tests.referee.forms import form, is_placeholder, template
from tests.referee.paths import Node, nodes
from tests.referee.recordings import Recording

FACTS = Path(__file__).parent / "facts"
LATER = ("elbv2", "wafv2")
"""services that the simulator does not answer yet, extracted whole for those who will build them"""
MODERN = "2019"
"""older answers count only where there are no newer ones"""
WORDS = 6
"""a member with more forms than this is free text"""
FREE = frozenset({
    "Key", "Value", "GroupName", "Description", "Name", "KeyName", "ClientToken", "ImageLocation", "AccountName", "UserId",
    "PublicDnsName", "Progress", "QuotaName", "ServiceName", "ComputerName", "AgentVersion", "PlatformName", "PlatformVersion",
    "Device", "DeviceName", "RootDeviceName", "AlgorithmDescription", "StatusMessage", "SecretAccessKey", "SessionToken",
    "SerialNumber", "AvailabilityZone", "RegionName", "Endpoint", "Email", "NextToken", "KmsKeyId", "AssumedRoleId",
})  # fmt: skip
"""members that hold what a person or a secret generator wrote, or a name of a region"""
ASKED = frozenset({
    "Tags", "TagSet", "KeyName", "IamInstanceProfile", "NextToken", "Description", "ClientToken", "CapacityReservationId",
    "InstanceLifecycle", "SpotInstanceRequestId", "Platform", "RequesterId", "KmsKeyId", "ImageOwnerAlias", "PublicIpAddress",
    "Association", "SourceIdentity", "PackedPolicySize", "ProductCodes", "DeprecationTime", "RestoreExpiryTime", "OutpostArn",
    "KernelId", "RamdiskId",
})  # fmt: skip
"""members that follow from what was asked for, not from the state: their presence proves nothing"""


@dataclass
class Member:
    """What was seen of one member."""

    kind: str = ""
    present: int = 0
    """in complete answers"""
    first: str = "9999"
    forms: Counter[str] = field(default_factory=Counter)
    wide: bool = False


@dataclass
class Place:
    """What was seen of one structure in one state."""

    complete: list[str] = field(default_factory=list)
    """when each complete one was recorded"""
    members: dict[str, Member] = field(default_factory=lambda: defaultdict(Member))

    def add(self, node: Node, recording: Recording) -> None:
        """Take one structure in."""
        if recording.complete:
            self.complete.append(recording.when)
        for name, value in node.value.items():
            member = self.members[name]
            member.kind = node.kinds.get(name, "")
            member.first = min(member.first, recording.when)
            member.present += recording.complete
            member.wide = member.wide or name in node.wide
            if is_placeholder(value):
                member.forms["?"] += 1
            else:
                member.forms[form(value, member.kind)] += 1


def observe(kept: Iterable[Recording]) -> dict[str, Place]:
    """The places of one operation's answers."""
    every: dict[str, list[tuple[Node, Recording]]] = defaultdict(list)
    for one in kept:
        for node in nodes(one.service, one.operation, one.answer or {}):
            every[node.path].append((node, one))
    places = {}
    for path in sorted(every):
        modern = [pair for pair in every[path] if pair[1].when >= MODERN and pair[1].complete]
        snapshots = [pair for pair in every[path] if pair[1].when >= MODERN and not pair[1].complete]
        place = places[path] = Place()
        for node, one in (modern + snapshots) if modern else every[path]:
            place.add(node, one)
    return places


# ---- facts
def facts_of(place: Place, elsewhere: frozenset[str]) -> dict[str, Any]:
    """One place; `elsewhere` are the members that the same thing has in other states."""
    groups: dict[str, dict[str, Any]] = {"always": {}, "newer": {}, "may": {}}
    for name in sorted(place.members):
        groups[_presence(name, place)][name] = _form(name, place.members[name])
    absent = sorted(elsewhere - set(place.members) - ASKED) if place.complete else []
    found: dict[str, Any] = {"seen": len(place.complete)} | {name: group for name, group in groups.items() if group}
    return found | ({"absent": absent} if absent else {})


def _presence(name: str, place: Place) -> str:
    member = place.members[name]
    if name in ASKED:
        return "may"
    if place.complete and member.present == len(place.complete):
        return "always"
    since = sum(when >= member.first for when in place.complete)
    return "newer" if member.present >= since and member.first >= MODERN else "may"


def _form(name: str, member: Member) -> str | list[str]:
    """One word for most members, a list where only certain values were ever seen."""
    seen = sorted(set(member.forms) - {"?"})
    lists = {"list", "empty list"} & set(seen)
    if lists:
        return "list" if len(lists) > 1 else "empty list" if "empty list" in lists else "filled list"
    if not seen or name in FREE or member.wide or (len(seen) > WORDS and seen[0].startswith("=")):
        return "number" if seen == ["number"] else "text"
    values = [one[1:] for one in seen if one.startswith("=")]
    if not values:
        return "/".join(seen)
    if set(values) <= {"true", "false"} and member.kind in ("boolean", ""):
        return "boolean" if len(values) > 1 or sum(member.forms.values()) < CONSTANT else f"only {values[0]}"
    return values


CONSTANT = 3
"""how often a switch must have been seen before its only value is a fact"""


def bare(path: str) -> str:
    """A path without the states in it."""
    out, depth = [], 0
    for letter in path:
        depth -= letter in "]}"
        if not depth:
            out.append(letter)
        depth += letter in "[{"
    return "".join(out)


def operation_facts(kept: list[Recording]) -> dict[str, Any]:
    """All places of one operation."""
    places = observe(one for one in kept if one.answer is not None)
    siblings: dict[str, set[str]] = defaultdict(set)
    for path, place in places.items():
        siblings[bare(path)] |= set(place.members)
    return {path: facts_of(place, frozenset(siblings[bare(path)])) for path, place in places.items()}


def error_facts(kept: Iterable[Recording]) -> dict[str, Any]:
    """Code -> statuses, and wordings per operation."""
    found: dict[str, dict[str, Any]] = {}
    for one in kept:
        if one.code and not is_placeholder(one.words):
            error = found.setdefault(one.code, {"status": set(), "words": defaultdict(set)})
            error["status"] |= {one.status} - {None, 200}
            error["words"][one.operation].add(template(one.words))
    return {
        code: {"status": sorted(error["status"]), "words": {name: sorted(w) for name, w in sorted(error["words"].items())}}
        for code, error in sorted(found.items())
    }


def wanted(service: str) -> frozenset[str] | None:
    """The operations whose answers become facts; None for all."""
    return None if service in LATER else frozenset(SERVICES[service].operations)


def extract() -> dict[str, str]:
    """Service -> the text of its file of facts."""
    by_service: dict[str, list[Recording]] = {name: [] for name in sorted((*SERVICES, *LATER))}
    for one in recordings.read():
        if one.service in by_service:
            by_service[one.service].append(one)
    return {service: _text(service, kept) for service, kept in by_service.items()}


def _text(service: str, kept: list[Recording]) -> str:
    by_operation: dict[str, list[Recording]] = defaultdict(list)
    names = wanted(service)
    for one in kept:
        if names is None or one.operation in names:
            by_operation[one.operation].append(one)
    operations = {name: operation_facts(by_operation[name]) for name in sorted(by_operation)}
    known: Mapping[str, Any] = {name: places for name, places in operations.items() if places}
    facts = {"service": service, "errors": error_facts(kept), "operations": known}
    return _dump(facts) + "\n"


def _dump(value: Any, depth: int = 0) -> str:
    """JSON with a line for every place and every error, so that a diff shows what changed."""
    if depth > 2 or not isinstance(value, dict) or not value:  # noqa: PLR2004 - operations, operation, place
        return json.dumps(value, ensure_ascii=False)
    space = " " * (depth + 1)
    inner = f",\n{space}".join(f"{json.dumps(key)}: {_dump(one, depth + 1)}" for key, one in value.items())
    return f"{{\n{space}{inner}\n{' ' * depth}}}"


def main() -> int:
    """Write the facts."""
    if not recordings.at_hand():
        print(f"no recordings in {recordings.folder()}; say where with SANDBOXD_RECORDINGS", file=sys.stderr)
        return 1
    FACTS.mkdir(exist_ok=True)
    for service, text in extract().items():
        (FACTS / f"{service}.json").write_text(text)
        print(f"{service}: {len(text)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
