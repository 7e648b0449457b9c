"""What stands under and instead of a table: a line about the row under the cursor, and what to do when there is none. Pure."""

from typing import Any

from sandboxd.wire import things
from sandboxd.wire.text import safe_text
from tui import columns, words
from tui.state import State, Tab
from tui.words import Piece


def note(state: State, thing: Any) -> list[Piece]:
    """One line about a row."""
    match thing:
        case things.Sandbox():
            doing = columns.doing(state, thing)
            spent = words.money(state.spent(thing), thing.cost.currency)
            quiet = Piece(f"{safe_text(thing.profile, 40)}, {spent} so far", "dim")
            name = Piece(safe_text(f" {thing.tenant}/{thing.name}", 80), "strong")
            return [name, Piece("  "), doing if doing.text else quiet]
        case things.Operation() if thing.reason:
            return [Piece(f" {safe_text(thing.reason)}", "bad")]
        case things.Account():
            pool = state.view.pool
            told = f" Pool: {pool.available} available, {pool.preparing} preparing, {pool.quarantined} quarantined."
            return [Piece(told, "dim"), Piece(f" {safe_text(pool.reason or '')}", "warn")]
        case things.Event():
            return [Piece(f" {safe_text(thing.message)}", "dim")]
    return [Piece("")]


def nothing(state: State, tab: Tab, filter_text: str) -> list[list[Piece]]:
    """What stands in an empty table."""
    if filter_text:
        shown = safe_text(filter_text, 200)
        return [[Piece(f"Nothing matches {shown}", "strong")], [Piece("esc clears the filter.", "dim")]]
    match tab:
        case "sandboxes":
            free = words.plural(state.view.pool.available, "account")
            return [
                [Piece("No sandboxes yet", "strong")], [],
                [Piece("n", "accent"), Piece(" creates the first one, for a new tenant too.")],
                [Piece(f"{free} in the pool: each can take a tenant.", "dim")],
            ]  # fmt: skip
        case "tenants":
            return [
                [Piece("No tenants yet", "strong")],
                [Piece("n", "accent"), Piece(" creates a sandbox for a new one.")],
            ]
        case _:
            return [[Piece(f"No {tab} yet", "strong")]]
