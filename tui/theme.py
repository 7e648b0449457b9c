"""Two themes whose colours stay apart for every kind of colour vision, and the styles of tones in whichever theme is on.

Blue, yellow and orange on dark, blue, ochre and dark red on light: all have a contrast of at least 5.8 to the ground.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from rich.style import Style
from textual.theme import Theme

from tui.words import Tone

DARK: Final = Theme(
    name="sandboxd-dark", dark=True, primary="#56B4E9", secondary="#3A6E8F", accent="#56B4E9", success="#56B4E9",
    warning="#F0E442", error="#E8703A", foreground="#D8D8D8", background="#121212", surface="#1A1A1A", panel="#26303A",
    variables={"input-selection-background": "#56B4E9 35%", "block-cursor-text-style": "bold"},
)  # fmt: skip
LIGHT: Final = Theme(
    name="sandboxd-light", dark=False, primary="#005FCC", secondary="#7FA8D9", accent="#005FCC", success="#005FCC",
    warning="#806000", error="#5B0020", foreground="#1C1C1C", background="#FFFFFF", surface="#F4F4F4", panel="#DCE6F2",
    variables={"block-cursor-text-style": "bold"},
)  # fmt: skip


def styles(theme: Theme) -> Mapping[Tone, Style]:
    """Return the style of each tone, on the theme's ground."""
    ground = theme.background or ("#121212" if theme.dark else "#FFFFFF")
    text = theme.foreground or ("#E0E0E0" if theme.dark else "#1C1C1C")
    primary = theme.primary
    signal = (theme.success or primary, theme.warning or primary, theme.error or primary, theme.accent or primary)
    return _styles(ground, text, "#8A8F94" if theme.dark else "#63686E", *signal)


@cache
def _styles(ground: str, text: str, faint: str, ok: str, warn: str, bad: str, accent: str) -> Mapping[Tone, Style]:
    """Trouble is bold too, so that it stands out without colours."""
    return {
        "": Style(color=text, bgcolor=ground),
        "dim": Style(color=faint, bgcolor=ground),
        "strong": Style(color=text, bgcolor=ground, bold=True),
        "ok": Style(color=ok, bgcolor=ground),
        "busy": Style(color=warn, bgcolor=ground),
        "warn": Style(color=warn, bgcolor=ground, bold=True),
        "bad": Style(color=bad, bgcolor=ground, bold=True),
        "accent": Style(color=accent, bgcolor=ground, bold=True),
    }


def cursor(theme: Theme, *, focused: bool) -> Style:
    """Return what is laid over the row of the cursor."""
    return Style(bgcolor=theme.panel or ("#26303A" if theme.dark else "#DCE6F2"), bold=focused)
