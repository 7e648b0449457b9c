"""Writes the pages of docs/ that follow from the code; `--check` only says which are not as the code says.

Also checks that every link between the repository's pages leads somewhere.
"""

import re
import sys
from pathlib import Path

import msgspec

from sandboxd.api.routes import ROUTES
from sandboxd.cli.table import COMMANDS, NOUNS, PROGRAMS
from sandboxd.daemon.settings import Settings
from sandboxd.lifecycle.table import diagram
from sandboxd.profile.schema import schema

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
MADE = "<!-- made by docs/generate.py; do not edit -->\n"


def commands() -> str:
    """Every command with its arguments."""
    lines = [
        MADE,
        "# Commands\n",
        "`sandboxd NOUN VERB`; `-h` after any of them says more. Exit codes: 0 ok, 1 failed, 2 usage,",
    ]
    lines += [
        "3 no daemon, 4 not allowed, 5 not found, 6 conflict, 7 timed out waiting, 8 partly failed, 9 limit, 130 interrupted.\n"
    ]
    lines += [f"- `sandboxd {name}`: {text}" for name, text in PROGRAMS]
    noun = ""
    for command in COMMANDS:
        if command.noun != noun:
            noun = command.noun
            lines.append(f"\n## {noun}\n\n{NOUNS.get(noun, '')}\n")
        options = " ".join(f"`{argument.names[0]}`" for argument in command.arguments)
        lines.append(f"- `sandboxd {noun} {command.verb}`".rstrip("` ") + f"`: {command.help}. {options}".rstrip())
    return "\n".join(lines) + "\n"


def api() -> str:
    """Every route."""
    lines = [
        MADE,
        "# API\n",
        "HTTP/1.1 over the Unix socket; `GET /v1/openapi.json` has the shapes. Errors are RFC 9457 problems.\n",
    ]
    lines += ["| method | path | needs | what |", "|---|---|---|---|"]
    lines += [f"| {r.method} | `{r.path}` | {r.permission} | {r.summary} |" for r in ROUTES]
    return "\n".join(lines) + "\n"


def settings() -> str:
    """Every setting with default and meaning."""
    lines = [
        MADE,
        "# Settings\n",
        "A TOML file (`sandboxd serve --config FILE`), `SANDBOXD_SECTION__KEY` over it. Times are seconds.\n",
    ]
    lines += ["| setting | default | meaning |", "|---|---|---|"]
    lines += _rows(Settings, "")
    return "\n".join(lines) + "\n"


def _rows(type_: type, prefix: str) -> list[str]:
    meanings = _meanings(type_)
    out = []
    for one in msgspec.structs.fields(type_):
        if isinstance(one.type, type) and issubclass(one.type, msgspec.Struct):
            out += _rows(one.type, f"{prefix}{one.name}.")
        else:
            default = "" if one.default is msgspec.NODEFAULT else repr(one.default)
            out.append(f"| `{prefix}{one.name}` | `{default}` | {meanings.get(one.name, '')} |")
    return out


def _meanings(type_: type) -> dict[str, str]:
    """The sentence under each field."""
    source = Path(sys.modules[type_.__module__].__file__ or "").read_text("utf-8")
    body = source.partition(f"class {type_.__name__}(")[2].partition("\nclass ")[0]
    found = re.findall(r"^    (\w+): [^\n]*\n    \"\"\"(.*?)\"\"\"", body, re.MULTILINE | re.DOTALL)
    return {name: " ".join(text.split()) for name, text in found}


def errors() -> str:
    """Every stable code that the daemon refuses with."""
    raised = re.compile(
        r'(?:BadRequest|NotFound|Conflict|LimitReached|Unavailable|NotAllowed|Refusal|_refused)\(\s*f?"([a-z_{}.]+)"'
    )
    found: dict[str, str] = {}
    for path in sorted((ROOT / "sandboxd").rglob("*.py")):
        for code in raised.findall(path.read_text("utf-8")):
            found.setdefault(code, path.relative_to(ROOT).as_posix())
    lines = [
        MADE,
        "# Error codes\n",
        "`code` of a problem document; stable. `{…}` stands for a state.\n",
        "| code | where |",
        "|---|---|",
    ]
    lines += [f"| `{code}` | `{where}` |" for code, where in sorted(found.items())]
    return "\n".join(lines) + "\n"


def lifecycle() -> str:
    """The table of states as a diagram."""
    return f"{MADE}# The lifecycle of a sandbox\n\nFrom the one table in `sandboxd/lifecycle/table.py`.\n\n```mermaid\n{diagram()}```\n"


PAGES = {
    "docs/commands.md": commands, "docs/api.md": api, "docs/settings.md": settings, "docs/errors.md": errors,
    "docs/lifecycle.md": lifecycle, "profiles/profile.schema.json": schema,
}  # fmt: skip


def broken_links() -> list[str]:
    """Links between pages that lead nowhere."""
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    links = ((page, target) for page in pages for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")))
    return [
        f"{page.relative_to(ROOT)}: {target}"
        for page, target in links
        if "://" not in target and not (page.parent / target).exists()
    ]


def main() -> int:
    """Write or check."""
    check, bad = "--check" in sys.argv, []
    for name, make in PAGES.items():
        path, text = ROOT / name, make()
        if check and (not path.exists() or path.read_text("utf-8") != text):
            bad.append(f"{name} is not as the code says: run `python docs/generate.py`")
        elif not check:
            path.write_text(text, "utf-8")
    bad += [f"broken link: {one}" for one in broken_links()]
    print("\n".join(bad) or "docs are as the code says")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
