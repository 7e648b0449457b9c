"""The desk: what the API asks. Reads come from the directory and from the states of actors, writes become messages.

It checks what can be checked before an actor is asked (names, profiles, parameters, images) and never changes a
state itself.
"""

import msgspec
import trio

from sandboxd.actors import views
from sandboxd.actors.commands import Commands
from sandboxd.actors.ingress import ingress_view
from sandboxd.actors.ingresses import Ingresses
from sandboxd.actors.plans import Plans
from sandboxd.actors.pool import Pool
from sandboxd.actors.shared import Shared
from sandboxd.actors.supervisor import Supervisor
from sandboxd.lifecycle.why import why
from sandboxd.model.errors import NotFound
from sandboxd.wire import things
from sandboxd.wire.requests import PlanRequest

OVER = ("succeeded", "failed", "cancelled")


class Desk:
    """Implements what `api` needs from below."""

    def __init__(
        self,
        *,
        shared: Shared,
        supervisor: Supervisor,
        pool: Pool,
        commands: Commands,
        plans: Plans,
        health: things.Health,
        profiles: list[things.Profile],
        ingresses: Ingresses,
    ) -> None:
        self._shared, self._supervisor, self._pool, self._plans = shared, supervisor, pool, plans
        self._health, self._profiles, self._ingresses = health, profiles, ingresses
        self._directory = shared.directory
        self._commands = commands
        self.feed = shared.feed

    @property
    def commands(self) -> Commands:
        """The writes; raise Unavailable `store_lost` where there are none, whatever is asked for."""
        self._shared.trust.demand()
        return self._commands

    # ---- lists
    def snapshot(self) -> things.Snapshot:
        """The whole state at one instant."""
        return things.Snapshot(
            epoch=self.feed.epoch,
            seq=self.feed.position,
            now=views.stamp(self._shared.clock.now()),
            pace=self._shared.clock.pace,
            accounts=self.accounts(),
            tenants=self.tenants(),
            sandboxes=self.sandboxes(),
            operations=self.operations(),
            pool=self.pool(),
            degraded="; ".join(self.health().reasons) or None,
        )

    def accounts(self) -> list[things.Account]:
        """All accounts of the stage."""
        depth = self._supervisor.depth
        return [
            msgspec.structs.replace(account, mailbox=things.Mailbox(depth=depth(account.id)))
            for account in self._directory.accounts.values()
        ]

    def tenants(self) -> list[things.Tenant]:
        """All tenants."""
        return list(self._directory.tenants.values())

    def sandboxes(self) -> list[things.Sandbox]:
        """All sandboxes, without their resources."""
        return list(self._directory.sandboxes.values())

    def operations(self) -> list[things.Operation]:
        """The operations that run or ran lately, without their steps."""
        return list(self._directory.operations.values())

    def pool(self) -> things.Pool:
        """The accounts that wait for tenants."""
        return self._pool.view()

    def profiles(self) -> list[things.Profile]:
        """The profiles that a create may name."""
        return self._profiles

    # ---- one thing
    def tenant(self, ref: str) -> things.Tenant:
        """A tenant by name or id."""
        return self._directory.tenant(ref)

    def account(self, ref: str) -> things.Account:
        """An account with what its sandboxes share."""
        account = self._directory.account(ref)
        if account.tenant is None:
            return account
        state = self._supervisor.actor(account.id).state
        return msgspec.structs.replace(
            account,
            resources=views.shared_resources(state),
            unmanaged=views.unmanaged_view(state),
            cost=views.account_cost(state),
            mailbox=things.Mailbox(depth=self._supervisor.depth(account.id)),
        )

    async def ingress(self, ref: str) -> things.Ingress:
        """What the ingress machines of an account should run, and what they run."""
        account = self._directory.account(ref).id
        state = self._supervisor.actor(account).state
        return ingress_view(account, await self._ingresses.regions(state, account))

    def sandbox(self, ref: str) -> things.Sandbox:
        """A sandbox with its resources."""
        known = self._directory.sandbox(ref)
        state = self._supervisor.actor(known.account_id).state
        record = state.sandboxes.get(known.id)
        if record is None:
            return known
        return views.sandbox_view(state, record, known.account_id, self._shared.clock.now(), full=True)

    def operation(self, ref: str) -> things.Operation:
        """An operation with its steps."""
        known = self._directory.operation(ref)
        actor = self._supervisor.actor(known.account_id)
        now = self._shared.clock.now()
        if (operation := actor.state.operations.get(known.id)) is None:
            return known
        view = views.operation_view(actor.state, operation, known.account_id, now)
        steps = views.operation_steps(actor.state, operation, actor.progress)
        return msgspec.structs.replace(view, steps=steps)

    def why(self, ref: str) -> things.Why:
        """Why something waits."""
        account, identifier = self._where(ref)
        actor = self._supervisor.actor(account)
        chain = why(actor.state, identifier)
        return views.why_view(identifier, chain, actor.progress, self._shared.clock.now())

    def _where(self, ref: str) -> tuple[str, str]:
        """The account and id that `why ID` means: sandbox, operation, tenant or account."""
        for find in (self._directory.sandbox, self._directory.operation):
            try:
                found = find(ref)
            except NotFound:
                continue
            return found.account_id, found.id
        tenant = self._directory.tenants.get(ref) or self._directory.tenant_named(ref)
        if tenant is not None and tenant.account_id:
            return tenant.account_id, tenant.id
        raise NotFound("not_found", f"There is no sandbox, operation or tenant {ref!r}.", "A sandbox is `tenant/name`.")

    def health(self) -> things.Health:
        """How the daemon is, and why it is degraded."""
        found = (self._shared.trust.lost, self._pool.reason, self._shared.writer.reason)
        reasons = [reason for reason in found if reason]
        return msgspec.structs.replace(self._health, status="degraded" if reasons else "ok", reasons=reasons)

    def without_owner(self) -> int:
        """How many running operations nobody works for, as of the last check: always 0, or something is wrong."""
        return len(self._supervisor.without_owner)

    def overdue(self) -> int:
        """How many steps in flight take more than twice as long as usual, as of the last check."""
        return self._supervisor.overdue

    def in_trouble(self) -> int:
        """How many accounts' actors broke and are being tried again."""
        return len(self._shared.trouble)

    # ---- what takes time
    async def plan(self, request: PlanRequest) -> things.Plan:
        """What a command would do; touches nothing."""
        return await self._plans.plan(request)

    async def history(self, after: int, limit: int) -> list[things.Event]:
        """Events after a stream position, out of the store, the oldest first."""
        stored = self._shared.store.events(after, limit)
        decoded = [(row, msgspec.json.decode(row.blob, type=things.Event)) for row in stored]
        return [msgspec.structs.replace(event, id=f"{self.feed.epoch}-{row.position}") for row, event in decoded]

    async def wait(self, ref: str, timeout: float) -> things.Operation:
        """Return the operation when it is over, or as it stands after `timeout` real seconds."""
        with trio.move_on_after(timeout):
            while self._directory.operation(ref).state not in OVER:
                await self.feed.wait_changed(self.feed.position)
                if self.feed.closing.is_set():
                    break
        return self.operation(ref)
