"""Reads from the source what no table lists: which error codes are raised and which events are told.

Only the syntax is looked at, nothing is run: a code that nobody reached yet is in the docs too.
"""

# ruff: noqa: INP001 - a neighbour of the script that uses it, no package
import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from sandboxd.model import errors


class Code(NamedTuple):
    """An error code with what is said; `…` stands for what is known only then."""

    code: str
    status: int
    detail: str
    hint: str


def codes(folder: Path) -> list[Code]:
    """Every error code under a folder, in order; the first place that says more about it counts."""
    found: dict[str, Code] = {}
    for tree in _trees(folder):
        for call, status in _refusals(tree):
            one = _code(call, status)
            if one is not None and (one.code not in found or not found[one.code].detail):
                found[one.code] = one
    return sorted(found.values())


def told(folder: Path) -> list[str]:
    """The type of every event under a folder, in order, `…` for what is known only then."""
    types = {
        _text(node.args[0])
        for tree in _trees(folder)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "say" and node.args
    }
    return sorted(one for one in types if "." in one)


def meanings(type_: type, source: str) -> dict[str, str]:
    """The sentence under each field of a struct."""
    body = next(
        node.body for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == type_.__name__
    )
    return {
        field.target.id: " ".join(ast.literal_eval(sentence.value).split())
        for field, sentence in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(sentence, ast.Expr) and isinstance(sentence.value, ast.Constant)
    }


def _trees(folder: Path) -> Iterator[ast.Module]:
    return (ast.parse(path.read_text("utf-8")) for path in sorted(folder.rglob("*.py")))


def _refusals(tree: ast.Module) -> Iterator[tuple[ast.Call, int]]:
    """Calls that make a Refusal, of the error tree or of a class of this module, with its HTTP status."""
    known = {name: one.status for name, one in vars(errors).items() if _is_refusal(one)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(
            isinstance(base, ast.Name) and base.id in known for base in node.bases
        ):
            status = _status(node) or next(known[base.id] for base in node.bases if isinstance(base, ast.Name))
            yield from ((call, status) for call in ast.walk(node) if isinstance(call, ast.Call) and _is_super(call))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known:
            yield node, known[node.func.id]


def _is_refusal(one: object) -> bool:
    return isinstance(one, type) and issubclass(one, errors.Refusal)


def _is_super(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"


def _status(node: ast.ClassDef) -> int | None:
    for one in node.body:
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name) and one.targets[0].id == "status":
            return int(ast.literal_eval(one.value))
    return None


def _code(call: ast.Call, status: int) -> Code | None:
    words = [_text(one) for one in call.args[:3]] + ["", "", ""]
    if not words[0] or not words[0].replace("_", "").replace("…", "").isalpha():
        return None
    own = [one.value for one in call.keywords if one.arg == "status"] + call.args[4:5]
    numbers = [one.value for one in own if isinstance(one, ast.Constant) and isinstance(one.value, int)]
    return Code(words[0], numbers[0] if numbers else status, words[1], words[2])


def _text(node: ast.expr) -> str:
    """A literal as it will be read, with `…` for what is put in."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in parts)
        case ast.IfExp(body=body):
            return _text(body)
        case _:
            return ""
