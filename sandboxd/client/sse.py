"""Server-sent events, without I/O: bytes in, events, resets and heartbeats out; and where to resume.

A frame of a kind that this client does not know counts as a sign of life: an older client works with a newer daemon.
"""

from collections.abc import Iterator
from typing import TypeAlias

import msgspec
from msgspec import Struct

from sandboxd.wire.things import Event

SILENCE = 15.0
"""real seconds without a byte after which a stream counts as dead; the daemon sends a heartbeat every 5"""


class Reset(Struct, frozen=True):
    """The daemon cannot continue from our id: fetch the snapshot again."""

    id: str


class Beat(Struct, frozen=True):
    """The stream is alive; `position` is the daemon's last event, where it said so."""

    position: int | None = None


Told: TypeAlias = Event | Reset | Beat


class Stream:
    """The state of one stream; `last_id` is where a new one resumes."""

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self._name, self._id = "", ""
        self._data: list[str] = []
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Told]:
        """Return what these bytes complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield from self._line(line.rstrip(b"\r").decode("utf-8", "replace"))

    def missed(self, beat: Beat) -> bool:
        """Whether the daemon says it has told more than what arrived: something was lost on the way."""
        known = self.last_id.rpartition("-")[2]
        return beat.position is not None and known.isdigit() and beat.position > int(known)

    def _line(self, line: str) -> Iterator[Told]:
        if not line:
            yield from self._whole()
            return
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "":
                yield Beat(int(value) if value.isascii() and value.isdigit() else None)
            case "id":
                self._id = value
            case "event":
                self._name = value
            case "data":
                self._data.append(value)

    def _whole(self) -> Iterator[Told]:
        name, data, identifier = self._name, "\n".join(self._data), self._id
        self._name, self._id = "", ""
        self._data.clear()
        if not data:
            return
        self.last_id = identifier or self.last_id
        if name == "reset":
            yield Reset(identifier)
        elif name:
            yield Beat()
        else:
            yield msgspec.json.decode(data, type=Event)
