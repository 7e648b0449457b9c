"""Answers held against the recordings themselves: for every structure, the recorded one that is most like it.

Facts speak of one member at a time; this asks whether real AWS ever sent these members together. It needs the recordings.
"""

from collections import defaultdict
from typing import NamedTuple

from tests.referee import recordings
from tests.referee.checks import Difference
from tests.referee.extract import MODERN
from tests.referee.members import ASKED
from tests.referee.paths import Node, nodes
from tests.referee.transcript import Said

KIND = "unlike any recording"
LATEST = "9999"


class Kept(NamedTuple):
    """The members of one recorded structure."""

    when: str
    members: frozenset[str]


class Nearest:
    """All recorded structures, and what was held against them."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], list[Kept]] = defaultdict(list)
        self._first: dict[tuple[str, str], str] = {}
        """structure and member -> when it was first seen anywhere"""
        self.alike: set[tuple[str, str, str, frozenset[str]]] = set()
        self.differences: dict[Difference, str] = {}
        for one in recordings.read():
            if one.answer is None:
                continue
            for node in nodes(one.service, one.operation, one.answer):
                for name in node.value:
                    self._first[node.shape, name] = min(one.when, self._first.get((node.shape, name), LATEST))
                if one.complete and one.when >= MODERN:
                    kept = Kept(one.when, frozenset(node.value))
                    self._kept[one.service, one.operation, node.path].append(kept)

    def hold(self, said: Said) -> None:
        """Find the nearest recorded structure for each one in an answer."""
        if said.answer is None:
            return
        for node in nodes(said.service, said.operation, said.answer):
            if known := self._kept.get((said.service, said.operation, node.path)):
                self._node(said, node, known)

    def _node(self, said: Said, node: Node, known: list[Kept]) -> None:
        apart, when = min(((self._apart(node, one), one.when) for one in known), key=lambda pair: (len(pair[0]), pair))
        if apart:
            self.differences[Difference(said.service, said.operation, node.path, ", ".join(apart), KIND)] = when
        else:
            self.alike.add((said.service, said.operation, node.path, frozenset(node.value)))

    def _apart(self, node: Node, one: Kept) -> list[str]:
        """Members that one of the two lacks, where that says something; those that came later may be added."""
        here = frozenset(node.value)
        added = [name for name in here - one.members if self._first.get((node.shape, name), LATEST) <= one.when]
        return sorted(((one.members - here) | set(added)) - ASKED)
