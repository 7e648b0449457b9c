"""Nothing that steers a terminal gets through `safe_text`."""

from hypothesis import given
from hypothesis import strategies as st

from sandboxd.wire.text import safe_text


@given(st.text())
def test_what_comes_out_is_printable(text):
    """Whatever goes in: no control, no escape, no bidi override, no separator."""
    out = safe_text(text)
    assert not [c for c in out if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u2028\u200d\ufeff"]


def test_known_attacks_are_shown_as_text():
    """The clipboard write, the C1 control, and the pile of combining marks."""
    assert safe_text("\x1b]52;c;x\x07") == "\\x1b]52;c;x\\x07"
    assert safe_text("\x9b2J") == "\\x9b2J"
    assert len(safe_text("a" + "\u0301" * 900)) == 4
    assert safe_text("x" * 2000) == "x" * 1000 + "…"
    assert safe_text("Zürich – 東京") == "Zürich – 東京"
