"""Writes the pages of docs/ that follow from the code; `--check` only says which are not as the code says.

Also checks that every link between the repository's pages leads somewhere. A new command, setting, route, error code
or event appears here by itself: run it and commit the pages.
"""

import re
import sys
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import msgspec

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))

import read_code  # noqa: E402 - a neighbour of this script, not of the package

from sandboxd.api.routes import ROUTES  # noqa: E402
from sandboxd.aws.kinds import KINDS  # noqa: E402
from sandboxd.cli.table import ALIASES, COMMANDS, NOUNS, PROGRAMS, Argument, Command  # noqa: E402
from sandboxd.daemon.settings import Settings  # noqa: E402
from sandboxd.engine import resolutions  # noqa: E402
from sandboxd.lifecycle import account_life, steps, table  # noqa: E402
from sandboxd.profile.schema import schema  # noqa: E402

MADE = "<!-- made by docs/generate.py; do not edit -->"
EXITS = """\
| exit code | meaning |
|---|---|
| 0 | ok |
| 1 | the operation failed, or the daemon did |
| 2 | usage or configuration |
| 3 | the daemon is unreachable |
| 4 | not allowed |
| 5 | not found |
| 6 | conflict |
| 7 | timed out waiting; it is still running |
| 8 | partly failed (several things at once) |
| 9 | a limit is reached; the message says when to come back |
| 130 | interrupted; what was asked for goes on |

The daemon itself: 74 its store met an I/O error, 75 another daemon holds the lock, 78 configuration or store version."""
EXIT_OF: Final = {400: 2, 422: 2, 401: 4, 403: 4, 404: 5, 405: 2, 409: 6, 410: 6, 412: 6, 413: 2, 415: 2, 429: 9}


# ---- the pages
def commands() -> str:
    """Every command with its arguments."""
    out = ["`sandboxd NOUN VERB`; `-h` after any of them says the same. stdout is data, stderr is narration.", EXITS]
    out += ["## Programs", "\n".join(f"- `sandboxd {name}`: {text}" for name, text in PROGRAMS)]
    for noun in dict.fromkeys(command.noun for command in COMMANDS):
        out.append(f"## {noun}")
        out += [NOUNS[noun] + "."] if noun in NOUNS else []
        out += ["Also: " + ", ".join(f"`{one}`" for one, of in ALIASES.items() if of == noun) + "."] * (
            noun in ALIASES.values()
        )
        out += [_command(command) for command in COMMANDS if command.noun == noun]
    return _page("Commands", *out)


def _command(command: Command) -> str:
    name = f"sandboxd {command.noun} {command.verb}".rstrip()
    return "\n".join([f"`{name}`: {command.help}.", *(f"- {_argument(one)}" for one in command.arguments)])


def _argument(argument: Argument) -> str:
    options = argument.options
    label = options.get("metavar") or "|".join(options.get("choices", ())) or ("N" if options.get("type") else "")
    takes = "" if options.get("action") == "store_true" else label
    if argument.names[0].startswith("-"):
        shown = ", ".join(argument.names) + (f" {takes}" if takes else "")
    else:
        shown = takes or argument.names[0]
    said = [options.get("help", ""), "required" * bool(options.get("required")), _default(options.get("default"))]
    words = "; ".join(one for one in said if one)
    return f"`{shown}`" + (f": {words}" if words else "")


def _default(value: Any) -> str:
    return "" if value in (None, [], False) else f"default `{value}`"


def api() -> str:
    """Every route."""
    intro = (
        "HTTP/1.1 over the Unix socket; `GET /v1/openapi.json` has the shapes of requests and answers. A write answers 202\n"
        "with the operation, takes `Idempotency-Key` and `If-Match`. Errors are RFC 9457 problems ([codes](errors.md)); what\n"
        "happens is told as server-sent events ([types](events.md))."
    )
    rows = [f"| {one.method} | `{one.path}` | {one.permission} | {one.summary} |" for one in ROUTES]
    return _page("API", intro, _table("| method | path | needs | what |", rows))


def settings() -> str:
    """Every setting with default and meaning."""
    intro = "A TOML file (`sandboxd serve --config FILE`), the variable over it, options over both. Unknown keys are errors."
    return _page("Settings", intro, _table("| setting | variable | default | meaning |", _settings(Settings, "")))


def _settings(type_: type, prefix: str) -> list[str]:
    source = Path(sys.modules[type_.__module__].__file__ or "").read_text("utf-8")
    said, out = read_code.meanings(type_, source), []
    for one in msgspec.structs.fields(type_):
        name = f"{prefix}{one.name}"
        if isinstance(one.type, type) and issubclass(one.type, msgspec.Struct):
            out += _settings(one.type, f"{name}.")
        else:
            default = "" if one.default in (msgspec.NODEFAULT, None, "", ()) else f"`{one.default}`"
            meaning = said.get(one.name) or " ".join((type_.__doc__ or "").split())
            variable = "SANDBOXD_" + name.upper().replace(".", "__")
            out.append(f"| `{name}` | `{variable}` | {default} | {_cell(meaning)} |")
    return out


