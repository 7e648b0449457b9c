"""The pool: which accounts wait for tenants, and who gets the next one.

The organization is read, never guessed; an account that is being claimed is not offered twice. The claim itself is a
step of the account's own actor: MoveAccount is the compare-and-swap that AWS gives for free.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from msgspec import structs

from sandboxd.actors.directory import Directory
from sandboxd.actors.trust import Trust
from sandboxd.actors.views import stamp
from sandboxd.engine import organization
from sandboxd.model.errors import Conflict, Refusal, Unavailable
from sandboxd.model.ports import AwsError, Call, Clock
from sandboxd.wire import things

_OUS = {"pool": "available", "customers": "assigned", "expired": "expired", "quarantine": "quarantined"}


class Pool:
    """The accounts of the stage, as the organization has them."""

    def __init__(
        self,
        *,
        call: Call,
        clock: Clock,
        directory: Directory,
        management: Callable[[], Awaitable[str]],
        stage: str,
        trust: Trust,
    ) -> None:
        self._call, self._clock, self._directory = call, clock, directory
        self._management, self._stage, self._trust = management, stage, trust
        self._taken: dict[str, bool] = {}
        self.organization: organization.Organization | None = None
        self.reason: str | None = "the organization has not been read yet"

    async def refresh(self) -> None:
        """Read the organization, and judge the store by it; raise Unavailable with what AWS said if it cannot be read."""
        try:
            management, known = await self._management(), self._trust.known()
            self.organization = await organization.read(self._call, management, self._stage, known)
        except AwsError as error:
            self.reason = f"AWS Organizations: {error}"
            raise Unavailable("aws_unavailable", self.reason, "`sandboxd doctor` says what the daemon sees.") from error
        except Refusal as error:
            self.reason = error.detail
            raise
        self.reason = None
        self._trust.judge(self.organization)
        for account in self.organization.accounts:
            self._note(account)

    def _note(self, account: organization.Member) -> None:
        known = self._directory.accounts.get(account.id)
        if known is not None and known.tenant is not None:
            self._directory.put_account(structs.replace(known, name=account.name, email=account.email))
            return
        self._directory.put_account(
            things.Account(
                id=account.id,
                name=account.name,
                email=account.email,
                ou=account.ou,
                state=_OUS.get(account.ou, "preparing"),
                since=known.since if known else stamp(self._clock.now()),
            )
        )

    def places(self) -> dict[str, str]:
        """The OUs that a claim moves between."""
        ous = self.organization.ous if self.organization is not None else {}
        return {"pool_ou": ous.get("pool", ""), "customers_ou": ous.get("customers", "")}

    def view(self) -> things.Pool:
        """How many accounts wait."""
        accounts = self._directory.accounts.values()
        free = [account.id for account in accounts if account.state == "available" and account.id not in self._taken]
        return things.Pool(
            available=len(free),
            preparing=sum(account.state in ("vending", "preparing") for account in accounts),
            quarantined=sum(account.state == "quarantined" for account in accounts),
            accounts=free,
            reason=self.reason,
        )

    @contextmanager
    def taking(self) -> Iterator[str]:
        """Offer the next free account, to nobody else meanwhile; raise Conflict `pool_empty` if there is none."""
        free = self.view().accounts
        if not free:
            raise Conflict(
                "pool_empty",
                f"No account of stage {self._stage!r} is available in its pool.",
                "Move prepared accounts into the OU Pool, then try again; `sandboxd pool show` counts them.",
            )
        self._taken[free[0]] = True
        try:
            yield free[0]
        finally:
            del self._taken[free[0]]
