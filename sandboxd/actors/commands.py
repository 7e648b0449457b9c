"""The writes: each request becomes one message, after all that can be checked without the actor is checked.

Idempotency-Keys go down to the actor and are committed with the acceptance; two requests with one key at the same
moment are one request.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import trio

from sandboxd.actors import credentials, views
from sandboxd.actors.credentials import Credentials
from sandboxd.actors.desktops import Desktops
from sandboxd.actors.mailbox import Ask
from sandboxd.actors.pool import Pool
from sandboxd.actors.preflight import Quotas
from sandboxd.actors.resolving import Resolved, Resolver
from sandboxd.actors.shared import Shared
from sandboxd.actors.supervisor import Supervisor
from sandboxd.identity.peers import Caller
from sandboxd.lifecycle.messages import Cancel, Command, Create, Extend, LetIn, Message, Onboard, Retry, Shown, Skip
from sandboxd.lifecycle.state import State
from sandboxd.model.errors import BadRequest, Conflict, LimitReached, NotFound, Refusal
from sandboxd.model.ids import make_id
from sandboxd.model.records import Blueprint, Verb
from sandboxd.wire import things
from sandboxd.wire.etags import check_tag
from sandboxd.wire.requests import NewSandbox, NewTenant

MOST_SANDBOXES = 10


class Commands:
    """What may be asked of accounts."""

    def __init__(
        self, *, shared: Shared, supervisor: Supervisor, pool: Pool, resolver: Resolver, quotas: Quotas, desktops: Desktops,
        credentials: Credentials,
    ) -> None:  # fmt: skip
        self._desktops, self._credentials = desktops, credentials
        self._shared, self._supervisor, self._pool = shared, supervisor, pool
        self._resolver, self._quotas = resolver, quotas
        self._directory = shared.directory
        self._asking: dict[tuple[str, str], trio.Event] = {}
        self._onboarding: dict[str, bool] = {}

    # ---- tenants
    async def onboard(self, request: NewTenant, by: Caller, key: str | None, digest: str) -> things.Operation:
        """Claim an account of the pool for a new tenant."""
        async with self._once(by, key, digest) as known:
            if known is not None:
                return known
            self._check_new_tenant(request)
            if self._pool.reason is not None:
                await self._pool.refresh()
            self._onboarding[request.name] = True
            try:
                with self._pool.taking() as account:
                    return await self._ask(account, partial(self._onboard, request, by), by, key, digest)
            finally:
                del self._onboarding[request.name]

    def _check_new_tenant(self, request: NewTenant) -> None:
        if "@" not in request.email.strip("@"):
            raise BadRequest(
                "email_invalid", f"{request.email!r} is no e-mail address.", "Give a person's address.", "/email"
            )
        known = self._directory.tenant_named(request.name)
        if request.name in self._onboarding or (known is not None and known.state != "gone"):
            raise Conflict(
                "tenant_exists",
                f"The tenant {request.name!r} exists already.",
                f"`sandboxd tenant show {request.name}`",
            )

    def _onboard(self, request: NewTenant, by: Caller, operation: str, _: State) -> Message:
        return Onboard(
            operation=operation,
            tenant=self._id("ten"),
            name=request.name,
            email=request.email,
            contacts=request.contacts,
            limits=request.limits,
            places=self._pool.places(),
            by=by.user,
        )

    # ---- sandboxes
    async def create(self, request: NewSandbox, by: Caller, key: str | None, digest: str) -> things.Operation:
        """Create a sandbox in the tenant's account: resolve everything once, then freeze it in the snapshot."""
        async with self._once(by, key, digest) as known:
            if known is not None:
                return known
            account, tenant = self._account_for(request.tenant)
            self._demand_ease(account)
            resolved = await self._resolver.resolve(request, account, self._supervisor.actor(account).state)
            await self._check_quotas(request, tenant, account, resolved)
            build = partial(self._create, request, tenant, resolved.expand, by)
            return await self._ask(account, build, by, key, digest)

    async def _check_quotas(self, request: NewSandbox, tenant: things.Tenant, account: str, resolved: Resolved) -> None:
        """Raise Refusal where a quota of the account is too low for a sandbox that could be made otherwise."""
        state = self._supervisor.actor(account).state
        self._check_new_sandbox(request, tenant, state)
        await self._quotas.check(account, state, resolved.expand(state, "sbx_planned"))

    def _account_for(self, ref: str) -> tuple[str, things.Tenant]:
        tenant = self._directory.tenant(ref)
        if tenant.state != "active" or tenant.account_id is None:
            raise Conflict(
                "tenant_not_active", f"The tenant {tenant.name!r} is {tenant.state}.", f"`sandboxd why {tenant.name}`"
            )
        return tenant.account_id, tenant

    def _create(
        self,
        request: NewSandbox,
        tenant: things.Tenant,
        expand: Callable[[State, str], Blueprint],
        by: Caller,
        operation: str,
        state: State,
    ) -> Message:
        self._check_new_sandbox(request, tenant, state)
        sandbox, now = self._id("sbx"), self._shared.clock.now()
        return Create(
            operation=operation,
            sandbox=sandbox,
            name=request.name,
            tenant=tenant.name,
            blueprint=expand(state, sandbox),
            by=by.user,
            labels=request.labels,
            expires_at=now + request.ttl if request.ttl else None,
        )

    def _check_new_sandbox(self, request: NewSandbox, tenant: things.Tenant, state: State) -> None:
        living = [record for record in state.sandboxes.values() if record.state != "deleted"]
        if any(record.name == request.name for record in living):
            ref = f"{tenant.name}/{request.name}"
            raise Conflict("sandbox_exists", f"The sandbox {ref!r} exists already.", f"`sandboxd sandbox show {ref}`")
        most = state.tenant.limits.get("sandboxes", MOST_SANDBOXES) if state.tenant else MOST_SANDBOXES
        if len(living) >= most:
            raise LimitReached(
                "sandboxes_limit",
                f"The tenant {tenant.name!r} has {len(living)} sandboxes of {most}.",
                "Delete one, or raise the tenant's limit `sandboxes`.",
            )

    async def command(
        self, verb: Verb, ref: str, by: Caller, key: str | None, digest: str, if_match: str | None = None
    ) -> things.Operation:
        """Start, stop or delete a sandbox."""
        async with self._once(by, key, digest) as known:
            if known is not None:
                return known
            sandbox = self._directory.sandbox(ref)

            def build(operation: str, state: State) -> Message:
                self._check_tag(if_match, sandbox, state)
                return Command(verb=verb, operation=operation, sandbox=sandbox.id, by=by.user)

            return await self._ask(sandbox.account_id, build, by, key, digest)

    def _check_tag(self, if_match: str | None, sandbox: things.Sandbox, state: State) -> None:
        """What the sandbox is in the very turn that takes the command is what counts."""
        if if_match is not None and (record := state.sandboxes.get(sandbox.id)) is not None:
            now = self._shared.clock.now()
            check_tag(if_match, views.sandbox_view(state, record, sandbox.account_id, now, full=False))

    async def extend(
        self, ref: str, seconds: float, by: Caller, key: str | None, digest: str, if_match: str | None = None
    ) -> things.Sandbox:
        """Move the moment at which a sandbox expires."""
        sandbox = self._directory.sandbox(ref)

        def build(state: State) -> Message:
            self._check_tag(if_match, sandbox, state)
            return Extend(sandbox=sandbox.id, seconds=seconds, by=by.user)

        async with self._once(by, key, digest) as known:
            if known is None:
                ask = Ask(operation=sandbox.operation_id or "", build=build, caller=by.user, key=key, digest=digest)
                await self._posted(sandbox.account_id, ask)
        return self._directory.sandbox(sandbox.id)

    async def desktop(self, ref: str, by: Caller) -> things.Desktop:
        """A way into the desktop: made at this moment, told as an event before it is handed over, kept nowhere."""
        sandbox = self._directory.sandbox(ref)
        await self._demand_trust()
        state = self._supervisor.actor(sandbox.account_id).state
        if (record := state.sandboxes.get(sandbox.id)) is None:
            raise Conflict(f"sandbox_{sandbox.state}", f"The sandbox {ref} is {sandbox.state}.", "It has no desktop.")
        url, until = await self._desktops.url(state, record, sandbox.account_id, by.user)

        def build(_: State) -> Message:
            return LetIn(sandbox=sandbox.id, by=by.user)

        await self._posted(sandbox.account_id, Ask(operation=sandbox.operation_id or "", build=build, caller=by.user))
        return things.Desktop(url=url, expires_at=views.stamp(until))

    async def credential(self, ref: str, name: str, by: Caller) -> things.Credential:
        """Show a secret: read at this moment, and told as an event before it is handed over; kept nowhere."""
        sandbox = self._directory.sandbox(ref)
        actor = self._supervisor.actor(sandbox.account_id)
        value = await self._credentials.read(sandbox, credentials.place(actor.state, sandbox, name))

        def build(_: State) -> Message:
            return Shown(sandbox=sandbox.id, name=name, by=by.user)

        await self._posted(sandbox.account_id, Ask(operation=sandbox.operation_id or "", build=build, caller=by.user))
        return things.Credential(sandbox_id=sandbox.id, name=name, value=value)

    # ---- operations
    async def retry(self, ref: str, step: str | None, by: Caller, key: str | None, digest: str) -> things.Operation:
        """Reopen a failed or cancelled operation."""
        return await self._about(ref, lambda op: Retry(operation=op, step=_key(step), by=by.user), by, key, digest)

    async def cancel(self, ref: str, by: Caller, key: str | None, digest: str) -> things.Operation:
        """End a running operation."""
        return await self._about(ref, lambda op: Cancel(operation=op, by=by.user), by, key, digest)

    async def skip(
        self, ref: str, step: str, reason: str, by: Caller, key: str | None, digest: str
    ) -> things.Operation:
        """Skip a skippable step."""
        message = partial(Skip, step=_key(step), reason=reason, by=by.user)
        return await self._about(ref, lambda op: message(operation=op), by, key, digest)

    async def _about(
        self, ref: str, message: Callable[[str], Message], by: Caller, key: str | None, digest: str
    ) -> things.Operation:
        async with self._once(by, key, digest) as answered:
            if answered is not None:
                return answered
            known = self._directory.operation(ref)
            if known.id not in self._directory.operations:
                raise Conflict("superseded", "It is over for good; later operations stand.", "Act on the newest one.")
            ask = Ask(operation=known.id, build=lambda _: message(known.id), caller=by.user, key=key, digest=digest)
            return await self._posted(known.account_id, ask)

    # ---- the one way in
    async def _ask(
        self, account: str, build: Callable[[str, State], Message], by: Caller, key: str | None, digest: str
    ) -> things.Operation:
        operation = self._id("op")
        ask = Ask(operation=operation, build=partial(build, operation), caller=by.user, key=key, digest=digest)
        return await self._posted(account, ask)

    async def _posted(self, account: str, ask: Ask) -> things.Operation:
        self._demand_ease(account)
        await self._demand_trust()
        actor = self._supervisor.actor(account)
        operation = await actor.ask(ask)
        if operation is None:  # over, and not kept by the actor any more
            return self._directory.operation(ask.operation)
        return views.operation_view(actor.state, operation, account, self._shared.clock.now())

    def _demand_ease(self, account: str) -> None:
        """Raise Conflict where an account is left alone."""
        if self._shared.trouble.is_bad(account):
            reason = self._shared.trouble.reason(account)
            raise Conflict("account_left_alone", f"The account {account}: {reason}.", "See the daemon's log.")

    @asynccontextmanager
    async def _once(self, by: Caller, key: str | None, digest: str) -> AsyncIterator[things.Operation | None]:
        """One request per key at a time; gives the operation that a former one with this key was answered with."""
        await self._demand_trust()
        if key is None:
            yield None
            return
        name = (by.user, key)
        while name in self._asking:
            await self._asking[name].wait()
        self._asking[name] = trio.Event()
        try:
            yield self._answered(by, key, digest)
        finally:
            self._asking.pop(name).set()

    async def _demand_trust(self) -> None:
        """Raise Unavailable where the store is not this organization's own, or nothing says yet that it is."""
        if not self._shared.trust.is_judged:
            await self._pool.refresh()
        self._shared.trust.demand()

    def _answered(self, by: Caller, key: str, digest: str) -> things.Operation | None:
        row = self._shared.store.key(by.user, key)
        if row is None:
            return None
        if row.digest != digest:
            raise Refusal(
                "idempotency_key_reused",
                "This Idempotency-Key was used for another request.",
                "Use a new key for a new request.",
                status=422,
            )
        try:
            return self._directory.operation(row.operation)
        except NotFound:
            raise Conflict("idempotency_key_expired", "The operation of this key is no longer kept.") from None

    def _id(self, prefix: str) -> str:
        return make_id(prefix, self._shared.clock.now(), self._shared.randbits)


def _key(step: str | None) -> str:
    """The resource key in a step id (`<key>#<generation>:<state>`), or the key itself."""
    return (step or "").partition("#")[0]
