"""What a client can meet: a refusal of the daemon, no daemon, or one that is older than the client."""

import errno
import os
import re
from pathlib import Path

import msgspec

from sandboxd.wire.things import Problem

_MEANING = {
    errno.ENOENT: "no daemon has made this socket",
    errno.ECONNREFUSED: "nobody listens on this socket; its daemon is gone",
    errno.EACCES: "you may not open this socket",
    errno.EPERM: "you may not open this socket",
    errno.ETIMEDOUT: "no answer in time",
}
_UNKNOWN = ("route_not_found", "method_not_allowed", "unknown_field", "unknown_parameter")
_NUMBERS = re.compile(r"\d+")


class ClientError(Exception):
    """The daemon refused; `problem` says what, why and what to do next."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class DaemonOutdated(ClientError):
    """The daemon does not know this request: it is older than the client."""


class DaemonDown(Exception):
    """Nobody answers; the text says what was dialled, what it means, and what to do."""

    def __init__(self, path: Path, error: OSError | None, *, stream: bool = False, words: str = "") -> None:
        self.path = path
        self.errno = error.errno if error is not None else None
        said = os.strerror(self.errno) if self.errno else str(error) if error else "the connection was cut"
        meaning = _MEANING.get(self.errno or 0)
        self.words = words or (f"{said} ({meaning})" if meaning else said)
        what = "the stream of the daemon" if stream else "the daemon"
        super().__init__(f"{what} at {path} does not answer: {self.words}")
        self.hint = (
            "Log in as a member of the socket's group, or name another socket with --socket or SANDBOXD_SOCKET."
            if self.errno in (errno.EACCES, errno.EPERM)
            else "Start it with `sandboxd serve`, or name its socket with --socket or SANDBOXD_SOCKET; "
            "`sandboxd doctor` looks closer."
        )


def refusal(status: int, body: bytes, theirs: str, ours: str) -> ClientError:
    """Return the error of an answer that is no success; `theirs` and `ours` are versions of daemon and client."""
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = Problem(
            type="about:blank",
            title="Unreadable answer",
            status=status,
            code="unreadable",
            detail=f"The daemon answered {status} with something that is no problem document.",
        )
    if problem.code in _UNKNOWN and is_older(theirs, ours):
        return DaemonOutdated(_outdated(problem, theirs, ours))
    return ClientError(problem)


def is_older(theirs: str, ours: str) -> bool:
    """Whether one version comes before the other; an unknown one is not called older."""
    return bool(theirs) and _numbers(theirs) < _numbers(ours)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in _NUMBERS.findall(version)]


def _outdated(problem: Problem, theirs: str, ours: str) -> Problem:
    return Problem(
        type="about:blank",
        title="The daemon is outdated",
        status=400,
        code="daemon_outdated",
        detail=f"The daemon (version {theirs}) is older than this command ({ours}): {problem.detail}",
        request_id=problem.request_id,
        pointer=problem.pointer,
        hint="Restart the daemon with the version that is installed.",
    )
