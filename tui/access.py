"""How a person gets into a sandbox: where it answers, its secrets, and its desktop, as rows. Pure; no Textual, no secret."""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from sandboxd.client import ops
from sandboxd.wire import groups, things
from sandboxd.wire.text import safe_text
from tui.words import Piece, fit

What: TypeAlias = Literal["endpoint", "secret", "desktop"]
_NAME: Final = 20
_SIGNS: Final[dict[What, str]] = {"endpoint": "address", "secret": "secret", "desktop": "desktop"}
DESKTOP: Final = "desktop/"


class Way(Struct, frozen=True, kw_only=True):
    """One row; `text` is what may be seen and copied."""

    id: str
    what: What
    name: str
    text: str
    via: str = ""


class Asking(Struct, frozen=True, kw_only=True):
    """A question after which something is shown once."""

    title: str
    explain: str
    verb: str
    op: ops.Op[things.Credential] | ops.Op[things.Desktop]


def ways(full: things.Sandbox | None) -> list[Way]:
    """What there is of a sandbox as last asked for: secrets by name only."""
    if full is None:
        return []
    out = [
        Way(id=f"endpoint/{one.name}", what="endpoint", name=one.name, text=one.url, via=one.via)
        for one in full.endpoints
    ]
    out += [
        Way(id=f"secret/{name}", what="secret", name=name, text="••••••••")
        for name in sorted(groups.short_name(one.kind, one.name) for one in full.resources if one.kind == "secret")
    ]
    if has_desktop(full):
        out.append(Way(id=DESKTOP, what="desktop", name="Smart Client", text="in a browser, for some minutes"))
    return out


def has_desktop(sandbox: things.Sandbox) -> bool:
    """Whether it was made with a desktop, as far as can be told from here: its machines let one in."""
    rules = (one.name for one in sandbox.resources if one.kind == "security-group-rule")
    return any(name.startswith("desktop-to-") for name in rules)


def line(way: Way) -> list[Piece]:
    """A row as a line."""
    hint = {"endpoint": "", "secret": "  ⏎ shows it once", "desktop": "  ⏎ gives a way in"}[way.what]
    return [
        Piece(f" {fit(_SIGNS[way.what], 8)} ", "dim"), Piece(f"{fit(safe_text(way.name), _NAME)} ", "strong"),
        Piece(safe_text(way.text, 300), "accent" if way.what == "endpoint" else ""), Piece(hint, "dim"),
    ]  # fmt: skip


def about(way: Way) -> list[list[Piece]]:
    """Two lines under the list."""
    if way.what == "endpoint":
        via = [Piece(" load balancer ", "dim"), Piece(safe_text(way.via, 200))] if way.via else [Piece("")]
        return [[Piece(f" {safe_text(way.text, 300)}", "strong"), Piece("  y copies it", "dim")], via]
    told = "Kept by AWS alone." if way.what == "secret" else "The URL lets its bearer in, whoever it is."
    return [[Piece(f" {safe_text(way.name)}", "strong")], [Piece(f" {told} That you asked is an event.", "dim")]]


def nothing(sandbox: things.Sandbox | None) -> list[Piece]:
    """A word where there is no way in."""
    state = sandbox.state.replace("_", " ") if sandbox is not None else "gone"
    return [Piece(f" There is no way in yet: the sandbox is {safe_text(state, 30)}.", "dim")]


def asking(way: Way, sandbox: things.Sandbox) -> Asking | None:
    """The question before a way in is shown; None for what is to be seen anyway."""
    name = safe_text(f"{sandbox.tenant}/{sandbox.name}", 70)
    if way.what == "secret":
        return Asking(
            title=f"Show {safe_text(way.name, 60)} of {name}?", verb="Show", op=ops.credential(sandbox.id, way.name),
            explain="It is shown once, until you close it. That you asked is recorded as an event.",
        )  # fmt: skip
    if way.what == "desktop":
        return Asking(
            title=f"A way into the desktop of {name}?", verb="Show", op=ops.desktop(sandbox.id),
            explain="A URL that lets in whoever has it, for some minutes. That you asked is recorded as an event.",
        )  # fmt: skip
    return None


def find(listed: Sequence[Way], identifier: str | None) -> Way | None:
    """The row of this id."""
    return next((one for one in listed if one.id == identifier), None)
