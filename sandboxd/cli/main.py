"""Runs one command and turns every way in which it can end into an exit code and a sentence, never a traceback."""

import io
import os
import sys
from argparse import Namespace
from importlib import import_module

from sandboxd.cli.parser import USAGE, build

OK, FAILED, UNREACHABLE, NOT_ALLOWED, NOT_FOUND, CONFLICT, TIMED_OUT, PARTLY, LIMIT = 0, 1, 3, 4, 5, 6, 7, 8, 9
INTERRUPTED = 130


def main(argv: list[str]) -> int:
    """Run one command; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a locale without our glyphs must not end in a traceback
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _parsed(argv)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return code


def _parsed(argv: list[str]) -> int:
    parser = build(argv)
    try:
        arguments = parser.parse_args(argv)
    except SystemExit as end:  # argparse has said everything
        return end.code if isinstance(end.code, int) else USAGE
    if arguments.noun is None:
        parser.print_help(sys.stderr)
        return USAGE
    return _run(arguments)


def _run(arguments: Namespace) -> int:
    module, _, name = arguments.run.partition(":")
    run = getattr(import_module(f"sandboxd.cli.{module}"), name)
    from sandboxd.cli.failures import Failed, tell

    try:
        code: int = run(arguments)
    except Failed as error:
        return tell(error, arguments)
    return code
