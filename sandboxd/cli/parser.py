"""argparse over the table: one parser per noun, near misses suggested, exit code 2 for what cannot be understood."""

import argparse
import difflib
import sys
from collections.abc import Collection
from typing import NoReturn

from sandboxd import __version__
from sandboxd.cli.table import ALIASES, COMMANDS, NOUNS, PROGRAMS, Command

USAGE = 2


class Parser(argparse.ArgumentParser):
    """Says what was meant."""

    def error(self, message: str) -> NoReturn:
        """Print one sentence, a suggestion where there is one, and where to read on."""
        near = _near(message)
        print(f"{self.prog}: {message}" + (f"; did you mean {near!r}?" if near else ""), file=sys.stderr)
        print(f"`{self.prog} --help` lists what there is.", file=sys.stderr)
        sys.exit(USAGE)


def _near(message: str) -> str:
    if "invalid choice: " not in message:
        return ""
    said, _, choices = message.partition("invalid choice: ")[2].partition(" (choose from ")
    known = [one.strip(" ')") for one in choices.split(",")]
    found = difflib.get_close_matches(said.strip("'"), known, n=1)
    return found[0] if found else ""


def build(words: Collection[str]) -> Parser:
    """The parser for these words: every noun with its help, verbs and options only of nouns that are among the words.

    What nobody asked for costs a third of the start.
    """
    parser = Parser(
        prog="sandboxd", description="Model banks in AWS accounts: one daemon, its dashboard and its commands."
    )
    parser.add_argument("--version", action="version", version=f"sandboxd {__version__}")
    parser.add_argument(
        "--socket", metavar="PATH", help="the daemon's socket (else SANDBOXD_SOCKET, else the usual places)"
    )
    nouns = parser.add_subparsers(dest="noun", metavar="COMMAND", parser_class=Parser)
    groups: dict[str, argparse._SubParsersAction[Parser]] = {}
    for name, text in PROGRAMS:
        nouns.add_parser(name, help=text, add_help=False)
    for command in COMMANDS:
        asked = any(name in words for name in (command.noun, *_aliases(command.noun)))
        if not command.verb:
            made = nouns.add_parser(command.noun, help=command.help, description=command.help)
            if asked:
                _fill(made, command)
            continue
        if command.noun not in groups:
            noun = nouns.add_parser(
                command.noun, help=NOUNS[command.noun], aliases=_aliases(command.noun), description=NOUNS[command.noun]
            )
            groups[command.noun] = noun.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=Parser)
        if not asked:
            continue
        _fill(groups[command.noun].add_parser(command.verb, help=command.help, description=command.help), command)
    return parser


def _aliases(noun: str) -> list[str]:
    return [alias for alias, of in ALIASES.items() if of == noun]


def _fill(parser: Parser, command: Command) -> None:
    # also after the command, where people type it; what stands before it counts unless it is said twice
    parser.add_argument("--socket", metavar="PATH", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    for argument in command.arguments:
        parser.add_argument(*argument.names, **argument.options)
    parser.set_defaults(run=command.run, kind=command.noun)
