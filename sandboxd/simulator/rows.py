"""One store of rows: every simulated resource is a row with an id, an owner, tags and a state that follows from the clock.

Durations, references that hold a resource, client tokens and visibility are properties of rows and of this store,
written once; operations are a few lines over it.
"""

import random
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError, not_found

PREFIXES = {
    "vpc": "vpc", "subnet": "subnet", "internet-gateway": "igw", "route-table": "rtb", "association": "rtbassoc",
    "security-group": "sg", "rule": "sgr", "elastic-ip": "eipalloc", "nat-gateway": "nat", "machine": "i",
    "interface": "eni", "volume": "vol", "image": "ami", "snapshot": "snap", "network-acl": "acl",
    "reservation": "r", "attachment": "eni-attach", "eip-association": "eipassoc", "acl-association": "aclassoc",
    "dhcp": "dopt",
}  # fmt: skip

GONE = frozenset({"deleted", "terminated", "failed-gone"})
ANY = "*"
LINGER = 3600.0
LINGERING = ("machine", "nat-gateway")
"""kinds that a describe still shows for a while after they are gone"""


class Row:
    """One resource. `timeline` holds (moment, state), the last one that has come is the state."""

    __slots__ = ("account", "created", "data", "id", "kind", "refs", "region", "tags", "timeline", "visible")

    def __init__(self, kind: str, identifier: str, account: str, region: str, created: float) -> None:
        self.kind, self.id, self.account, self.region, self.created = kind, identifier, account, region, created
        self.data: dict[str, Any] = {}
        self.tags: dict[str, str] = {}
        self.refs: dict[str, str] = {}
        self.visible: dict[str, float] = {}
        """operation, or ANY -> moment from which it sees this row; all at once where nothing is said"""
        self.timeline: list[tuple[float, str]] = [(created, "available")]

    def state(self, now: float) -> str:
        """The state that has come by now."""
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
        """Whether this call sees it already, and still."""
        seen_from = self.visible.get(q.operation, self.visible.get(ANY, self.created))
        return q.now >= seen_from and self.is_listed(q.now)

    def is_gone(self, now: float) -> bool:
        """Whether it no longer holds or counts for anything."""
        return self.state(now) in GONE

    def is_listed(self, now: float) -> bool:
        """Whether a describe still shows it: what is gone lingers for an hour, what was only removed does not."""
        if not self.is_gone(now):
            return True
        return self.kind in LINGERING and now < self.since(now) + LINGER


class Rows:
    """All rows of the world, by id, in the order in which they were made."""

    def __init__(self, *, seed: int) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self._rows: dict[str, Row] = {}
        self._by_place: dict[tuple[str, str, str], dict[str, Row]] = {}
        self._holders: dict[str, dict[str, Row]] = {}
        self.tokens: dict[tuple[str, ...], tuple[str, str]] = {}

    def hex(self, digits: int = 17) -> str:
        """Hexadecimal digits as in AWS's ids."""
        return f"{self.rng.getrandbits(4 * digits):0{digits}x}"

    def new_id(self, kind: str) -> str:
        """A fresh id of a kind."""
        return f"{PREFIXES[kind]}-{self.hex()}"

    def make(self, kind: str, account: str, region: str, now: float, identifier: str = "") -> Row:
        """Make a row."""
        return self.put(Row(kind, identifier or self.new_id(kind), account, region, now))

    def put(self, row: Row) -> Row:
        """Take a row in (a new one, or one of a saved world)."""
        self._rows[row.id] = row
        self._by_place.setdefault((row.account, row.region, row.kind), {})[row.id] = row
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
        """Forget a row altogether."""
        del self._rows[row.id]
        del self._by_place[row.account, row.region, row.kind][row.id]
        for held in row.refs.values():
            self._holders.get(held, {}).pop(row.id, None)

    def all(self) -> list[Row]:
        """Every row, in the order in which they were made."""
        return list(self._rows.values())

    def sweep(self, now: float) -> None:
        """Forget what no describe shows any more; a token that names such a row stays and is answered as such."""
        for row in self.all():
            if not row.is_listed(now):
                self.drop(row)

    def of(self, account: str, region: str, kind: str) -> list[Row]:
        """The rows of one kind in one place."""
        return list(self._by_place.get((account, region, kind), {}).values())

    def everywhere(self, region: str, kind: str) -> list[Row]:
        """The rows of one kind in a region, whoever owns them."""
        places = [rows for (_, place, what), rows in self._by_place.items() if (place, what) == (region, kind)]
        return [row for rows in places for row in rows.values()]

    def find(self, identifier: str) -> Row | None:
        """A row by id, wherever it is."""
        return self._rows.get(identifier)

    def get(self, kind: str, identifier: str, q: Request) -> Row:
        """A row of the caller's in this region that the operation can see; the kind's NotFound otherwise."""
        row = self._rows.get(identifier)
        if row is None or (row.kind, row.account, row.region) != (kind, q.account, q.region) or not row.shows(q):
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
