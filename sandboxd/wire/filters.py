"""The one filter grammar of CLI, API and dashboard: `state=started tenant~acme, name!="old bank"`.

Terms are joined by spaces, commas or the word `and`, and all must hold. `=` and `!=` compare exactly, `~` and `!~` look
for a part without regard to case; a bare word is looked for in every field. Pure.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from sandboxd.model.errors import BadRequest

Op: TypeAlias = Literal["=", "!=", "~", "!~"]
_TOKEN = re.compile(
    r"""(?P<gap>[\s,]+)
      | (?P<field>[A-Za-z_][\w.\-]*)\s*(?P<op>!=|!~|=|~)\s*
      | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<word>[^\s,"'=~!]+)""",
    re.VERBOSE,
)
_LONGEST = 1000


class FilterError(BadRequest):
    """A filter that cannot be read; `position` counts characters from 0."""

    def __init__(self, text: str, position: int, detail: str, hint: str = "") -> None:
        pointed = f"{text}\n{' ' * position}^"
        super().__init__("filter_invalid", f"Filter: {detail} at character {position + 1}.\n{pointed}", hint)
        self.position = position


class Term(Struct, frozen=True):
    """One condition; without a field it is looked for in all of them."""

    field: str
    op: Op
    value: str


class Filter(Struct, frozen=True):
    """Conditions that must all hold; no condition holds for everything."""

    terms: tuple[Term, ...] = ()

    def matches(self, thing: Any) -> bool:
        """Whether a struct or mapping fulfils all terms."""
        return all(_holds(term, thing) for term in self.terms)


def parse(text: str, fields: Sequence[str] = ()) -> Filter:
    """Read a filter; with `fields` given, others are errors with a suggestion. Raises `FilterError`."""
    if len(text) > _LONGEST:
        raise FilterError(text[:40] + "…", _LONGEST, f"it is longer than {_LONGEST} characters")
    terms: list[Term] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise FilterError(text, at, f"{text[at]!r} is not expected", "A term is FIELD=VALUE, !=, ~ or !~.")
        begun, at = at, match.end()
        if match["op"]:
            _check_field(text, begun, match["field"], fields)
            value, at = _value(text, at)
            terms.append(Term(match["field"], match["op"], value))  # type: ignore[arg-type]
        elif not match["gap"] and match["word"] != "and":
            terms.append(Term("", "~", _unquoted(match[0])))
    return Filter(tuple(terms))


def _value(text: str, at: int) -> tuple[str, int]:
    match = _TOKEN.match(text, at)
    if match is not None and match["quoted"]:
        return _unquoted(match[0]), match.end()
    plain = re.compile(r"[^\s,\"']+").match(text, at)
    if plain is None:
        raise FilterError(text, at, "a value is missing", 'Empty values are written "".')
    return plain[0], plain.end()


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[0] in "\"'" else text


def _check_field(text: str, at: int, name: str, fields: Sequence[str]) -> None:
    if not fields or name.partition(".")[0] in fields:
        return
    near = difflib.get_close_matches(name, fields, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Fields: {', '.join(fields)}."
    raise FilterError(text, at, f"there is no field {name!r}", hint)


def _holds(term: Term, thing: Any) -> bool:
    if not term.field:
        wanted = term.value.lower()
        return any(wanted in text.lower() for text in _all_texts(thing))
    text = _text(_dig(thing, term.field))
    match term.op:
        case "=":
            return text == term.value
        case "!=":
            return text != term.value
        case "~":
            return term.value.lower() in text.lower()
        case "!~":
            return term.value.lower() not in text.lower()


def _dig(thing: Any, path: str) -> Any:
    for name in path.split(".") if not isinstance(thing, Mapping) or path not in thing else [path]:
        thing = thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
    return thing


def _all_texts(thing: Any) -> list[str]:
    values = thing.values() if isinstance(thing, Mapping) else (getattr(thing, n) for n in thing.__struct_fields__)
    return [_text(value) for value in values if isinstance(value, str | int | float)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
