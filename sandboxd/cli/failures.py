"""How a command that failed ends: a sentence and what to do next on stderr, the problem on stdout where JSON was asked for.

The only place that makes exit codes of what the daemon, the way to it, or our own checks refuse.
"""

from argparse import Namespace

from sandboxd.cli.main import CONFLICT, FAILED, LIMIT, NOT_ALLOWED, NOT_FOUND, UNREACHABLE
from sandboxd.cli.output import MACHINE, form_of, narrate, print_thing
from sandboxd.cli.parser import USAGE
from sandboxd.client.errors import ClientError, DaemonDown
from sandboxd.model.errors import Refusal
from sandboxd.wire.text import safe_text
from sandboxd.wire.things import Problem

Failed = (ClientError, DaemonDown, Refusal)
_LONGEST = 8000
_FROM_HTTP = {
    400: USAGE, 422: USAGE, 401: NOT_ALLOWED, 403: NOT_ALLOWED, 404: NOT_FOUND, 405: NOT_FOUND, 409: CONFLICT,
    412: CONFLICT, 413: USAGE, 429: LIMIT,
}  # fmt: skip


def tell(error: Exception, arguments: Namespace) -> int:
    """Say what failed in the form that was asked for; return the exit code."""
    problem = problem_of(error)
    say(problem)
    if form_of(arguments) in MACHINE:
        print_thing(problem, "problem", form_of(arguments))
    return code_of(error)


def say(problem: Problem) -> None:
    """A problem for people; a detail of several lines (mistakes in a file) stays so."""
    narrate("sandboxd: " + "\n".join(safe_text(line) for line in problem.detail[:_LONGEST].split("\n")))
    if problem.hint:
        narrate(f"  {safe_text(problem.hint)}")


def code_of(error: Exception) -> int:
    """The exit code of what failed."""
    if isinstance(error, DaemonDown):
        return UNREACHABLE
    return _FROM_HTTP.get(problem_of(error).status, FAILED)


def problem_of(error: Exception) -> Problem:
    """Whatever failed as the problem document that the API would answer."""
    match error:
        case ClientError():
            return error.problem
        case Refusal(code=code, detail=detail, status=status, hint=hint, pointer=pointer):
            said = {"code": code, "detail": detail, "hint": hint or None, "pointer": pointer or None}
        case DaemonDown(hint=hint):
            status, said = 503, {"code": "daemon_unreachable", "detail": str(error), "hint": hint}
        case _:
            raise error
    return Problem(type="about:blank", title="Refused", status=status, **{k: v for k, v in said.items() if v})
