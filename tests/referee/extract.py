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
from tests.referee.forms import is_placeholder, template
from tests.referee.members import ASKED, FREE
from tests.referee.paths import UNKNOWN, Node, bare, nodes
from tests.referee.recordings import Recording

FACTS = Path(__file__).parent / "facts"
MODERN = "2019"
"""older answers count only where there are no newer ones"""
WORDS = 6
"""a member with more forms than this is free text"""


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
    """when each complete one was recorded, the newest last"""
    members: dict[str, Member] = field(default_factory=lambda: defaultdict(Member))
    shape: str = ""

    def add(self, node: Node, recording: Recording, *, whole: bool) -> None:
        """Take one structure in; what is missing proves something only in a whole one."""
        if whole:
            self.complete = sorted([*self.complete, recording.when])
        self.shape = node.shape
        for name, value in node.value.items():
            member = self.members[name]
            member.kind = node.kinds.get(name, "")
            member.first = min(member.first, recording.when)
            member.present += whole
            member.wide = member.wide or name in node.wide
            if is_placeholder(value):
                member.forms["?"] += 1
            else:
                member.forms[node.form(name)] += 1


Seen = list[tuple[Node, Recording]]


def observe(kept: Iterable[Recording]) -> dict[str, Seen]:
    """Every structure of one operation's answers, by its path."""
    every: dict[str, Seen] = defaultdict(list)
    for one in kept:
        for node in nodes(one.service, one.operation, one.answer or {}):
            if UNKNOWN not in node.path:
                every[node.path].append((node, one))
    return dict(sorted(every.items()))


def _place(seen: Seen) -> Place:
    """Newer answers where there are any; a structure with few of the usual members was cut by the one who kept it."""
    modern = [pair for pair in seen if pair[1].when >= MODERN]
    used = modern if any(one.complete for _, one in modern) else seen
    most = max(len(node.value) for node, _ in used)
    place = Place()
    for node, one in used:
        place.add(node, one, whole=one.complete and len(node.value) * 2 >= most)
    return place


# ---- facts
def facts_of(place: Place, elsewhere: Mapping[str, str], everywhere: Mapping[str, str]) -> dict[str, Any]:
    """One place. `elsewhere` are the members that the same thing has in other states, `everywhere` those of its structure
    in any answer of the service, both with the day since when.

    A member that came after the newest answer in this state may be here as well by now: it is too new to tell.
    """
    groups: dict[str, dict[str, Any]] = {"always": {}, "newer": {}, "may": {}, "asked": {}}
    for name in sorted(place.members):
        groups[_presence(name, place)][name] = _form(name, place.members[name])
    newest = place.complete[-1] if place.complete else "9999"
    missing = [name for name in sorted(everywhere) if name not in place.members and name not in ASKED]
    lists = {
        "absent": [name for name in missing if name in elsewhere and elsewhere[name] <= newest and place.complete],
        "too_new": [name for name in missing if everywhere[name] > newest and elsewhere.get(name, "9999") > newest],
    }
    found: dict[str, Any] = {"seen": len(place.complete)}
    return found | {name: group for name, group in (groups | lists).items() if group}


def _presence(name: str, place: Place) -> str:
    member = place.members[name]
    if name in ASKED:
        return "asked"
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
    if not seen and member.kind == "timestamp":
        return "time/time.fraction"
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


def since(places: Iterable[Place], known: dict[str, str]) -> dict[str, str]:
    """Member -> when it was first seen in any of these places."""
    for place in places:
        known |= {name: min(one.first, known.get(name, one.first)) for name, one in place.members.items()}
    return known


def service_facts(operations: Mapping[str, dict[str, Seen]]) -> dict[str, Any]:
    """All places of all operations, and every structure without regard to place or state."""
    places = {name: {path: _place(seen) for path, seen in every.items()} for name, every in operations.items()}
    shapes: dict[str, dict[str, str]] = defaultdict(dict)
    pooled: dict[str, Seen] = defaultdict(list)
    for name, every in operations.items():
        for path, seen in every.items():
            since([places[name][path]], shapes[places[name][path].shape])
            pooled[places[name][path].shape].extend(seen)
    structures = {shape: _place(pooled[shape]) for shape in sorted(pooled) if shape}
    return {
        "operations": {name: _operation(every, shapes) for name, every in places.items() if every},
        "structures": {shape: facts_of(place, {}, {}) for shape, place in structures.items()},
    }


def _operation(places: dict[str, Place], shapes: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    things: dict[str, dict[str, str]] = defaultdict(dict)
    for path, place in places.items():
        since([place], things[bare(path)])
    return {path: facts_of(place, things[bare(path)], shapes[place.shape]) for path, place in places.items()}


def error_facts(kept: Iterable[Recording]) -> dict[str, Any]:
    """Code -> statuses, and wordings per operation."""
    found: dict[str, dict[str, Any]] = {}
    for one in kept:
        if one.code:
            error = found.setdefault(one.code, {"status": set(), "words": defaultdict(set)})
            error["status"] |= {one.status} - {None, 200}
            if one.words is not None and not is_placeholder(one.words):
                error["words"][one.operation].add(template(one.words))
    return {
        code: {
            "status": sorted(error["status"]),
            "words": {name: sorted(w) for name, w in sorted(error["words"].items())},
        }
        for code, error in sorted(found.items())
    }


def extract() -> dict[str, str]:
    """Service -> the text of its file of facts."""
    by_service: dict[str, list[Recording]] = {name: [] for name in sorted(SERVICES)}
    for one in recordings.read():
        if one.service in by_service:
            by_service[one.service].append(one)
    return {service: _text(service, kept) for service, kept in by_service.items()}


def _text(service: str, kept: list[Recording]) -> str:
    by_operation: dict[str, list[Recording]] = defaultdict(list)
    for one in kept:
        if one.operation in SERVICES[service].operations:
            by_operation[one.operation].append(one)
    answered = {
        name: observe(one for one in by_operation[name] if one.answer is not None) for name in sorted(by_operation)
    }
    facts = {"service": service, "errors": error_facts(kept)} | service_facts(answered)
    return _dump(facts) + "\n"


def _dump(value: Any, depth: int = 0) -> str:
    """JSON with a line for every place and every error, so that a diff shows what changed."""
    if depth > 2 or not isinstance(value, dict) or not value:
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
