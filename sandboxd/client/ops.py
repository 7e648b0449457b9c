"""Every operation of the API as data: method, path, body and the type of its answer. Pure; drivers carry them out."""

from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct, field

from sandboxd.wire import things
from sandboxd.wire.requests import Extend, NewSandbox, NewTenant, PlanRequest, RetryRequest, SkipRequest

T = TypeVar("T")


class Items(Struct, Generic[T]):
    """A page of a collection."""

    items: list[T]
    next: str | None = None


class Op(Struct, Generic[T], frozen=True, kw_only=True):
    """One request: `keyed` ones carry an Idempotency-Key and may be sent again."""

    method: str
    path: str
    result: Any
    body: Any = None
    keyed: bool = False
    timeout: float = 30.0
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """Return the body as it goes out."""
        return b"" if self.body is None else msgspec.json.encode(self.body)

    def decode(self, answer: bytes) -> T:
        """Return the answer as its type; unknown fields are ignored."""
        return msgspec.json.decode(answer, type=self.result)  # type: ignore[no-any-return]


def _get(path: str, result: Any, *, timeout: float = 30.0, **query: Any) -> Op[Any]:
    given = {name: value for name, value in query.items() if value is not None}
    return Op(
        method="GET", path=f"/v1/{path}" + (f"?{urlencode(given)}" if given else ""), result=result, timeout=timeout
    )


def _post(path: str, body: Any = None, result: Any = things.Operation, *, keyed: bool = True) -> Op[Any]:
    return Op(method="POST", path=f"/v1/{path}", body=body, result=result, keyed=keyed)


def _delete(path: str, *, keyed: bool) -> Op[Any]:
    return Op(method="DELETE", path=f"/v1/{path}", result=things.Operation, keyed=keyed)


def _ref(ref: str) -> str:
    return quote(ref, safe="")


# ---- reads
def snapshot() -> Op[things.Snapshot]:
    """The whole state at one instant."""
    return _get("snapshot", things.Snapshot)


def listing(what: str, *, filter_: str | None = None, after: str | None = None, limit: int | None = None) -> Op[Any]:
    """A page of `tenants`, `accounts`, `sandboxes`, `operations` or `profiles`."""
    return _get(what, _PAGES[what], filter=filter_, after=after, limit=limit)


_THINGS: dict[str, Any] = {
    "tenants": things.Tenant, "accounts": things.Account, "sandboxes": things.Sandbox,
    "operations": things.Operation, "profiles": things.Profile,
}  # fmt: skip


_PAGES: dict[str, Any] = {
    "tenants": Items[things.Tenant],
    "accounts": Items[things.Account],
    "sandboxes": Items[things.Sandbox],
    "operations": Items[things.Operation],
    "profiles": Items[things.Profile],
}


def thing(what: str, ref: str) -> Op[Any]:
    """One tenant, account, sandbox or operation."""
    return _get(f"{what}/{_ref(ref)}", _THINGS[what])


def ingress(account: str) -> Op[things.Ingress]:
    """What the ingress machines of an account should run, and what they run."""
    return _get(f"accounts/{_ref(account)}/ingress", things.Ingress)


def events(*, after: str | None = None, limit: int | None = None) -> Op[Items[things.Event]]:
    """What happened after an event, oldest first; without one, the latest."""
    given = {name: value for name, value in (("after", after), ("limit", limit)) if value is not None}
    path = "/v1/events" + (f"?{urlencode(given)}" if given else "")
    return Op(method="GET", path=path, result=Items[things.Event], headers={"Accept": "application/json"})


def wait(operation: str, timeout: float) -> Op[things.Operation]:
    """An operation when it is over, or as it stands after so many seconds."""
    path = f"/v1/operations/{_ref(operation)}/wait?timeout={timeout:g}"
    return Op(method="GET", path=path, result=things.Operation, timeout=timeout + 30)


def pool() -> Op[things.Pool]:
    """The accounts that wait for tenants."""
    return _get("pool", things.Pool)


def why(ref: str) -> Op[things.Why]:
    """Why something waits."""
    return _get(f"why/{_ref(ref)}", things.Why)


def health() -> Op[things.Health]:
    """How the daemon is."""
    return _get("health", things.Health)


def whoami() -> Op[things.Whoami]:
    """Who the daemon believes the caller is."""
    return _get("whoami", things.Whoami)


def plan(request: PlanRequest) -> Op[things.Plan]:
    """What a command would do."""
    return _post("plans", request, things.Plan, keyed=False)


# ---- writes
def onboard(request: NewTenant) -> Op[things.Operation]:
    """Onboard a tenant."""
    return _post("tenants", request)


def create(request: NewSandbox) -> Op[things.Operation]:
    """Create a sandbox."""
    return _post("sandboxes", request)


def command(verb: str, ref: str) -> Op[things.Operation]:
    """Start, stop or delete a sandbox."""
    if verb == "delete":
        return _delete(f"sandboxes/{_ref(ref)}", keyed=True)
    return _post(f"sandboxes/{_ref(ref)}/{verb}")


def extend(ref: str, by: float) -> Op[things.Sandbox]:
    """Move the moment at which a sandbox expires."""
    return _post(f"sandboxes/{_ref(ref)}/extend", Extend(by=by), things.Sandbox, keyed=False)


def desktop(ref: str) -> Op[things.Desktop]:
    """A way into the desktop of a sandbox; each asking is told as an event."""
    return _post(f"sandboxes/{_ref(ref)}/desktop", None, things.Desktop, keyed=False)


def credential(ref: str, name: str) -> Op[things.Credential]:
    """A secret of a sandbox; each asking is told as an event."""
    return _get(f"sandboxes/{_ref(ref)}/credentials/{_ref(name)}", things.Credential)


def retry(operation: str, step: str | None = None) -> Op[things.Operation]:
    """Retry an operation."""
    return _post(f"operations/{_ref(operation)}/retry", RetryRequest(step=step), keyed=False)


def skip(operation: str, step: str, reason: str) -> Op[things.Operation]:
    """Skip a step."""
    return _post(f"operations/{_ref(operation)}/skip", SkipRequest(step=step, reason=reason), keyed=False)


def cancel(operation: str) -> Op[things.Operation]:
    """Cancel an operation."""
    return _delete(f"operations/{_ref(operation)}", keyed=False)
