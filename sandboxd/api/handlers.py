"""The handlers: each says in a line or two which question of the desk answers a request.

Permission, shapes and keys are the table's; a handler sees only requests that passed them.
"""

from sandboxd.api.desk import Desk
from sandboxd.api.metrics import render
from sandboxd.api.pages import EventsQuery, Page, WaitQuery, page
from sandboxd.api.route import Answer, Ask
from sandboxd.model.errors import Refusal
from sandboxd.model.records import Verb
from sandboxd.wire import things
from sandboxd.wire.etags import tag_of


# ---- reads
async def snapshot(desk: Desk, _: Ask) -> things.Snapshot:
    """Return the whole state."""
    return desk.snapshot()


async def list_tenants(desk: Desk, ask: Ask) -> Page[things.Tenant]:
    """Return tenants."""
    return page(desk.tenants(), ask.query, things.Tenant)


async def get_tenant(desk: Desk, ask: Ask) -> things.Tenant:
    """Return one tenant."""
    return desk.tenant(ask.ref)


async def list_accounts(desk: Desk, ask: Ask) -> Page[things.Account]:
    """Return accounts."""
    return page(desk.accounts(), ask.query, things.Account)


async def get_account(desk: Desk, ask: Ask) -> things.Account:
    """Return one account."""
    return desk.account(ask.ref)


async def get_ingress(desk: Desk, ask: Ask) -> things.Ingress:
    """Return what the ingress machines of an account should run, and what they run."""
    return await desk.ingress(ask.ref)


async def list_sandboxes(desk: Desk, ask: Ask) -> Page[things.Sandbox]:
    """Return sandboxes."""
    return page(desk.sandboxes(), ask.query, things.Sandbox)


async def get_sandbox(desk: Desk, ask: Ask) -> Answer:
    """Return one sandbox with its tag."""
    sandbox = desk.sandbox(ask.ref)
    return Answer(thing=sandbox, headers=(("etag", tag_of(sandbox)),))


async def list_operations(desk: Desk, ask: Ask) -> Page[things.Operation]:
    """Return operations."""
    return page(desk.operations(), ask.query, things.Operation)


async def get_operation(desk: Desk, ask: Ask) -> things.Operation:
    """Return one operation with its steps."""
    return desk.operation(ask.ref)


async def wait_operation(desk: Desk, ask: Ask) -> things.Operation:
    """Return the operation when it is over, or as it stands when the time is up."""
    query: WaitQuery = ask.query
    return await desk.wait(ask.ref, query.timeout)


async def list_profiles(desk: Desk, ask: Ask) -> Page[things.Profile]:
    """Return profiles."""
    return page(desk.profiles(), ask.query, things.Profile, key="name")


async def get_pool(desk: Desk, _: Ask) -> things.Pool:
    """Return the pool."""
    return desk.pool()


async def why(desk: Desk, ask: Ask) -> things.Why:
    """Return why something waits."""
    return desk.why(ask.ref)


async def health(desk: Desk, _: Ask) -> things.Health:
    """Return how the daemon is."""
    return desk.health()


async def whoami(_: Desk, ask: Ask) -> things.Whoami:
    """Return who the daemon believes the caller is."""
    caller = ask.caller
    return things.Whoami(user=caller.user, uid=caller.uid, role=caller.role, groups=list(caller.groups))


async def history(desk: Desk, ask: Ask) -> Page[things.Event]:
    """Return events out of the store, after an id, oldest first."""
    query: EventsQuery = ask.query
    items = await desk.history(position_after(desk, query), query.limit)
    more = bool(items) and items[-1].id != f"{desk.feed.epoch}-{desk.feed.position}" and len(items) == query.limit
    return Page(items=items, next=items[-1].id if more else None)


def position_after(desk: Desk, query: EventsQuery) -> int:
    """Return the position that `after` names; without it, such that the latest events come."""
    if query.after is None:
        return max(0, desk.feed.position - query.limit)
    epoch, _, text = query.after.rpartition("-")
    if epoch != desk.feed.epoch or not (text.isascii() and text.isdigit()):
        raise Refusal(
            "event_unknown",
            f"The event {query.after!r} is not of this store.",
            "Leave `after` away, or fetch a snapshot.",
            "/after",
            status=410,
        )
    return int(text)


async def plan(desk: Desk, ask: Ask) -> things.Plan:
    """Return what a command would do."""
    return await desk.plan(ask.body)


# ---- about the API itself
async def openapi(_: Desk, ask: Ask) -> Answer:
    """Return the OpenAPI document."""
    return Answer(raw=ask.about.document())


async def metrics(desk: Desk, ask: Ask) -> Answer:
    """Return gauges for Prometheus."""
    return Answer(raw=render(desk, ask.about), content_type="text/plain; version=0.0.4; charset=utf-8")


# ---- writes
async def onboard(desk: Desk, ask: Ask) -> Answer:
    """Onboard a tenant."""
    return accepted(await desk.commands.onboard(ask.body, ask.caller, ask.key, ask.digest))


async def create(desk: Desk, ask: Ask) -> Answer:
    """Create a sandbox."""
    return accepted(await desk.commands.create(ask.body, ask.caller, ask.key, ask.digest))


async def start(desk: Desk, ask: Ask) -> Answer:
    """Start a sandbox."""
    return await _command("start", desk, ask)


async def stop(desk: Desk, ask: Ask) -> Answer:
    """Stop a sandbox."""
    return await _command("stop", desk, ask)


async def delete(desk: Desk, ask: Ask) -> Answer:
    """Delete a sandbox."""
    return await _command("delete", desk, ask)


async def _command(verb: Verb, desk: Desk, ask: Ask) -> Answer:
    return accepted(await desk.commands.command(verb, ask.ref, ask.caller, ask.key, ask.digest, ask.if_match))


async def extend(desk: Desk, ask: Ask) -> Answer:
    """Extend the life of a sandbox."""
    sandbox = await desk.commands.extend(ask.ref, ask.body.by, ask.caller, ask.key, ask.digest, ask.if_match)
    return Answer(thing=sandbox, headers=(("etag", tag_of(sandbox)),))


async def desktop(desk: Desk, ask: Ask) -> things.Desktop:
    """Return a way into the desktop; like every answer, nobody on the way may keep it."""
    return await desk.commands.desktop(ask.ref, ask.caller)


async def get_credential(desk: Desk, ask: Ask) -> things.Credential:
    """Show a secret; the event that says so is durable first."""
    return await desk.commands.credential(ask.ref, ask.name, ask.caller)


async def retry(desk: Desk, ask: Ask) -> Answer:
    """Retry an operation."""
    return accepted(await desk.commands.retry(ask.ref, ask.body.step, ask.caller, ask.key, ask.digest))


async def cancel(desk: Desk, ask: Ask) -> Answer:
    """Cancel an operation."""
    return accepted(await desk.commands.cancel(ask.ref, ask.caller, ask.key, ask.digest))


async def skip(desk: Desk, ask: Ask) -> Answer:
    """Skip a step."""
    body = ask.body
    return accepted(await desk.commands.skip(ask.ref, body.step, body.reason, ask.caller, ask.key, ask.digest))


# ---- what they share
def accepted(operation: things.Operation) -> Answer:
    """Answer with an operation and where it can be watched."""
    return Answer(thing=operation, headers=(("location", f"/v1/operations/{operation.id}"),))
