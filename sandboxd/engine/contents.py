"""Contents: what several resources are parts of, written as a whole by one writer at a time onto every machine that bears it.

Whoever comes while one is being written joins the next one, so twenty sandboxes cost two or three writings. A writing says
which version it replaces, and changes nothing where another one is there: one that lands late, or a second time, does no harm,
so nothing of it need be durable beyond the parts themselves. A part is there when every live machine says that it runs a
version with it. A bad part fails by itself.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import trio
from msgspec import Struct, structs

from sandboxd.aws.kind import Content, Made, Parameters, Running, Said
from sandboxd.engine.context import Attempt
from sandboxd.engine.meaning import hinted
from sandboxd.engine.pace import back_off
from sandboxd.engine.ports import Post
from sandboxd.engine.scripts import run_script
from sandboxd.lifecycle.messages import Ended, Strayed
from sandboxd.model.errors import Refusal
from sandboxd.model.keys import Key, parts
from sandboxd.model.ports import AwsError
from sandboxd.model.resource import Row

PART = "part"
"""the fact that holds a part as it was written, JSON"""
LONGEST_RUN = 120
"""seconds for which a machine may be at it"""
LONGEST_LOOK = 30
AGAIN, TRIES = 15.0, 5
"""seconds between two looks at what somebody may have changed; how often it is written anew before the next look"""


class _Outcome(Struct, frozen=True):
    """What became of one change."""

    code: str = ""
    """empty: done"""
    words: str = ""
    lasting: bool = False


class _Change:
    """A part that comes, or goes."""

    def __init__(self, key: Key, part: Parameters | None, say: Callable[[str], None]) -> None:
        self.key, self.part, self.say = key, part, say
        self.outcome: _Outcome | None = None


class _Bearer(NamedTuple):
    """A machine in one life of its agent: after a boot it must prove anew what it runs."""

    machine: str
    life: int


class _Board:
    """One content: who wants it changed, and what its machines run as far as we know."""

    def __init__(self) -> None:
        self.changes: dict[_Change, None] = {}
        self.writing = trio.Lock()
        self.files: dict[str, str] = {}
        """machine -> version of the files on it: what a delivery must name"""
        self.proved: dict[_Bearer, str] = {}
        """version that a machine has said it runs, in this life of its agent"""
        self.writings = 0
        """how often something was delivered"""
        self.singly = False
        """after a version was rejected, without words about whose fault it is: one change at a time"""

    def batch(self) -> list[_Change]:
        """The changes that the next version is about."""
        open_ = [change for change in self.changes if change.outcome is None]
        return open_[:1] if self.singly else open_


class Contents:
    """Shared by all steps of the daemon."""

    def __init__(self) -> None:
        self._boards: dict[tuple[str, str, str], _Board] = {}

    async def enter(self, a: Attempt, content: Content) -> Ended:
        """Carry out one step of a part: it comes, goes, or comes onto machines that are new."""
        lowering = a.start.step.way == "lower"
        part = None if lowering or a.row.intent is None else dict(a.row.intent.parameters)
        name = (a.who.account, a.scope.region, a.kind.spec.name)
        board = self._boards.setdefault(name, _Board())
        change = _Change(a.node.key, part, a.say)
        board.changes[change] = None
        try:
            async with board.writing:
                await _Writer(a, content, board).settle(change)
        finally:
            del board.changes[change]
            if not board.changes:
                board.singly = False
        outcome = change.outcome or _Outcome("internal_error", "it was not written")
        if outcome.code:
            return a.ended("nothing", outcome.code, outcome.words, lasting=outcome.lasting)
        if part is not None:
            a.learn({"id": a.node.key, PART: json.dumps(part, sort_keys=True)})
        return a.done()

    async def look_after(self, a: Attempt, content: Content, post: Post) -> None:
        """Where nothing is being written: ask each machine what it runs, and write anew what was changed, twice seen."""
        board = self._boards.setdefault((a.who.account, a.scope.region, a.kind.spec.name), _Board())
        writer, before = _Writer(a, content, board), board.writings
        if board.changes or not await writer.strayed():
            return
        await a.ports.clock.sleep(AGAIN)
        strayed = await writer.strayed()
        if board.changes or board.writings != before:  # whoever writes meanwhile finds it himself
            return
        for bearer, said in strayed.items():
            post(Strayed(_changed_words(bearer.machine, said)))
            board.files[bearer.machine] = said.files
            board.proved.pop(bearer, None)
        if strayed:
            async with board.writing:
                await writer.write_anew()


class _Writer:
    """One turn at the board."""

    def __init__(self, a: Attempt, content: Content, board: _Board) -> None:
        self._a, self._content, self._board = a, content, board

    async def settle(self, change: _Change) -> None:
        """Write until this change has an outcome."""
        tries = 0
        while change.outcome is None:
            if await self._write(self._board.batch()):
                tries = 0
                continue
            tries += 1
            await self._a.ports.clock.sleep(back_off(tries, self._a.node.key, longest=15.0))

    async def _write(self, batch: Sequence[_Change]) -> bool:
        """Write one version; return whether to go on at once."""
        machines = self._machines()
        if not machines:
            _end([one for one in batch if one.part is None], _Outcome())
            words = "no ingress machine can be reached"
            _end(batch, _Outcome("no_bearer", words))
            return True
        try:
            made = self._made(batch, machines)
        except Refusal as error:
            _end(batch, _Outcome(error.code, f"{error.detail} {error.hint}".strip(), lasting=True))
            return True
        if made is None:
            return True
        said = await self._deliver(made, machines)
        if all(one.outcome == "runs" for one in said.values()):
            _end(batch, _Outcome())
            return True
        return self._judge(batch, said)

    # ---- what somebody else has changed
    async def strayed(self) -> dict[_Bearer, Running]:
        """The machines that do not run what was written; who does not answer has proved nothing."""
        wanted = _digest(self._version(1, self._good(())).version)
        said: dict[_Bearer, Running | None] = {}

        async def one(bearer: _Bearer) -> None:
            said[bearer] = await self._asked(bearer.machine)

        async with trio.open_nursery() as nursery:
            for bearer in (machines := self._machines()):
                nursery.start_soon(one, bearer)
        answers = ((bearer, said[bearer]) for bearer in machines)
        return {one: answer for one, answer in answers if answer is not None and not _is_as_written(answer, wanted)}

    async def _asked(self, machine: str) -> Running | None:
        a = self._a
        try:
            printed = await run_script(
                a.ports.call, a.ports.clock, a.scope, machine, self._content.asks, comment=f"sandboxd {a.node.kind} look",
                most=LONGEST_LOOK, timeout=a.ports.settings.call_timeout,
            )  # fmt: skip
        except AwsError:
            return None
        return self._content.hears(printed.text)

    async def write_anew(self) -> None:
        """A version that was never there, onto all machines; what cannot be written now is seen again by the next look."""
        for tries in range(1, TRIES + 1):
            if not (machines := self._machines()):
                return
            made = self._version(self._newest(machines) + 1, self._good(()))
            said = await self._deliver(made, machines)
            if not any(one.outcome in ("again", "other") for one in said.values()):
                return
            await self._a.ports.clock.sleep(back_off(tries, self._a.node.key, longest=15.0))

    # ---- what it should be
    def _machines(self) -> list[_Bearer]:
        """The machines whose agents are there."""
        node, rows = self._a.node, self._a.rows
        asked = {need.key: need.state for need in node.requires.get(1, ())}
        bearers = [row for key in node.links.get(self._content.bearers, ()) if (row := rows.get(key)) is not None]
        there = [row for row in bearers if row.lo >= asked.get(row.node.key, 1) and not _leaves(row)]
        return [_Bearer(row.facts["id"], row.generation) for row in there if "id" in row.facts]

    def _wanted(self, batch: Sequence[_Change]) -> dict[Key, Parameters]:
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
        }
        for change in batch:
            there.pop(change.key, None)
            if change.part is not None:
                there[change.key] = change.part
        return there

    def _made(self, batch: Sequence[_Change], machines: Sequence[_Bearer]) -> Made | None:
        """The next version; None where some of the batch cannot be in it, or all have proved that they run it."""
        wanted = self._wanted(batch)
        wrong = self._wrong(wanted)
        if bad := [change for change in batch if change.part is not None and wrong.get(change.key)]:
            for change in bad:
                change.outcome = _Outcome("ingress_invalid", wrong[change.key], lasting=True)
            return None
        good = [part for key, part in wanted.items() if not wrong[key]]
        newest, files = self._newest(machines), [self._files(machine) for machine, _ in machines]
        made = self._version(newest + 1, good)
        if any(_sequence(one) == newest and _digest(one) == _digest(made.version) for one in files):
            made = self._version(newest, good)  # some have it already: the others get the very same
        if all(self._board.proved.get(bearer) == made.version for bearer in machines):
            _end(batch, _Outcome())
            return None
        return made

    def _wrong(self, wanted: Mapping[Key, Parameters]) -> dict[Key, str]:
        """Why some of them cannot be beside the others; empty: it can."""
        return dict(zip(wanted, self._content.sift(list(wanted.values())), strict=True))

    def _good(self, batch: Sequence[_Change]) -> list[Parameters]:
        wanted = self._wanted(batch)
        wrong = self._wrong(wanted)
        return [part for key, part in wanted.items() if not wrong[key]]

    def _version(self, sequence: int, good: Sequence[Parameters]) -> Made:
        return self._content.make(good, sequence)

    def _newest(self, machines: Sequence[_Bearer]) -> int:
        """The greatest sequence number that any of them has, or has proved: whatever somebody wrote there by hand."""
        proved = [self._board.proved.get(bearer, "") for bearer in machines]
        return max(map(_sequence, [*(self._files(machine) for machine, _ in machines), *proved]))

    # ---- onto the machines
    def _files(self, machine: str) -> str:
        return self._board.files.get(machine, self._content.first)

    async def _deliver(self, made: Made, machines: Sequence[_Bearer]) -> dict[str, Said]:
        said: dict[str, Said] = {}
        self._board.writings += 1

        async def one(machine: str) -> None:
            said[machine] = await self._onto(machine, made)

        async with trio.open_nursery() as nursery:
            for machine, _ in machines:
                nursery.start_soon(one, machine)
        for bearer in machines:
            answer = said[bearer.machine]
            if answer.version or answer.outcome == "other":  # with empty words: somebody removed its files
                self._board.files[bearer.machine] = answer.version
            if answer.outcome == "runs":
                self._board.proved[bearer] = answer.version
        return {machine: said[machine] for machine, _ in machines}

    async def _onto(self, machine: str, made: Made) -> Said:
        a, expected = self._a, self._files(machine)
        try:
            printed = await run_script(
                a.ports.call, a.ports.clock, a.scope, machine, made.script(expected),
                comment=f"sandboxd {a.node.kind} {made.version}", most=LONGEST_RUN, timeout=a.ports.settings.call_timeout,
            )  # fmt: skip
        except AwsError as error:
            return Said(outcome="again", words=f"{machine}: {error.message or error.code}")
        answer = self._content.read(printed.text)
        if answer is None:
            return Said(outcome="again", words=f"{machine} does not say what became of it ({printed.status})")
        return structs.replace(answer, words=f"{machine}: {answer.words}")

    def _judge(self, batch: Sequence[_Change], said: dict[str, Said]) -> bool:
        """Whose fault it is, where it cannot be; return whether to go on at once."""
        if bad := next((one for one in said.values() if one.outcome == "bad"), None):
            owners = dict.fromkeys(bad.bad)
            coming = [change for change in batch if change.part is not None]
            theirs = [change for change in coming if change.part and change.part.get(self._content.owner) in owners]
            if theirs or len(coming) <= 1:
                _end(theirs or batch, _rejected(self._a.kind.service, bad.words))
            self._board.singly = self._board.singly or not theirs
            return True
        if waits := [one for one in said.values() if one.outcome == "again"]:
            for change in self._board.batch():  # also those who wait for the pen
                change.say(waits[0].words)
            return False
        return True


def _rejected(service: str, words: str) -> _Outcome:
    return _Outcome("ingress_rejected", hinted(words, service, "ingress_rejected"), lasting=True)


def _sequence(version: str) -> int:
    """Zero of what somebody else wrote."""
    number = version.partition("-")[0]
    return int(number) if number.isdecimal() else 0


def _digest(version: str) -> str:
    return version.partition("-")[2]


def _is_as_written(said: Running, wanted: str) -> bool:
    return said.files == said.runs and _digest(said.runs) == wanted and not said.edited


def _changed_words(machine: str, said: Running) -> str:
    here = "files that were edited" if said.edited else f"the files of {said.files or 'nobody'}"
    return f"{machine} was changed by somebody else: Envoy runs {said.runs or 'no one version'}, with {here}; it is written anew"


def _leaves(row: Row) -> bool:
    return row.flight is not None and row.flight.way == "lower"


def _end(changes: Sequence[_Change] | Iterator[_Change], outcome: _Outcome) -> None:
    for change in changes:
        change.outcome = change.outcome or outcome
