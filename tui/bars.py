"""The lines around the tables: what the top bar, the banner, the tabs and the keys say. Pure; no Textual."""

from typing import Final

from rich.cells import cell_len

from sandboxd.wire.text import safe_text
from tui import actions, words
from tui.actions import Context, Place
from tui.state import State, Tab
from tui.words import Piece, fit

TABS: Final[tuple[tuple[Tab, str], ...]] = (
    ("sandboxes", "Sandboxes"), ("tenants", "Tenants"), ("accounts", "Accounts"), ("operations", "Operations"),
    ("events", "Events"),
)  # fmt: skip
_SIGNS: Final = {"live": ("●", "ok"), "connecting": ("○", "busy"), "down": ("✗", "bad")}


def top(state: State, width: int, crumb: str = "") -> list[Piece]:
    """`sandboxd · dev  ● live  …  3 sandboxes  1 running  $2.31/h  pool 2`; what does not fit goes, from the right."""
    stage = f" · {safe_text(state.health.stage, 20)}" if state.health is not None and state.health.stage else ""
    sign, tone = _SIGNS[state.link.standing]
    left = [Piece(f" sandboxd{stage}", "strong"), Piece(f"  {sign} {state.link.standing}", tone)]  # type: ignore[arg-type]
    if crumb:
        left.append(Piece(f"  › {crumb}", "strong"))
    facts = _facts(state)
    room = width - sum(cell_len(piece.text) for piece in left) - 1
    while facts and sum(cell_len(piece.text) + 2 for piece in facts) > room:
        facts.pop(0)
    used = sum(cell_len(piece.text) + 2 for piece in facts)
    right = [part for piece in facts for part in (Piece("  "), piece)]
    return words.join([*left, Piece(" " * max(0, room - used)), *right], width)


def _facts(state: State) -> list[Piece]:
    view = state.view
    living = [one for one in view.sandboxes.values() if one.state != "deleted"]
    failed = sum(one.state.endswith("_failed") for one in living)
    facts = [
        Piece(f"pace ×{view.pace:g}", "dim") if view.pace != 1 else None,
        Piece(words.plural(len(living), "sandbox")) if view.epoch else None,
        Piece(f"{words.plural(len(state.running), 'operation')} running", "busy") if state.running else None,
        Piece(f"{failed} failed", "bad") if failed else None,
        Piece(f"{words.money(sum(one.cost.per_hour for one in living))}/h") if view.epoch else None,
        Piece("READ-ONLY", "warn") if state.read_only else None,
    ]
    return [fact for fact in facts if fact is not None]


def banner(state: State) -> list[list[Piece]]:
    """What is wrong with what is shown; nothing when all is well."""
    if state.link.standing == "down":
        since = words.duration(float(int(state.down_for)))
        what = f" ✗ The daemon is away for {since}: {safe_text(state.link.words, 200)}."
        shown = f"   As of {words.clock_time(state.link.as_of)}."
        more = f" Trying again at {safe_text(state.address, 107)}; what runs in AWS goes on."
        return [[Piece(what, "bad")], [Piece(shown), Piece(more, "dim")]]
    if state.view.degraded:
        return [[Piece(f" ! Nothing is changed in AWS at the moment: {safe_text(state.view.degraded, 300)}", "warn")]]
    return []


def waiting(state: State) -> list[list[Piece]]:
    """What stands where the tables will be, as long as no daemon has answered."""
    lines = [
        [Piece("Waiting for the daemon", "strong")],
        [],
        [Piece("dialled  ", "dim"), Piece(safe_text(state.address))],
    ]
    if state.link.words:
        lines.append([Piece("answer   ", "dim"), Piece(safe_text(state.link.words, 200), "bad")])
        tries = f"{words.plural(state.link.tries, 'try') if state.link.tries == 1 else f'{state.link.tries} tries'}"
        lines.append([Piece("so far   ", "dim"), Piece(f"{tries} in {words.duration(float(int(state.down_for)))}")])
    return [
        *lines, [],
        [Piece("Start it with "), Piece("sandboxd serve", "accent"), Piece(", or look around with simulated AWS: "),
         Piece("sandboxd demo", "accent")],
        [Piece("Another socket: --socket PATH or SANDBOXD_SOCKET. This page goes on by itself.", "dim")],
    ]  # fmt: skip


def tabs(state: State, chosen: Tab, note: str, width: int) -> list[Piece]:
    """The lists with their counts; on the right how the chosen one is filtered and sorted."""
    pieces = [Piece(" ")]
    for number, (tab, title) in enumerate(TABS, 1):
        count = _count(state, tab)
        pieces.append(Piece(f" {number} {title} {count} ", "accent" if tab == chosen else "dim"))
    used = sum(cell_len(piece.text) for piece in pieces)
    note = safe_text(note)
    if used + cell_len(note) + 1 <= width:
        pieces.append(Piece(fit(note, width - used - 1, right=True), "dim"))
    return words.join(pieces, width)


def _count(state: State, tab: Tab) -> int:
    match tab:
        case "sandboxes":
            return sum(one.state != "deleted" for one in state.view.sandboxes.values())
        case "tenants":
            return len(state.view.tenants)
        case "accounts":
            return len(state.view.accounts)
        case "operations":
            return len(state.view.operations)
        case "events":
            return len(state.events)


def keys(place: Place, context: Context, width: int) -> list[tuple[str, Piece]]:
    """The footer: pairs of action id and piece, the most important ones that fit; faint is what cannot be done now."""
    here = [one for one in actions.at(place) if one.footer]
    chosen: set[str] = set()
    left = width - 1
    for action in sorted(here, key=lambda one: one.footer):
        used = cell_len(f" {actions.shown(action.keys[0])} {action.label} ")
        if used <= left:
            left -= used
            chosen.add(action.id)
    out: list[tuple[str, Piece]] = []
    for action in (one for one in here if one.id in chosen):
        faint = action.why_not(context) is not None
        out.append((action.id, Piece(f" {actions.shown(action.keys[0])} ", "dim" if faint else "accent")))
        out.append((action.id, Piece(f"{action.label} ", "dim" if faint else "")))
    return out
