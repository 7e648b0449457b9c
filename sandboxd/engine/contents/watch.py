"""A content at rest: its machines are asked what they run, and what somebody else has changed is told, and written anew."""

from sandboxd.aws.kind import Content, Running
from sandboxd.engine.contents.board import Bearer, Board
from sandboxd.engine.contents.machines import Machines
from sandboxd.engine.contents.versions import Versions, digest
from sandboxd.engine.context import Attempt
from sandboxd.engine.pace import back_off
from sandboxd.engine.ports import Post
from sandboxd.lifecycle.messages import Strayed

AGAIN, TRIES = 15.0, 5
"""seconds between two looks at what somebody may have changed; how often it is written anew before the next look"""


class Watch:
    """One look at a content."""

    def __init__(self, a: Attempt, content: Content, board: Board) -> None:
        self._a, self._board = a, board
        self._versions = Versions(a, content, board)
        self._machines = Machines(a, content, board, self._versions)

    async def look(self, post: Post) -> None:
        """Ask where nothing is being written; write anew what was changed, twice seen."""
        board, before = self._board, self._board.writings
        if board.changes or not await self._strayed():
            return
        await self._a.ports.clock.sleep(AGAIN)
        strayed = await self._strayed()
        if board.changes or board.writings != before:  # whoever writes meanwhile finds it himself
            return
        for bearer, said in strayed.items():
            post(Strayed(_words(bearer.machine, said)))
            board.files[bearer.machine] = said.files
            board.proved.pop(bearer, None)
        if strayed:
            async with board.writing:
                await self._write_anew()

    async def _strayed(self) -> dict[Bearer, Running]:
        """The machines that do not run what was written."""
        wanted = digest(self._versions.version(1, self._versions.good(())).version)
        answers = await self._machines.ask(self._versions.machines())
        return {one: answer for one, answer in answers.items() if not _is_as_written(answer, wanted)}

    async def _write_anew(self) -> None:
        """A version that was never there, onto all machines; what cannot be written now is seen again by the next look."""
        versions = self._versions
        for tries in range(1, TRIES + 1):
            if not (machines := versions.machines()):
                return
            said = await self._machines.deliver(
                versions.version(versions.newest(machines) + 1, versions.good(())), machines
            )
            if not any(one.outcome in ("again", "other") for one in said.values()):
                return
            await self._a.ports.clock.sleep(back_off(tries, self._a.node.key, longest=15.0))


def _is_as_written(said: Running, wanted: str) -> bool:
    return said.files == said.runs and digest(said.runs) == wanted and not said.edited


def _words(machine: str, said: Running) -> str:
    here = "files that were edited" if said.edited else f"the files of {said.files or 'nobody'}"
    return f"{machine} was changed by somebody else: Envoy runs {said.runs or 'no one version'}, with {here}; it is written anew"