def errors() -> str:
    """Every stable code that a request or a command is refused with."""
    intro = "`code` of a problem document and of `-o json`; stable. `…` stands for what is known only then (a state, a name)."
    rows = [
        f"| `{one.code}` | {one.status} {HTTPStatus(one.status).phrase} | {_exit(one.status)} | {_cell(one.detail)} | {_cell(one.hint)} |"
        for one in read_code.codes(ROOT / "sandboxd")
    ]
    return _page("Error codes", intro, _table("| code | HTTP | exit code | says | what to do |", rows))


def _exit(status: int) -> int:
    return EXIT_OF.get(status, 1)


def events() -> str:
    """Every type of event."""
    intro = (
        "`type` of an event (`GET /v1/events`, `sandboxd events`). `id` is the position in the stream, `<epoch>-<n>`; `seq` has\n"
        "no gaps in its account. Events of shared steps carry `step_id` and no `operation_id`. A stream goes on from\n"
        "`Last-Event-ID`; `reset` says that the id is unknown: fetch the snapshot anew."
    )
    return _page("Events", intro, "\n".join(f"- `{one}`" for one in event_types()))


def event_types() -> list[str]:
    """All types, with every state where the code says only the prefix."""
    every = {
        "sandbox.…": table.STATES,
        "account.…": account_life.TABLE.values(),
        "tenant.…": account_life.TENANT.values(),
        "operation.…": ("succeeded", "failed", "cancelled"),
        "step.…": (*steps._SAID.values(), "lost", "drifted"),  # noqa: SLF001 - the table of its words
    }
    types = [
        f"{one.removesuffix('…')}{state}" for one in read_code.told(ROOT / "sandboxd") for state in every.get(one, [""])
    ]
    return sorted(dict.fromkeys(types))


def lifecycle() -> str:
    """The tables of states as diagrams."""
    intro = "From the one table in `sandboxd/lifecycle/table.py`: the only place where a sandbox's state may change."
    account = [
        "stateDiagram-v2",
        *(f"    {state} --> {there}: {event}" for (state, event), there in account_life.TABLE.items()),
    ]
    return _page(
        "The lifecycle of a sandbox",
        intro,
        f"```mermaid\n{table.diagram()}```",
        "## An account's\n\nFrom `sandboxd/lifecycle/account_life.py`; later states come with later releases.",
        "```mermaid\n" + "\n".join(account) + "\n```",
    )


def durability() -> str:
    """The page by hand, with its table of resolutions."""
    rows: dict[str, list[str]] = {}
    for operation, kind, resolves, returns in resolutions.table(KINDS):
        known = rows.setdefault(resolves, [])
        if (name := f"{operation}{' ↔' * returns} ({kind})") not in known:
            known.append(name)
    lines = [
        f"| {', '.join(rows[name])} | {one.how} | {one.evidence} | {one.last} |"
        for name, one in resolutions.RESOLUTIONS.items()
    ]
    head = "| operations | resolved by | evidence lives | last resort |"
    return _block("docs/durability.md", "resolutions", _table(head, lines))


PAGES: dict[str, Callable[[], str]] = {
    "docs/commands.md": commands, "docs/api.md": api, "docs/settings.md": settings, "docs/errors.md": errors,
    "docs/events.md": events, "docs/lifecycle.md": lifecycle, "docs/durability.md": durability, "profiles/profile.schema.json": schema,
}  # fmt: skip


# ---- form
def _page(title: str, *parts: str) -> str:
    return "\n\n".join([MADE, f"# {title}", *parts]) + "\n"


def _block(page: str, name: str, text: str) -> str:
    """A page that is written by hand but for one block between markers."""
    begin, end = f"<!-- begin {name}: made by docs/generate.py; do not edit -->", f"<!-- end {name} -->"
    before, _, rest = (ROOT / page).read_text("utf-8").partition(begin)
    return f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}"


def _table(head: str, rows: list[str]) -> str:
    return "\n".join([head, "|" + "---|" * (head.count("|") - 1), *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# ---- checks
def stale() -> list[str]:
    """Pages that are not as the code says."""
    return [
        f"{name} is not as the code says: run `python docs/generate.py`"
        for name, make in PAGES.items()
        if not (ROOT / name).exists() or (ROOT / name).read_text("utf-8") != make()
    ]


def broken_links() -> list[str]:
    """Links between pages, and pages' pictures, that lead nowhere."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    links = (
        (page, target) for page in pages for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    )
    return [
        f"{page.relative_to(ROOT)}: the link to {target} leads nowhere"
        for page, target in links
        if "://" not in target and not (page.parent / target).exists()
    ]


def main(argv: list[str]) -> int:
    """Write the pages, or check them."""
    if "--check" not in argv:
        for name, make in PAGES.items():
            (ROOT / name).write_text(make(), "utf-8")
    wrong = [*stale(), *broken_links()]
    print("\n".join(wrong) or "docs are as the code says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
