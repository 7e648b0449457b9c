"""One store of rows: every simulated resource is a row with an id, an owner, tags and a state that follows from the clock.

Durations, references that hold a resource, client tokens and visibility are properties of rows and of this store,
written once; operations are a few lines over it.
"""

import copy
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandboxd.simulator.calls import Request, is_mutation
from sandboxd.simulator.consistency import CALM, Former, Haze, Weather
from sandboxd.simulator.errors import ApiError, not_found

PREFIXES = {
    "vpc": "vpc", "subnet": "subnet", "internet-gateway": "igw", "route-table": "rtb", "association": "rtbassoc",
    "security-group": "sg", "rule": "sgr", "elastic-ip": "eipalloc", "nat-gateway": "nat", "machine": "i",
    "interface": "eni", "volume": "vol", "image": "ami", "snapshot": "snap", "network-acl": "acl",
    "reservation": "r", "attachment": "eni-attach", "eip-association": "eipassoc", "acl-association": "aclassoc",
    "dhcp": "dopt", "endpoint-service": "vpce-svc", "endpoint": "vpce",
}  # fmt: skip

GONE = frozenset({"deleted", "terminated", "failed-gone"})
LINGER = 3600.0
GHOST = 6 * 3600.0
"""seconds for which the index of tags still lists what is gone"""
LINGERING = ("machine", "nat-gateway")
"""kinds that a describe still shows for a while after they are gone"""


class Row:
    """One resource. `timeline` holds (moment, state), the last one that has come is the state."""

    __slots__ = ("account", "created", "data", "haze", "id", "kind", "refs", "region", "tags", "timeline")

    def __init__(self, kind: str, identifier: str, account: str, region: str, created: float) -> None:
        self.kind, self.id, self.account, self.region, self.created = kind, identifier, account, region, created
        self.data: dict[str, Any] = {}
        self.tags: dict[str, str] = {}
        self.refs: dict[str, str] = {}
        self.haze: Haze | None = None
        """what reads do not see yet; None in calm weather"""
        self.timeline: list[tuple[float, str]] = [(created, "available")]

    def state(self, now: float) -> str:
        """The state that has come by now."""
        at, state = self.timeline[-1]
        if at <= now:
            return state
        for at, state in reversed(self.timeline):
            if at <= now:
                return state
        return self.timeline[0][1]

    def since(self, now: float) -> float:
        """When the present state came."""
        return next((at for at, _ in reversed(self.timeline) if at <= now), self.created)

    def goes(self, now: float, *states: tuple[float, str]) -> None:
        """Cut the future off; from now on these states come after these seconds."""
        self.timeline = [(at, state) for at, state in self.timeline if at <= now]
        self.timeline += [(now + after, state) for after, state in states]

    def shows(self, q: Request) -> bool:
        """Whether a call that changes something finds it: there already, and still."""
        return not self.hides(q) and self.is_listed(q.now)

    def hides(self, q: Request) -> bool:
        """Whether this call does not see it yet, or a read has lost sight of it."""
        haze = self.haze
        if haze is None:
            return False
        return haze.hides(q.now) or (haze.blinks(q.now) and not is_mutation(q.operation))

    def seen_by(self, q: Request) -> "Row | None":
        """What this read sees of it, if it sees it."""
        if self.haze is None:
            return self
        return None if self.hides(q) else self.as_seen(q.now)

    def as_seen(self, now: float) -> "Row":
        """What a read sees of it at this moment: itself, or a copy that lags behind."""
        haze = self.haze
        if haze is None or haze.is_over(now, self.timeline[-1][0]):
            return self
        seen = Row(self.kind, self.id, self.account, self.region, self.created)
        seen.haze, seen.data, seen.tags, seen.refs = haze, self.data, self.tags, self.refs
        seen.timeline = [(at + haze.lag if at > self.created else at, state) for at, state in self.timeline]
        if haze.former is not None and now < haze.former.until:
            _, seen.data, seen.tags, seen.refs = haze.former
        if now < haze.tags_from:
            seen.tags = {}
        return seen

    def is_gone(self, now: float) -> bool:
        """Whether it no longer holds or counts for anything."""
        return self.state(now) in GONE

    def is_listed(self, now: float) -> bool:
        """Whether a describe still shows it: what is gone lingers for an hour, what was only removed does not."""
        return self.state(now) not in GONE or (self.kind in LINGERING and now < self.since(now) + LINGER)


