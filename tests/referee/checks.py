"""Answers held against the facts: every check made is counted, every difference named by place, member and kind.

A difference is an observation, no verdict: which of them are allowed, and why, stands in `differences.py`.
"""

from collections import Counter
from typing import NamedTuple

from tests.referee import facts
from tests.referee.facts import ErrorFacts, Form, PlaceFacts
from tests.referee.forms import template
from tests.referee.members import ASKED
from tests.referee.paths import Node, nodes
from tests.referee.transcript import Said


class Difference(NamedTuple):
    """One way in which an answer differs from what real AWS answered."""

    service: str
    operation: str
    place: str
    member: str
    kind: str
    """missing, absent at AWS, never recorded, form, state never recorded; of errors: code never recorded, words, status"""


class Checks:
    """Counts and differences of a transcript."""

    def __init__(self) -> None:
        self.made: Counter[tuple[str, ...]] = Counter()
        """what was checked -> how often"""
        self.differences: dict[Difference, str] = {}
        """difference -> an example"""
        self.without_facts: set[tuple[str, str]] = set()
        """operations of which no answer was recorded"""

    def hold(self, said: Said) -> None:
        """Hold one answer or error against the facts."""
        if said.answer is None:
            self._error(said)
            return
        places = facts.places(said.service, said.operation)
        if not places:
            if said.answer:
                self.without_facts.add((said.service, said.operation))
            return
        strange: list[str] = []
        for node in nodes(said.service, said.operation, said.answer):
            if any(node.path.startswith(one) for one in strange):
                continue
            known = places.get(node.path) or (None if node.has_state else facts.structure(said.service, node.shape))
            if known is None:
                strange.append(node.path)
                self._differs(said, node.path, "", "state never recorded", str(node.value))
                continue
            self._node(said, node, known)

    def _node(self, said: Said, node: Node, known: PlaceFacts) -> None:
        for name in known.expected:
            self._check(said, node, name, "missing", name in node.value, "")
        for name in sorted(known.absent):
            self._check(said, node, name, "absent at AWS", name not in node.value, str(node.value.get(name)))
        for name in node.value:
            if name not in known.absent and name not in known.too_new:
                self._value(said, node, name, known)

    def _value(self, said: Said, node: Node, name: str, known: PlaceFacts) -> None:
        expected, found = known.form(name) or known.elsewhere.get(name), node.form(name)
        if name in known.asked and isinstance(expected, str) and "list" in expected:
            expected = "list" if "list" in (found, known.elsewhere.get(name)) else expected
        if known.seen and name not in ASKED:
            self._check(said, node, name, "never recorded", expected is not None, repr(node.value[name]))
        if expected is not None:
            self._check(said, node, name, "form", fits(found, expected), f"{found} where {expected} is known")

    def _check(self, said: Said, node: Node, name: str, kind: str, passed: bool, example: str) -> None:
        self.made[said.service, said.operation, node.path, name, kind] += 1
        if not passed:
            self._differs(said, node.path, name, kind, example)

    def _differs(self, said: Said, place: str, member: str, kind: str, example: str) -> None:
        self.differences.setdefault(Difference(said.service, said.operation, place, member, kind), example)

    # ---- errors
    def _error(self, said: Said) -> None:
        known = facts.errors(said.service).get(said.code)
        self.made[said.service, said.operation, said.code, "", "code"] += 1
        if known is None:
            self._differs(said, said.code, "", "code never recorded", said.words)
            return
        if known.words:
            self.made[said.service, said.operation, said.code, "", "words"] += 1
        if known.words and not _is_worded(said, known):
            self._differs(said, said.code, "", "words", f"{said.words!r} where {known.words} is known")
        if known.status:
            self.made[said.service, said.operation, said.code, "", "status"] += 1
            if said.status not in known.status:
                self._differs(said, said.code, "", "status", f"{said.status} where {known.status} is known")


def _is_worded(said: Said, known: ErrorFacts) -> bool:
    """As the same operation says it; as any operation does where this one is not recorded with the code."""
    words = known.words.get(said.operation) or [one for every in known.words.values() for one in every]
    found = template(said.words)
    return any(found == one or (one.endswith("…") and found.startswith(one[:-1])) for one in words)


def fits(found: str, expected: Form) -> bool:
    """Whether a value's form is one that is known."""
    if isinstance(expected, list):
        return found.startswith("=") and found[1:] in expected
    if expected == "text":
        return found.startswith("=")
    if expected == "number":
        return found == "number" or found[1:].isdigit()
    return found in _MEANT.get(expected, expected.split("/"))


_MEANT = {
    "list": ["list", "empty list"],
    "filled list": ["list"],
    "boolean": ["=true", "=false"],
    "only true": ["=true"],
    "only false": ["=false"],
}
"""word of the facts -> forms that it stands for; other words stand for themselves"""
