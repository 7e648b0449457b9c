"""The pen of one content: it writes until the change that it was taken up for has an outcome."""

from collections.abc import Sequence

from sandboxd.aws.kind import Content, Said
from sandboxd.engine.contents.board import Board, Change, Outcome, end
from sandboxd.engine.contents.machines import Machines
from sandboxd.engine.contents.versions import Versions
from sandboxd.engine.context import Attempt
from sandboxd.engine.meaning import hinted
from sandboxd.engine.pace import back_off
from sandboxd.model.errors import Refusal


class Writer:
    """One turn at the board."""

    def __init__(self, a: Attempt, content: Content, board: Board) -> None:
        self._a, self._content, self._board = a, content, board
        self._versions = Versions(a, content, board)
        self._machines = Machines(a, content, board, self._versions)

    async def settle(self, change: Change) -> None:
        """Write until this change has an outcome."""
        tries = 0
        while change.outcome is None:
            if await self._write(self._board.batch()):
                tries = 0
                continue
            tries += 1
            await self._a.ports.clock.sleep(back_off(tries, self._a.node.key, longest=15.0))

    async def _write(self, batch: Sequence[Change]) -> bool:
        """Write one version; return whether to go on at once."""
        machines = self._versions.machines()
        if not machines:
            end([one for one in batch if one.part is None], Outcome())
            words = "no ingress machine can be reached"
            end(batch, Outcome("no_bearer", words))
            return True
        try:
            made = self._versions.made(batch, machines)
        except Refusal as error:
            end(batch, Outcome(error.code, f"{error.detail} {error.hint}".strip(), lasting=True))
            return True
        if made is None:
            return True
        said = await self._machines.deliver(made, machines)
        if all(one.outcome == "runs" for one in said.values()):
            end(batch, Outcome())
            return True
        return self._judge(batch, said)

    def _judge(self, batch: Sequence[Change], said: dict[str, Said]) -> bool:
        """Whose fault it is, where it cannot be; return whether to go on at once."""
        if bad := next((one for one in said.values() if one.outcome == "bad"), None):
            owners = dict.fromkeys(bad.bad)
            coming = [change for change in batch if change.part is not None]
            theirs = [change for change in coming if change.part and change.part.get(self._content.owner) in owners]
            if theirs or len(coming) <= 1:
                end(theirs or batch, _rejected(self._a.kind.service, bad.words))
            self._board.singly = self._board.singly or not theirs
            return True
        if waits := [one for one in said.values() if one.outcome == "again"]:
            for change in self._board.batch():  # also those who wait for the pen
                change.say(waits[0].words)
            return False
        return True


def _rejected(service: str, words: str) -> Outcome:
    return Outcome("ingress_rejected", hinted(words, service, "ingress_rejected"), lasting=True)
