"""The page of keys, made from the registry; and what the signs mean."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tui import actions, words
from tui.actions import Action
from tui.widgets.text import Toned
from tui.words import Piece

_MOVING: Final = (
    ("↑ ↓ j k", "move; PgUp PgDn by pages, ^d ^u by halves, g G to the ends"),
    ("^p", "all of this by name"),
)
_SIGNS: Final = (
    ("started", "runs"), ("stopped", "stopped; its disks stay"), ("running", "is being worked on"),
    ("backing-off", "failed for now, is tried again"), ("failed", "failed, waits for you"), ("pending", "still to come"),
)  # fmt: skip


class Help(ModalScreen[None]):
    """Keys and signs."""

    BINDINGS: ClassVar = [("escape,q,question_mark,f1,enter", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        """One box."""
        with VerticalScroll(id="help"):
            yield Toned(id="help-text")

    def on_mount(self) -> None:
        """The text follows from the registry."""
        self.query_one(Toned).say(*lines())


def lines() -> list[list[Piece]]:
    """The page as lines."""
    out = [[Piece("Keys", "strong"), Piece("   esc closes this page", "dim")], []]
    out += [[Piece(f"{key:>9}  ", "accent"), Piece(text)] for key, text in _MOVING]
    told = [one for one in actions.ACTIONS if not one.id.startswith(("tab_", "part_"))]
    out += [[Piece(f"{_keys(action):>9}  ", "accent"), Piece(action.help)] for action in told]
    for keys, places, prefix in (("1 … 5", "The lists", "tab_"), ("1 … 4", "In a sandbox", "part_")):
        names = ", ".join(one.label.lower() for one in actions.ACTIONS if one.id.startswith(prefix))
        out.append([Piece(f"{keys:>9}  ", "accent"), Piece(f"{places}: {names}")])
    out += [[], [Piece("Signs", "strong")], []]
    for state, text in _SIGNS:
        sign = words.glyph(state)
        out.append([Piece(f"{sign.text:>9}  ", sign.tone), Piece(text)])
    return out


def _keys(action: Action) -> str:
    return " ".join(actions.shown(key) for key in action.keys[:2])
