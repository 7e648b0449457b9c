"""One write that a person means, from the confirmation to its outcome: pressed twice, or sent twice, it happens once.

Its key is made when the dialog opens and kept while the outcome is unknown; only a definite refusal or another content
gets another one. Knows no Textual.
"""

import secrets
from typing import Any, TypeAlias

from msgspec import Struct

from sandboxd.client.errors import ClientError, DaemonDown
from sandboxd.client.ops import Op
from sandboxd.wire.text import safe_text
from tui.feed import Backend
from tui.words import Piece

_OURS = 500
_BUSY = 429


class Accepted(Struct, frozen=True):
    """The daemon accepted it; this is its answer."""

    answer: Any


class Refused(Struct, frozen=True):
    """The daemon refused, nothing was changed."""

    code: str
    detail: str
    hint: str


class Unknown(Struct, frozen=True):
    """It may have been accepted or not; to send it again is safe."""

    words: str


Outcome: TypeAlias = Accepted | Refused | Unknown


class Intention:
    """A write that is meant once; `busy` while it is on its way."""

    def __init__(self) -> None:
        self.key = secrets.token_hex(16)
        self.busy = False
        self._content: tuple[str, str, bytes] | None = None

    async def send(self, backend: Backend, op: Op[Any]) -> Outcome | None:
        """Send it; None if it is on its way already, then nothing is sent."""
        if self.busy:
            return None
        self.busy = True
        content = (op.method, op.path, op.content)
        if self._content not in (None, content):
            self.key = secrets.token_hex(16)
        self._content = content
        try:
            return Accepted(await backend.call(op, key=self.key))
        except DaemonDown as error:
            return Unknown(error.words)
        except ClientError as error:
            problem = error.problem
            if problem.status >= _OURS or problem.status == _BUSY or problem.code.endswith("in_progress"):
                return Unknown(f"{problem.detail} ({problem.code})")
            self.key, self._content = secrets.token_hex(16), None
            return Refused(problem.code, problem.detail, problem.hint or "")
        finally:
            self.busy = False


def said(outcome: Outcome) -> list[list[Piece]]:
    """An outcome in lines for a dialog: what, and what to do next."""
    match outcome:
        case Accepted():
            return []
        case Refused(code=code, detail=detail, hint=hint):
            lines = [[Piece(f"✗ {safe_text(detail)}", "bad"), Piece(f"  {safe_text(code, 60)}", "dim")]]
            return [*lines, [Piece(safe_text(hint))]] if hint else lines
        case Unknown(words=words):
            return [
                [Piece(f"! No clear answer: {safe_text(words, 200)}.", "warn")],
                [Piece("Send it again: whatever came of it, it happens only once.")],
            ]