class Rows:
    """All rows of the world, by id, in the order in which they were made."""

    def __init__(self, *, seed: int) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self._rows: dict[str, Row] = {}
        self._by_place: dict[tuple[str, str], dict[str, dict[str, Row]]] = {}
        self._holders: dict[str, dict[str, Row]] = {}
        self._ghosts: dict[str, tuple[float, Row]] = {}
        self._indexed: list[tuple[float, Row]] = []
        """until when the index of tags lists what is forgotten here"""
        self.tokens: dict[tuple[str, ...], tuple[str, str]] = {}
        self.weather: Weather = CALM
        self.now = 0.0
        """the moment of the call that is being carried out"""

    @contextmanager
    def clear_sky(self) -> Iterator[None]:
        """What is made here has been there for long."""
        weather, self.weather = self.weather, CALM
        try:
            yield
        finally:
            self.weather = weather

    def hex(self, digits: int = 17) -> str:
        """Hexadecimal digits as in AWS's ids."""
        return f"{self.rng.getrandbits(4 * digits):0{digits}x}"

    def new_id(self, kind: str) -> str:
        """A fresh id of a kind."""
        return f"{PREFIXES[kind]}-{self.hex()}"

    def make(self, kind: str, account: str, region: str, now: float, identifier: str = "") -> Row:
        """Make a row."""
        row = Row(kind, identifier or self.new_id(kind), account, region, now)
        row.haze = self.weather.haze(now)
        return self.put(row)

    def put(self, row: Row) -> Row:
        """Take a row in (a new one, or one of a saved world)."""
        self._rows[row.id] = row
        self._by_place.setdefault((row.region, row.kind), {}).setdefault(row.account, {})[row.id] = row
        for held in row.refs.values():
            self._holders.setdefault(held, {})[row.id] = row
        return row

    def refer(self, row: Row, **refs: str) -> None:
        """Note what a row stands on, by role."""
        row.refs |= refs
        for held in refs.values():
            self._holders.setdefault(held, {})[row.id] = row

    def unrefer(self, row: Row, role: str) -> None:
        """A row no longer stands on what plays this role."""
        if (held := row.refs.pop(role, None)) and held not in row.refs.values():
            self._holders.get(held, {}).pop(row.id, None)

    def drop(self, row: Row) -> None:
        """Forget a row; in bad weather reads list it for a while yet."""
        if late := self.weather.late(self.now):
            self._ghosts[row.id] = (self.now + late, row.as_seen(self.now))
        self._forget(row)

    def _forget(self, row: Row) -> None:
        if row.tags:
            gone = row.since(self.now) if row.is_gone(self.now) else self.now
            self._indexed.append((gone + GHOST, row))
        del self._rows[row.id]
        del self._by_place[row.region, row.kind][row.account][row.id]
        for held in row.refs.values():
            self._holders.get(held, {}).pop(row.id, None)

    def all(self) -> list[Row]:
        """Every row, in the order in which they were made."""
        return list(self._rows.values())

    def sweep(self, now: float) -> None:
        """Forget what no describe shows any more; a token that names such a row stays and is answered as such."""
        for row in self.all():
            if not row.is_listed(now):
                self._forget(row)
        self._ghosts = {key: one for key, one in self._ghosts.items() if now < one[0]}
        self._indexed = [one for one in self._indexed if now < one[0]]

    def ghosts(self, now: float) -> list[Row]:
        """What is gone, and whose tags are still listed by the index of tags; not saved with the world."""
        return [row for until, row in self._indexed if now < until]

    def of(self, account: str, region: str, kind: str) -> list[Row]:
        """The rows of one kind in one place."""
        return list(self._place(account, region, kind).values())

    def _place(self, account: str, region: str, kind: str) -> dict[str, Row]:
        return self._by_place.get((region, kind), {}).get(account, {})

    def everywhere(self, region: str, kind: str) -> list[Row]:
        """The rows of one kind in a region, whoever owns them."""
        return [row for rows in self._by_place.get((region, kind), {}).values() for row in rows.values()]

    def find(self, identifier: str) -> Row | None:
        """A row by id, wherever it is."""
        return self._rows.get(identifier)

    def get(self, kind: str, identifier: str, q: Request) -> Row:
        """A row of the caller's in this region that the operation can find; the kind's NotFound otherwise."""
        row = self._rows.get(identifier)
        if row is None or (row.kind, row.account, row.region) != (kind, q.account, q.region) or not row.shows(q):
            raise not_found(kind, identifier)
        self.touch(row, q)
        return row

    def touch(self, row: Row, q: Request) -> None:
        """A call that changes something may change this row: in bad weather reads see for a while what it was."""
        if self.weather is not CALM and is_mutation(q.operation) and (late := self.weather.late(q.now)):
            row.haze = row.haze or Haze(row.created)
            row.haze.former = Former(q.now + late, copy.deepcopy(row.data), dict(row.tags), dict(row.refs))

    def seen(self, q: Request, kind: str, ids: list[str] | None = None) -> list[Row]:
        """What a read sees of the caller's rows of one kind; an id that it does not see is the kind's NotFound."""
        place = self._place(q.account, q.region, kind)
        ghosts = self._ghosts_of(q, kind) if self._ghosts else {}
        if not ids:
            there = (row.seen_by(q) for row in place.values())
            return [row for row in there if row is not None and row.is_listed(q.now)] + list(ghosts.values())
        rows = []
        for one in ids:
            row = place.get(one)
            seen = (row.seen_by(q) if row is not None else None) or ghosts.get(one)
            if seen is None or not seen.is_listed(q.now):
                raise not_found(kind, one)
            rows.append(seen)
        return rows

    def _ghosts_of(self, q: Request, kind: str) -> dict[str, Row]:
        """What was deleted and is still listed."""
        return {
            row.id: row for until, row in self._ghosts.values()
            if q.now < until and (row.kind, row.account, row.region) == (kind, q.account, q.region)
        }  # fmt: skip

    def answered(self, kind: str, identifier: str) -> Row:
        """What a client token was answered with before, seen or not; NotFound when it is forgotten."""
        if (row := self._rows.get(identifier)) is None:
            raise not_found(kind, identifier)
        return row

    def holders(self, identifier: str, now: float, *kinds: str) -> list[Row]:
        """What stands on a resource and is not gone."""
        rows = self._holders.get(identifier, {}).values()
        return [row for row in rows if not row.is_gone(now) and (not kinds or row.kind in kinds)]

    def token(self, scope: tuple[str, ...], digest: str) -> str | None:
        """The id that a client token was answered with; IdempotentParameterMismatch for other parameters."""
        if scope not in self.tokens:
            return None
        identifier, known = self.tokens[scope]
        if known != digest:
            words = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
            raise ApiError("IdempotentParameterMismatch", words)
        return identifier
