"""What is done on the machines that bear a content: a version comes onto all of them, or they are asked what they run."""

from collections.abc import Sequence

import trio
from msgspec import structs

from sandboxd.aws.kind import Content, Made, Running, Said
from sandboxd.engine.contents.board import Bearer, Board
from sandboxd.engine.contents.versions import Versions
from sandboxd.engine.context import Attempt
from sandboxd.engine.scripts import run_script
from sandboxd.model.ports import AwsError

LONGEST_RUN = 120
"""seconds for which a machine may be at it"""
LONGEST_LOOK = 30


class Machines:
    """The machines of one content, all at once."""

    def __init__(self, a: Attempt, content: Content, board: Board, versions: Versions) -> None:
        self._a, self._content, self._board, self._versions = a, content, board, versions

    async def deliver(self, made: Made, machines: Sequence[Bearer]) -> dict[str, Said]:
        """Replace whatever version they have by this one; what each of them says."""
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
        a, expected = self._a, self._versions.files(machine)
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

    async def ask(self, machines: Sequence[Bearer]) -> dict[Bearer, Running]:
        """What those that answer say they have and run; who does not answer has proved nothing."""
        said: dict[Bearer, Running | None] = {}

        async def one(bearer: Bearer) -> None:
            said[bearer] = await self._asked(bearer.machine)

        async with trio.open_nursery() as nursery:
            for bearer in machines:
                nursery.start_soon(one, bearer)
        answers = ((bearer, said[bearer]) for bearer in machines)
        return {bearer: answer for bearer, answer in answers if answer is not None}

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
