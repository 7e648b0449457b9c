"""What a content should be: the machines that bear it, its parts, and the version that holds them."""

import json
from collections.abc import Mapping, Sequence

from sandboxd.aws.kind import Content, Made, Parameters
from sandboxd.engine.contents.board import Bearer, Board, Change, Outcome, end
from sandboxd.engine.context import Attempt
from sandboxd.model.keys import Key, parts
from sandboxd.model.resource import Row

PART = "part"
"""the fact that holds a part as it was written, JSON"""


class Versions:
    """Reads the rows, and makes versions of what they say."""

    def __init__(self, a: Attempt, content: Content, board: Board) -> None:
        self._a, self._content, self._board = a, content, board

    def machines(self) -> list[Bearer]:
        """The machines whose agents are there."""
        node, rows = self._a.node, self._a.rows
        asked = {need.key: need.state for need in node.requires.get(1, ())}
        bearers = [row for key in node.links.get(self._content.bearers, ()) if (row := rows.get(key)) is not None]
        there = [row for row in bearers if row.lo >= asked.get(row.node.key, 1) and not _leaves(row)]
        return [Bearer(row.facts["id"], row.generation) for row in there if "id" in row.facts]

    def wanted(self, batch: Sequence[Change]) -> dict[Key, Parameters]:
        """Every part that should be there: what is, without what goes, with what comes."""
        kind, region = self._a.node.kind, parts(self._a.node.key).region
        there = {
            key: json.loads(row.facts[PART])
            for key, row in self._a.rows.items()
            if row.node.kind == kind
            and parts(key).region == region
            and row.lo
            and PART in row.facts
            and not _leaves(row)
        } | self._written()
        for change in batch:
            there.pop(change.key, None)
            if change.part is not None:
                there[change.key] = change.part
        return there

    def _written(self) -> dict[Key, Parameters]:
        """What has come a moment ago and does not stand in the rows yet: the news of it is on its way."""
        board, rows = self._board, self._a.rows
        news = {key: run for key, (run, _) in board.written.items() if key in rows and _flies(rows[key], run)}
        board.written = {key: board.written[key] for key in news}
        return {key: part for key, (_, part) in board.written.items()}

    def made(self, batch: Sequence[Change], machines: Sequence[Bearer]) -> Made | None:
        """The next version; None where some of the batch cannot be in it, or all have proved that they run it."""
        wanted = self.wanted(batch)
        wrong = self._wrong(wanted)
        if bad := [change for change in batch if change.part is not None and wrong.get(change.key)]:
            for change in bad:
                change.outcome = Outcome("ingress_invalid", wrong[change.key], lasting=True)
            return None
        good = [part for key, part in wanted.items() if not wrong[key]]
        newest, files = self.newest(machines), [self.files(machine) for machine, _ in machines]
        made = self.version(newest + 1, good)
        if any(sequence(one) == newest and digest(one) == digest(made.version) for one in files):
            made = self.version(newest, good)  # some have it already: the others get the very same
        if all(self._board.proved.get(bearer) == made.version for bearer in machines):
            end(batch, Outcome())
            return None
        return made

    def _wrong(self, wanted: Mapping[Key, Parameters]) -> dict[Key, str]:
        """Why some of them cannot be beside the others; empty: it can."""
        return dict(zip(wanted, self._content.sift(list(wanted.values())), strict=True))

    def good(self, batch: Sequence[Change]) -> list[Parameters]:
        """The parts that can be beside each other."""
        wanted = self.wanted(batch)
        wrong = self._wrong(wanted)
        return [part for key, part in wanted.items() if not wrong[key]]

    def version(self, sequence: int, good: Sequence[Parameters]) -> Made:
        """These parts, under this number."""
        return self._content.make(good, sequence)

    def newest(self, machines: Sequence[Bearer]) -> int:
        """The greatest sequence number that any of them has, or has proved: whatever somebody wrote there by hand."""
        proved = [self._board.proved.get(bearer, "") for bearer in machines]
        return max(map(sequence, [*(self.files(machine) for machine, _ in machines), *proved]))

    def files(self, machine: str) -> str:
        """Version of the files on a machine, as far as is known."""
        return self._board.files.get(machine, self._content.first)


def sequence(version: str) -> int:
    """Zero of what somebody else wrote."""
    number = version.partition("-")[0]
    return int(number) if number.isdecimal() else 0


def digest(version: str) -> str:
    """What of a version says which parts are in it."""
    return version.partition("-")[2]


def _flies(row: Row, run: int) -> bool:
    """Whether this very attempt is not over, as far as the account knows."""
    return row.flight is not None and row.run == run


def _leaves(row: Row) -> bool:
    return row.flight is not None and row.flight.way == "lower"
