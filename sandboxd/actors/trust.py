"""Whether the store is this organization's own: until that is known, and where it is not, nothing is changed in AWS.

An empty or foreign store in front of accounts that an install of sandboxd has claimed is no fresh start: what runs in
them would be forgotten and made again. Reads are served meanwhile; a person decides.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
import trio

from sandboxd.aws.outcomes import is_read
from sandboxd.engine.organization import Member, Organization
from sandboxd.engine.tags import INSTALL
from sandboxd.model.errors import Unavailable
from sandboxd.model.ports import AwsError, Call, Scope
from sandboxd.store import SqliteStore

ACCEPTED = "accepted_accounts"
"""meta: the accounts that a person has left alone when going on without the store that knew them"""
HINT = (
    "Restore the store of this organization and restart the daemon; or go on without it: `sandboxd serve "
    "--accept-lost-store` leaves alone what only the lost store knew."
)


class Trust:
    """Judged once, when the organization was first read; `reason` says why nothing is changed until then, or at all."""

    def __init__(self, store: SqliteStore, *, lost: str = "", accept: bool = False) -> None:
        """`lost`: what is wrong with the store that should be here. `accept`: a person goes on without what it knew."""
        self._store, self._accept = store, accept
        self.lost: str | None = lost or None
        self.given = trio.Event()

    @property
    def is_judged(self) -> bool:
        """Whether more than a look at the organization is missing."""
        return self.lost is not None or self.given.is_set()

    def judge(self, organization: Organization) -> None:
        """Compare the accounts in Customers with the store, once."""
        if self.is_judged:
            return
        strangers = self._strangers(organization.accounts)
        if strangers and self._accept:
            kept = [*self._accepted(), *(account.id for account in strangers)]
            self._store.set_meta(ACCEPTED, msgspec.json.encode(kept).decode())
        elif strangers:
            self.lost = self._words(strangers)
            return
        self.given.set()

    def known(self) -> Collection[str]:
        """Accounts whose tags need not be read: the store has them, or a person has left them alone."""
        return {*self._store.actors(), *self._accepted()}

    def demand(self) -> None:
        """Raise Unavailable `store_lost` where nothing may be changed."""
        if self.lost is not None:
            raise Unavailable("store_lost", self.lost, HINT)

    def _accepted(self) -> list[str]:
        return msgspec.json.decode(self._store.meta(ACCEPTED) or "[]", type=list[str])

    def _strangers(self, accounts: Collection[Member]) -> list[Member]:
        known = self.known()
        return [one for one in accounts if one.ou == "customers" and one.tags.get(INSTALL) and one.id not in known]

    def _words(self, strangers: list[Member]) -> str:
        ours = all(one.tags[INSTALL] == self._store.install_id for one in strangers)
        whose = "this install, and this store is older than that" if ours else "another store than this one"
        names = ", ".join(one.id for one in strangers[:3]) + (", …" if len(strangers) > 3 else "")  # noqa: PLR2004
        return (
            f"{len(strangers)} of the accounts in Customers ({names}) carry the tags of {whose}: "
            f"{self._store.path} does not know them, so nothing is changed in AWS"
        )


class Gate:
    """A `Call` that lets reads through, and changes only where the store is trusted."""

    def __init__(self, call: Call, trust: Trust) -> None:
        self._call, self._trust = call, trust

    async def __call__(self, scope: Scope, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        """Pass the call on, or raise AwsError: refused, nothing was sent."""
        if not is_read(operation) and not self._trust.given.is_set():
            raise AwsError("refused", "StoreLost", self._trust.lost or "the organization has not been read yet")
        return await self._call(scope, service, operation, parameters)
