"""The directory: what the API lists, kept small and ready for every account, so that idle actors need no state.

It holds what clients see (accounts, tenants, sandboxes without resources, operations without steps), by id and by
name. Actors put into it what changed, after it is durable.
"""

import difflib
from collections.abc import Callable, Iterable

from msgspec import structs

from sandboxd.model.errors import NotFound
from sandboxd.wire import things


class Directory:
    """Everything that is shown, by id; the newest of a name answers to the name."""

    def __init__(self) -> None:
        self.archived: Callable[[str], things.Operation | None] = lambda _: None
        """finds an operation that nobody keeps here any more"""
        self.accounts: dict[str, things.Account] = {}
        self.tenants: dict[str, things.Tenant] = {}
        self.sandboxes: dict[str, things.Sandbox] = {}
        self.operations: dict[str, things.Operation] = {}
        self.told: dict[str, float] = {}
        """sandbox -> what it costs an hour, as events said last"""
        self._account_of: dict[str, str] = {}
        self._sandbox_named: dict[tuple[str, str], str] = {}
        self._tenant_named: dict[str, str] = {}

    # ---- what actors put in
    def put_account(self, account: things.Account) -> None:
        """Replace an account."""
        self.accounts[account.id] = account

    def put_tenant(self, tenant: things.Tenant) -> None:
        """Replace a tenant."""
        self.tenants[tenant.id] = tenant
        self._tenant_named[tenant.name] = tenant.id

    def put_sandbox(self, sandbox: things.Sandbox) -> None:
        """Replace a sandbox."""
        self.sandboxes[sandbox.id] = sandbox
        self._account_of[sandbox.id] = sandbox.account_id
        name = (sandbox.tenant, sandbox.name)
        known = self.sandboxes.get(self._sandbox_named.get(name, ""))
        if known is None or _precedence(sandbox) >= _precedence(known):
            self._sandbox_named[name] = sandbox.id

    def put_operation(self, operation: things.Operation) -> None:
        """Replace an operation."""
        self.operations[operation.id] = operation
        self._account_of[operation.id] = operation.account_id

    def set_reason(self, account: str, reason: str | None) -> None:
        """Say why an account is left alone."""
        if account in self.accounts:
            self.accounts[account] = structs.replace(self.accounts[account], reason=reason)

    # ---- what people ask for
    def account_of(self, identifier: str) -> str:
        """The account in which a sandbox or operation lives."""
        return self._account_of[identifier]

    def tenant(self, ref: str) -> things.Tenant:
        """By name or id."""
        if (found := self.tenants.get(self._tenant_named.get(ref, ref))) is None:
            raise _missing("tenant", ref, self._tenant_named, "`sandboxd tenant list` shows all.")
        return found

    def tenant_named(self, name: str) -> things.Tenant | None:
        """The tenant of this name, if there is one."""
        return self.tenants.get(self._tenant_named.get(name, ""))

    def account(self, ref: str) -> things.Account:
        """By number or name."""
        found = self.accounts.get(ref) or next((a for a in self.accounts.values() if a.name == ref), None)
        if found is None:
            raise _missing("account", ref, self.accounts, "`sandboxd account list` shows all.")
        return found

    def sandbox(self, ref: str) -> things.Sandbox:
        """By id or `tenant/name`; of a name the one that is not deleted, else the newest."""
        tenant, _, name = ref.partition("/")
        found = self.sandboxes.get(self._sandbox_named.get((tenant, name), ref))
        if found is None:
            names = [f"{t}/{n}" for t, n in self._sandbox_named]
            raise _missing("sandbox", ref, names, "`sandboxd sandbox list` shows all; a sandbox is `tenant/name`.")
        return found

    def operation(self, ref: str) -> things.Operation:
        """By id, however old."""
        if (found := self.operations.get(ref) or self.archived(ref)) is None:
            raise _missing("operation", ref, (), "`sandboxd operation list` shows all.")
        return found

    def named(self, tenant: str, name: str) -> things.Sandbox | None:
        """The sandbox of this name that is not deleted, else the newest."""
        return self.sandboxes.get(self._sandbox_named.get((tenant, name), ""))


def _precedence(sandbox: things.Sandbox) -> tuple[bool, str]:
    """Who of one name bears it: the one that is not deleted, for a clock that was set back makes smaller ids; else the newest."""
    return sandbox.state != "deleted", sandbox.id


def _missing(what: str, ref: str, known: Iterable[str], hint: str) -> NotFound:
    near = difflib.get_close_matches(ref, list(known), n=1)
    return NotFound(f"{what}_not_found", f"There is no {what} {ref!r}.", f"Did you mean {near[0]!r}?" if near else hint)
