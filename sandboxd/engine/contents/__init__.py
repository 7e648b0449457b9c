"""Contents: what several resources are parts of, written as a whole by one writer at a time onto every machine that bears it.

Whoever comes while one is being written joins the next one, so twenty sandboxes cost two or three writings. A writing says
which version it replaces, and changes nothing where another one is there: one that lands late, or a second time, does no harm,
so nothing of it need be durable beyond the parts themselves. A part is there when every live machine says that it runs a
version with it. A bad part fails by itself.
"""

import json

from sandboxd.aws.kind import Content
from sandboxd.engine.contents.board import Board, Change, Outcome
from sandboxd.engine.contents.versions import PART
from sandboxd.engine.contents.watch import Watch
from sandboxd.engine.contents.writer import Writer
from sandboxd.engine.context import Attempt
from sandboxd.engine.ports import Post
from sandboxd.lifecycle.messages import Ended

__all__ = ["PART", "Contents"]


class Contents:
    """Shared by all steps of the daemon."""

    def __init__(self) -> None:
        self._boards: dict[tuple[str, str, str], Board] = {}

    async def enter(self, a: Attempt, content: Content) -> Ended:
        """Carry out one step of a part: it comes, goes, or comes onto machines that are new."""
        lowering = a.start.step.way == "lower"
        part = None if lowering or a.row.intent is None else dict(a.row.intent.parameters)
        board = self._board(a)
        change = Change(a.node.key, part, a.say)
        board.changes[change] = None
        try:
            async with board.writing:
                await Writer(a, content, board).settle(change)
        finally:
            del board.changes[change]
            if not board.changes:
                board.singly = False
        outcome = change.outcome or Outcome("internal_error", "it was not written")
        if outcome.code:
            return a.ended("nothing", outcome.code, outcome.words, lasting=outcome.lasting)
        if part is not None:
            board.written[a.node.key] = (a.start.run, part)
            a.learn({"id": a.node.key, PART: json.dumps(part, sort_keys=True)})
        return a.done()

    async def look_after(self, a: Attempt, content: Content, post: Post) -> None:
        """Ask the machines of a content at rest what they run, and write anew what somebody else has changed."""
        await Watch(a, content, self._board(a)).look(post)

    def _board(self, a: Attempt) -> Board:
        return self._boards.setdefault((a.who.account, a.scope.region, a.kind.spec.name), Board())
