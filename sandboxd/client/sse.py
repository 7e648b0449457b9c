"""Server-sent events, without I/O: lines in, events, resets and heartbeats out; and where to resume."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from sandboxd.wire.things import Event

SILENCE = 15.0
"""real seconds without a byte after which a stream counts as dead; the daemon sends a heartbeat every 5"""


class Reset(Struct, frozen=True):
    """The daemon cannot continue from our id: fetch the snapshot again."""

    id: str


class Beat(Struct, frozen=True):
    """The stream is alive."""


class Stream:
    """The state of one stream; `last_id` is where a new one resumes."""

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self._name, self._data, self._id = "", "", ""
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Event | Reset | Beat]:
        """What these bytes complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield from self._line(line.rstrip(b"\r").decode("utf-8", "replace"))

    def _line(self, line: str) -> Iterator[Event | Reset | Beat]:
        if not line:
            yield from self._whole()
        elif line.startswith(":"):
            yield Beat()
        else:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            match name:
                case "id":
                    self._id = value
                case "event":
                    self._name = value
                case "data":
                    self._data += value

    def _whole(self) -> Iterator[Event | Reset | Beat]:
        name, data, identifier = self._name, self._data, self._id
        self._name, self._data, self._id = "", "", ""
        if not data:
            return
        self.last_id = identifier or self.last_id
        if name == "reset":
            yield Reset(identifier)
        elif name:
            yield Beat()
        else:
            yield msgspec.json.decode(data, type=Event)
