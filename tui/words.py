"""How the dashboard says things: glyph and tone of a state, ages, money, bars. Pure; no Textual.

A tone is a name that a theme gives a colour; a state is never told by colour alone. Text from outside goes through
`safe_text` here, once, before it becomes a piece of a line.
"""

from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeAlias

from rich.cells import cell_len, set_cell_size

from sandboxd.wire.text import safe_text

Tone: TypeAlias = Literal["", "dim", "strong", "ok", "busy", "warn", "bad", "accent"]


class Piece(NamedTuple):
    """A stretch of a line in one tone."""

    text: str
    tone: Tone = ""


_STATES: Final[dict[str, tuple[str, Tone]]] = {
    # sandboxes
    "initializing": ("▶", "busy"), "started": ("●", "ok"), "stopping": ("▼", "busy"), "stopped": ("○", ""),
    "starting": ("▲", "busy"), "deleting": ("▼", "busy"), "deleted": ("·", "dim"),
    # tenants and accounts
    "onboarding": ("▶", "busy"), "active": ("●", "ok"), "offboarding": ("▼", "busy"), "gone": ("·", "dim"),
    "vending": ("▶", "busy"), "preparing": ("▶", "busy"), "available": ("○", ""), "assigned": ("●", "ok"),
    "expired": ("·", "dim"), "closing": ("▼", "busy"), "closed": ("·", "dim"), "quarantined": ("!", "warn"),
    # operations
    "queued": ("·", "dim"), "running": ("▶", "busy"), "succeeded": ("✓", "ok"), "failed": ("✗", "bad"),
    "cancelled": ("■", "warn"),
    # steps
    "pending": ("·", "dim"), "calling": ("▷", "busy"), "waiting": ("▶", "busy"), "done": ("✓", "ok"),
    "backing-off": ("↻", "warn"), "skipped": ("-", "warn"), "dropped": ("-", "dim"),
    # reasons of a plan
    "refused": ("✗", "bad"),
}  # fmt: skip


def glyph(state: str) -> Piece:
    """The sign of a state; one that is not known yet gets a question mark."""
    if state.endswith("_failed"):
        return Piece("✗", "bad")
    return Piece(*_STATES.get(state, ("?", "warn")))


_FAILED: Final = {"initializing": "create", "starting": "start", "stopping": "stop", "deleting": "delete"}


def state_word(state: str) -> str:
    """A state as it is shown: `initializing_failed` is `create failed`, which fits into a column."""
    begun, failed, _ = state.partition("_failed")
    return safe_text(f"{_FAILED.get(begun, begun)} failed" if failed else state, 40)


# ---- time
def parse(stamp: str | None) -> float | None:
    """Seconds since the epoch of an RFC 3339 time; None where there is none."""
    try:
        return datetime.fromisoformat(stamp).timestamp() if stamp else None
    except ValueError:
        return None


def duration(seconds: float) -> str:
    """Seconds for people, in at most six characters: `0.4s`, `42s`, `5m07s`, `3h12m`, `4d03h`."""
    if seconds < 0:
        return "0s"
    if seconds < 10:  # noqa: PLR2004 - short things are told exactly
        return f"{seconds:.1f}s".replace(".0s", "s")
    whole = int(seconds)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if not minutes:
        return f"{whole}s"
    if not hours:
        return f"{minutes}m{whole % 60:02}s"
    return f"{hours}h{minutes % 60:02}m" if not days else f"{days}d{hours % 24:02}h"


def roughly(seconds: float) -> str:
    """How long something may still take: seconds do not matter in ten minutes."""
    return f"{int(seconds) // 60}m" if 600 <= seconds < 3600 else duration(float(int(seconds)))  # noqa: PLR2004 - as said


def age(stamp: str | None, now: float) -> str:
    """How long ago a time was, in whole units; a dash where there is none."""
    at = parse(stamp)
    return duration(float(int(max(0.0, now - at)))) if at is not None else "–"


def clock_time(stamp: str | None) -> str:
    """The time of day, in UTC."""
    at = parse(stamp)
    return "--:--:--" if at is None else (stamp or "")[11:19]


# ---- money, bars, lines
def money(amount: float, currency: str = "USD") -> str:
    """What something costs; dollars have a sign."""
    sign, unit = ("$", "") if currency == "USD" else ("", f" {safe_text(currency, 6)}")
    return f"{sign}{amount:.2f}{unit}" if amount >= 0.01 or not amount else f"{sign}{amount:.4f}{unit}"  # noqa: PLR2004


def bar(done: int, total: int, width: int = 8) -> str:
    """A bar of eighths; it is full only when everything is done."""
    filled = int(width * done / total) if total else 0
    return "█" * filled + "░" * (width - filled)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return the text in exactly so many cells; what is cut ends in `…`."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - length) + text if right else text + " " * (width - length)


def join(pieces: list[Piece], width: int) -> list[Piece]:
    """Return the pieces cut and padded to so many cells."""
    out: list[Piece] = []
    left = width
    for piece in pieces:
        length = cell_len(piece.text)
        if length > left:
            out.append(Piece(fit(piece.text, left), piece.tone))
            return out
        out.append(piece)
        left -= length
    return [*out, Piece(" " * left)] if left else out


def plural(count: int, word: str) -> str:
    """`1 step`, `2 steps`, `2 sandboxes`."""
    ending = "es" if word.endswith("x") else "s"
    return f"{count} {word}{ending * (count != 1)}"
