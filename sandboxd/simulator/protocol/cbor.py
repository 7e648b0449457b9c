"""CBOR, as much of RFC 8949 as AWS's services and botocore send: to bytes and back. Times bear tag 1."""

import struct
from datetime import UTC, datetime
from typing import Any, Final

UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
_SIZES: Final = {24: 1, 25: 2, 26: 4, 27: 8}
_CONSTANTS: Final = {20: False, 21: True, 22: None, 23: None}
_NAMES: Final = {value: info for info, value in reversed(_CONSTANTS.items())}
_FLOATS: Final = {25: ">e", 26: ">f", 27: ">d"}
_OPEN: Final = 31
"""additional information: the length is not known beforehand"""
_BREAK: Final = 0xFF
_SMALL: Final = 24
_DEEPEST: Final = 64
EPOCH: Final = 1


class CborError(ValueError):
    """Bytes that are no CBOR, or no CBOR that is known here."""


# ---- to bytes
def dumps(value: Any) -> bytes:
    """A value as bytes."""
    out = bytearray()
    _write(value, out)
    return bytes(out)


def _write(value: Any, out: bytearray) -> None:
    match value:
        case None | bool():
            out.append(_first(SIMPLE, _NAMES[value]))
        case int():
            _head(UNSIGNED if value >= 0 else NEGATIVE, value if value >= 0 else -1 - value, out)
        case float():
            out += bytes([_first(SIMPLE, 27)]) + struct.pack(">d", value)
        case datetime():
            _head(TAG, EPOCH, out)
            _write(value.timestamp(), out)
        case list() | tuple() | dict():
            _write_all(value, out)
        case _:
            data = value if isinstance(value, bytes) else str(value).encode()
            _head(BYTES if isinstance(value, bytes) else TEXT, len(data), out)
            out += data


def _write_all(value: Any, out: bytearray) -> None:
    _head(MAP if isinstance(value, dict) else ARRAY, len(value), out)
    parts = (part for pair in value.items() for part in pair) if isinstance(value, dict) else value
    for one in parts:
        _write(one, out)


def _first(major: int, info: int) -> int:
    return major << 5 | info


def _head(major: int, number: int, out: bytearray) -> None:
    if number < _SMALL:
        out.append(_first(major, number))
        return
    for info, size in _SIZES.items():
        if number < 1 << 8 * size:
            out.append(_first(major, info))
            out += number.to_bytes(size, "big")
            return
    raise CborError(f"{number} has more than 64 bits")


# ---- from bytes
def loads(data: bytes) -> Any:
    """The one value in the bytes; CborError for anything else."""
    reader = _Reader(data)
    value = reader.value(0)
    if reader.at != len(data):
        raise CborError(f"{len(data) - reader.at} bytes stand after the value")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def value(self, depth: int) -> Any:
        if depth > _DEEPEST:
            raise CborError("nested too deep")
        first = self._take(1)[0]
        major, info = first >> 5, first & 0b11111
        if major in (ARRAY, MAP):
            return self._many(major, info, depth + 1)
        match major:
            case 0 | 1:
                return self._number(info) if major == UNSIGNED else -1 - self._number(info)
            case 2 | 3:
                return self._string(major, info)
            case 6:
                return self._tagged(self._number(info), depth + 1)
        return self._simple(info)

    def _many(self, major: int, info: int, depth: int) -> Any:
        if major == ARRAY:
            return [self.value(depth) for _ in self._times(info)]
        return {self._key(depth): self.value(depth) for _ in self._times(info)}

    def _take(self, size: int) -> bytes:
        found = self._data[self.at : self.at + size]
        if len(found) != size:
            raise CborError("the bytes end in the middle of a value")
        self.at += size
        return found

    def _number(self, info: int) -> int:
        if info < _SMALL:
            return info
        if info not in _SIZES:
            raise CborError(f"no number begins with {info}")
        return int.from_bytes(self._take(_SIZES[info]), "big")

    def _times(self, info: int) -> Any:
        """One round for each item, also where only a mark says that it was the last one."""
        if info != _OPEN:
            yield from range(self._number(info))
            return
        while self._data[self.at : self.at + 1] != bytes([_BREAK]):
            yield 0
        self.at += 1

    def _string(self, major: int, info: int) -> bytes | str:
        if info == _OPEN:
            found = b"".join(self._take(self._number(self._take(1)[0] & 0b11111)) for _ in self._times(info))
        else:
            found = self._take(self._number(info))
        try:
            return found if major == BYTES else found.decode()
        except UnicodeDecodeError:
            raise CborError("a text that is no UTF-8") from None

    def _key(self, depth: int) -> str:
        key = self.value(depth)
        if not isinstance(key, str):
            raise CborError("a key that is no text")
        return key

    def _tagged(self, tag: int, depth: int) -> Any:
        value = self.value(depth)
        if tag != EPOCH or isinstance(value, bool) or not isinstance(value, int | float):
            raise CborError(f"tag {tag} of {type(value).__name__} is not known")
        try:
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            raise CborError(f"{value} is no time") from None

    def _simple(self, info: int) -> Any:
        if info in _CONSTANTS:
            return _CONSTANTS[info]
        if info not in _FLOATS:
            raise CborError(f"no simple value has the number {info}")
        return struct.unpack(_FLOATS[info], self._take(_SIZES[info]))[0]
