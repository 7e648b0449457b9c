"""Runs one command and turns every way in which it can end into an exit code and a sentence, never a traceback."""

import os
import sys
from argparse import Namespace
from importlib import import_module

from sandboxd.cli.parser import USAGE, build

OK, FAILED, UNREACHABLE, NOT_ALLOWED, NOT_FOUND, CONFLICT, TIMED_OUT, PARTLY, LIMIT = 0, 1, 3, 4, 5, 6, 7, 8, 9
INTERRUPTED = 130
_FROM_HTTP = {
    400: USAGE, 422: USAGE, 401: NOT_ALLOWED, 403: NOT_ALLOWED, 404: NOT_FOUND, 405: NOT_FOUND, 409: CONFLICT,
    412: CONFLICT, 413: USAGE, 429: LIMIT,
}  # fmt: skip


def main(argv: list[str]) -> int:
    """Run one command; return its exit code."""
    parser = build()
    arguments = parser.parse_args(argv)
    if arguments.noun is None:
        parser.print_help(sys.stderr)
        return USAGE
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _run(arguments: Namespace) -> int:
    module, _, name = arguments.run.partition(":")
    run = getattr(import_module(f"sandboxd.cli.{module}"), name)
    from sandboxd.client.errors import ClientError, DaemonDown
    from sandboxd.model.errors import Refusal
    from sandboxd.wire.text import safe_text

    try:
        code: int = run(arguments)
    except ClientError as error:
        problem = error.problem
        _say(safe_text(problem.detail), safe_text(problem.hint or ""))
        return _FROM_HTTP.get(problem.status, FAILED)
    except DaemonDown as error:
        _say(str(error), error.hint)
        return UNREACHABLE
    except Refusal as refusal:
        _say(safe_text(refusal.detail, 4000), refusal.hint)
        return _FROM_HTTP.get(refusal.status, FAILED)
    return code


def _say(words: str, hint: str) -> None:
    print(f"sandboxd: {words}", file=sys.stderr)
    if hint:
        print(f"  {hint}", file=sys.stderr)
