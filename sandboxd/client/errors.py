"""What a client can meet: a refusal of the daemon, no daemon, or one that is older than the client."""

import os
from pathlib import Path

import msgspec

from sandboxd.wire.things import Problem


class ClientError(Exception):
    """The daemon refused; `problem` says what, why and what to do next."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class DaemonOutdated(ClientError):
    """The daemon does not know this request: it is older than the client."""


class DaemonDown(Exception):
    """Nobody answers; the text says what was dialled, what it means, and what to do."""

    def __init__(self, path: Path, error: OSError | None, *, stream: bool = False) -> None:
        self.path = path
        number = error.errno if error is not None else None
        self.words = os.strerror(number) if number else str(error) if error else "the connection was cut"
        what = "the stream of the daemon" if stream else "the daemon"
        super().__init__(f"{what} at {path} does not answer: {self.words}")

    hint = "Start it with `sandboxd serve`, or name its socket with --socket or SANDBOXD_SOCKET; `sandboxd doctor` looks closer."


def refusal(status: int, body: bytes, theirs: str, ours: str) -> ClientError:
    """The error of an answer that is no success."""
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = Problem(
            type="about:blank", title="Unreadable answer", status=status, code="unreadable",
            detail=f"the daemon answered {status} with something that is no problem document",
        )  # fmt: skip
    unknown = problem.code in ("route_not_found", "not_found", "method_not_allowed", "unknown_field")
    if theirs and theirs != ours and status in (404, 405, 422) and unknown:
        problem.code = "daemon_outdated"
        problem.detail = f"the daemon is of version {theirs}, older than this command ({ours}): {problem.detail}"
        problem.hint = "Restart the daemon with the version that is installed."
        return DaemonOutdated(problem)
    return ClientError(problem)
