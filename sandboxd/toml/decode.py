"""TOML text into a struct, or all its mistakes.

msgspec stops at the first mistake; here each one is noted, taken out of the data, and the rest is tried again.
"""

import copy
import difflib
import re
import stat
import tomllib
from pathlib import Path as FilePath
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from sandboxd.toml.places import Path, Place, Places

T = TypeVar("T")
LARGEST = 64 * 1024
MOST = 50
ELLIPSIS = "..."
_AT = re.compile(r"^(.*?)(?: - at `([^`]*)`)?$", re.DOTALL)
_TOKEN = re.compile(r"\[(\d+)\]|(?:^|\.|\[)(\.\.\.|[^.\[\]]+)\]?")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_SYNTAX = re.compile(r"^(.*) \(at line (\d+), column (\d+)\)$")


class Mistake(Struct, frozen=True):
    """One mistake, where it stands, and what was probably meant."""

    where: str
    path: str
    text: str
    hint: str = ""
    line: str = ""

    def __str__(self) -> str:
        said = f"{self.where}: {self.path + ': ' if self.path else ''}{self.text}"
        return said + (f", {self.hint}" if self.hint else "") + (f"\n    {self.line.strip()}" if self.line else "")


class TomlError(ValueError):
    """All mistakes of one text."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(one) for one in mistakes))
        self.mistakes = mistakes


def read_text(path: FilePath) -> str:
    """The text of a file that is a file, not too large, and UTF-8; raise TomlError."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise TomlError([Mistake(str(path), "", "is not a regular file")])
        if found.st_size > LARGEST:
            raise TomlError([Mistake(str(path), "", f"has {found.st_size} bytes; at most {LARGEST} are read")])
        return path.read_text("utf-8")
    except OSError as error:
        raise TomlError([Mistake(str(path), "", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise TomlError([Mistake(str(path), "", "is not UTF-8 text")]) from error


def decode_file(path: FilePath, type_: type[T]) -> T:
    """The struct in a file; raise TomlError."""
    return decode(read_text(path), type_, str(path))


def decode(text: str, type_: type[T], name: str) -> T:
    """The struct in a text; raise TomlError with every mistake."""
    try:
        return _convert(_parse(text, name), text, type_, name)
    except RecursionError:
        raise TomlError([Mistake(name, "", "is nested too deeply")]) from None


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlError([_syntax(error, text, name)]) from error
    except ValueError as error:  # a number with thousands of digits
        raise TomlError([Mistake(name, "", f"cannot be read: {str(error).partition(';')[0]}")]) from error


def _convert(data: dict[str, Any], text: str, type_: type[T], name: str) -> T:
    places = Places(text)
    mistakes: list[Mistake] = []
    taken: list[Path] = []
    while len(taken) < MOST:
        try:
            value = msgspec.convert(data, type_)
        except msgspec.ValidationError as error:
            path, words, gone = _understand(str(error))
            gone = _named(data, gone, type_, str(error))
            if not _is_ours(words, gone, taken):
                mistakes.append(_mistake(name, places.find(gone), gone, words, type_))
            if not _take_out(data, gone, path):
                break
            taken.append(gone)
        else:
            if mistakes:
                break
            return value
    raise TomlError(sorted(mistakes, key=lambda one: [int(n) for n in re.findall(r"\d+", one.where)[-2:]]))


def _is_ours(words: str, path: Path, taken: list[Path]) -> bool:
    """Whether something is missing only because it was wrong and was taken out."""
    return any(f"missing required field `{gone[-1]}`" in words and gone[:-1] == path for gone in taken)


def _syntax(error: tomllib.TOMLDecodeError, text: str, name: str) -> Mistake:
    found = _SYNTAX.match(str(error))
    if found is None:
        return Mistake(f"{name}:{text.count(chr(10)) + 1}:1", "", str(error))
    line = text.splitlines()[int(found[2]) - 1] if int(found[2]) <= len(text.splitlines()) else ""
    return Mistake(f"{name}:{found[2]}:{found[3]}", "", found[1], line=line)


def _understand(message: str) -> tuple[Path, str, Path]:
    """Path of the object, the words, and the path of what is wrong."""
    found = _AT.match(message)
    assert found is not None
    words, at = found[1], (found[2] or "$").removeprefix("$")
    path: Path = tuple(int(number) if number else name for number, name in _TOKEN.findall(at))
    if unknown := _UNKNOWN.match(words):
        return path, f"there is no such key {unknown[1]!r}", (*path, unknown[1])
    return path, words[0].lower() + words[1:], path


def _named(data: Any, path: Path, type_: Any, message: str) -> Path:
    """The path with the keys that msgspec does not name: those whose value alone gives the same message."""
    while ELLIPSIS in path:
        at = path.index(ELLIPSIS)
        key = next(
            (k for k in _reached(data, path[:at]) if _message(_only(data, path[:at], k), type_) == message), None
        )
        if key is None:
            return path[:at]
        path = (*path[:at], key, *path[at + 1 :])
    return path


def _reached(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _only(data: Any, path: Path, key: str) -> Any:
    """A copy in which the mapping at a path has one key only."""
    trial = copy.deepcopy(data)
    mapping = _reached(trial, path)
    for other in [one for one in mapping if one != key]:
        del mapping[other]
    return trial


def _message(data: Any, type_: Any) -> str:
    try:
        msgspec.convert(data, type_)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _mistake(name: str, place: Place, path: Path, words: str, type_: Any) -> Mistake:
    said = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
    hint = ""
    if words.startswith("there is no such key"):
        known = _fields(type_, path[:-1])
        near = difflib.get_close_matches(str(path[-1]), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}" if known else ""
    return Mistake(f"{name}:{place.line}:{place.column}", said, words, hint, place.text)


def _fields(type_: Any, path: Path) -> list[str]:
    """The keys that are known at a path."""
    info = msgspec.inspect.type_info(type_)
    for part in path:
        info = _inner(info, part)
    info = _plain(info)
    return [one.encode_name for one in info.fields] if isinstance(info, msgspec.inspect.StructType) else []


def _plain(info: Any) -> Any:
    if isinstance(info, msgspec.inspect.UnionType):
        return next((one for one in info.types if not isinstance(one, msgspec.inspect.NoneType)), info)
    return info.type if isinstance(info, msgspec.inspect.Metadata) else info


def _inner(info: Any, part: str | int) -> Any:
    match _plain(info):
        case msgspec.inspect.StructType(fields=fields):
            return next((one.type for one in fields if one.encode_name == part), info)
        case msgspec.inspect.DictType(value_type=value):
            return value
        case msgspec.inspect.ListType(item_type=item) | msgspec.inspect.VarTupleType(item_type=item):
            return item
    return info


def _take_out(data: Any, gone: Path, owner: Path) -> bool:
    """Take what is wrong out of the data; a thing that lacks something goes as a whole. False: nothing is left."""
    path = gone or owner
    if not path:
        return False
    for part in path[:-1]:
        data = _child(data, part)
        if data is None:
            return False
    try:
        del data[path[-1]]
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _child(data: Any, part: str | int) -> Any:
    try:
        return data[part]
    except (KeyError, IndexError, TypeError):
        return None
