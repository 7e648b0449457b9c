"""What botocore's models say of parameters and botocore itself does not check: lengths, ranges, patterns, and words of a list."""

import functools
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.model import Shape

CLASSES = {
    r"\p{L}": "A-Za-zÀ-ÿ", r"\p{Z}": " ", r"\p{N}": "0-9", r"\p{M}": "", r"\p{S}": "$+<=>^`|~", r"\p{P}": r"!-/:-@\[-`{-~",
    r"\p{Alnum}": "A-Za-z0-9",
}  # fmt: skip
"""classes of characters that Python's patterns do not know"""


@functools.cache
def _service(name: str) -> Any:
    return botocore.session.get_session().get_service_model(name)


def broken(service: str, operation: str, parameters: Any) -> Iterator[str]:
    """What a call's parameters break, as sentences with the path."""
    yield from _walk(_service(service).operation_model(operation).input_shape, parameters, f"{service}.{operation}")


def _walk(shape: Shape, value: Any, path: str) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            for name, one in value.items():
                if name not in shape.members:
                    yield f"{path} has no {name}"
                else:
                    yield from _walk(shape.members[name], one, f"{path}.{name}")
        case "list":
            yield from _sized(shape, len(value), path)
            for one in value:
                yield from _walk(shape.member, one, f"{path}[]")
        case "map":
            for name, one in value.items():
                yield from _walk(shape.key, name, f"{path}{{}}")
                yield from _walk(shape.value, one, f"{path}.{name}")
        case "string":
            yield from _text(shape, value, path)
        case "integer" | "long" | "float" | "double":
            yield from _sized(shape, value, path)


def _sized(shape: Shape, size: float, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"{path}: {size} is less than {least}"
    if most is not None and size > most:
        yield f"{path}: {size} is more than {most}"


def _text(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{path}: {value!r} is no text"
        return
    yield from _sized(shape, len(value), path)
    if shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is none of {shape.enum}"
    if (pattern := shape.metadata.get("pattern")) and not re.search(f"^(?:{_python(pattern)})$", value, re.DOTALL):
        yield f"{path}: {value!r} is not {pattern}"


@functools.cache
def _python(pattern: str) -> str:
    """The pattern as Python has it."""
    for theirs, ours in CLASSES.items():
        pattern = pattern.replace(theirs, ours)
    return pattern.replace(r"\x{", r"\x")
