"""One boundary for text from outside (names, tags, AWS messages) before any terminal or log.

Escapes everything that is not visible text: controls, C1, format and bidi characters, surrogates, private use and
unassigned code points; caps combining marks and length.
"""

import unicodedata

_ESCAPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_MARKS = {"Mn", "Me"}
_MOST_MARKS = 3


def safe_text(text: str, limit: int = 1000) -> str:
    r"""Return the text as one printable line: `\x1b` and the like stand for what was escaped, `…` for what was cut."""
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    out: list[str] = []
    marks = 0
    for char in text[:limit]:
        category = unicodedata.category(char)
        marks = marks + 1 if category in _MARKS else 0
        if category in _ESCAPED:
            out.append(char.encode("unicode_escape").decode("ascii"))
        elif marks <= _MOST_MARKS:
            out.append(char)
    return "".join(out) + ("…" if len(text) > limit else "")
