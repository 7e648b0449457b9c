"""Refusals as problem documents (RFC 9457), and msgspec's complaints as refusals with a JSON pointer."""

import difflib
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec.structs import fields

from sandboxd.model.errors import BadRequest, Refusal
from sandboxd.wire.text import safe_text
from sandboxd.wire.things import Problem

_PATH = re.compile(r" - at `([^`]*)`$")
_FIELD = re.compile(r"Object (contains unknown|missing required) field `([^`]*)`")
_PART = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
_LONGEST_VALUE = 60


def problem(refusal: Refusal, request_id: str) -> Problem:
    """Return the document that says why a request was refused."""
    return Problem(
        type="about:blank",
        title=HTTPStatus(refusal.status).phrase,
        status=refusal.status,
        detail=refusal.detail,
        code=refusal.code,
        request_id=request_id,
        pointer=refusal.pointer or None,
        hint=refusal.hint or None,
    )


def invalid(error: msgspec.ValidationError, wanted: Any, given: Any, status: int = 422) -> Refusal:
    """Return what is wrong with a body or query that parses but does not fit: where, what, and what was given."""
    text = str(error)
    path = found[1] if (found := _PATH.search(text)) else "$"
    said = _PATH.sub("", text)
    pointer = "".join("/" + escape(name or index or "*") for name, index in _PART.findall(path))
    if (field := _FIELD.search(said)) is not None:
        return _about_field(field[1] == "missing required", field[2], pointer, wanted, status)
    value = _dig(given, pointer)
    seen = f", got {safe_text(repr(value), _LONGEST_VALUE)}" if isinstance(value, str | int | float) else ""
    said = said.replace(", got `str`", "").replace(", got `int`", "").replace(", got `float`", "") if seen else said
    where = pointer.lstrip("/") or "the body"
    return BadRequest("invalid_field", f"{where}: {said}{seen}", "", pointer, status)


def _about_field(missing: bool, name: str, pointer: str, wanted: Any, status: int) -> Refusal:
    here = f"{pointer}/{escape(name)}"
    if missing:
        return BadRequest("missing_field", f"The field {name!r} is missing.", "", here, status)
    known = [field.encode_name for field in fields(wanted)] if not pointer and isinstance(wanted, type) else []
    return BadRequest(
        "unknown_field", f"There is no field {safe_text(name)!r} here.", nearest(name, known), here, status
    )


def nearest(name: str, known: Sequence[str]) -> str:
    """Return a suggestion, or which names there are."""
    if near := difflib.get_close_matches(name, known, n=1):
        return f"Did you mean {near[0]!r}?"
    return f"Possible: {', '.join(known)}." if known else ""


def escape(part: str) -> str:
    """Return a member's name as a part of a JSON pointer."""
    return part.replace("~", "~0").replace("/", "~1")


def _dig(value: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value
