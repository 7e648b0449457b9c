"""From an account's state to what the API shows. Pure: reads the state, decides nothing.

Text from outside passes `safe_text` here once, on its way out.
"""

from datetime import UTC, datetime
from functools import lru_cache

from msgspec import structs

from sandboxd.lifecycle.cost import bill
from sandboxd.lifecycle.state import State
from sandboxd.lifecycle.views import StepView, health_of, hourly_cost, operation_eta, shared_cost, steps_of
from sandboxd.lifecycle.why import Link, is_overdue
from sandboxd.model.keys import SHARED, is_shared, make_key, parts
from sandboxd.model.records import Operation, SandboxRecord
from sandboxd.model.resource import Row
from sandboxd.wire import things
from sandboxd.wire.text import safe_text


@lru_cache(4096)
def stamp(at: float) -> str:
    """RFC 3339 in UTC, of seconds since the epoch."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp_or_none(at: float | None) -> str | None:
    """RFC 3339, or nothing where there is no time."""
    return stamp(at) if at else None


def resource_view(row: Row) -> things.Resource:
    """One AWS object."""
    at = parts(row.node.key)
    state = row.node.states[row.lo] if row.lo == row.hi else f"{row.node.states[row.lo]}…{row.node.states[row.hi]}"
    return things.Resource(kind=row.node.kind, name=at.name, id=row.facts.get("id", ""), region=at.region, state=state)


def sandbox_view(state: State, record: SandboxRecord, account: str, now: float, *, full: bool) -> things.Sandbox:
    """One sandbox; with its resources where `full`."""
    rows = [row for row in state.rows_of(record.id) if row.hi] if full else []
    spent = record.cost + record.rate * max(0.0, now - record.cost_at) / 3600
    return things.Sandbox(
        id=record.id,
        name=record.name,
        tenant=record.tenant,
        account_id=account,
        region=record.blueprint.region,
        profile=record.blueprint.profile,
        state=record.state,
        state_since=stamp(record.state_since),
        created_at=stamp(record.created_at),
        operation_id=record.operation or None,
        expires_at=stamp_or_none(record.expires_at),
        reason=safe_text(record.reason) or None,
        health=health_of(state, record.id),
        parameters=record.blueprint.parameters,
        labels=record.labels,
        not_yet=list(record.blueprint.not_yet),
        endpoints=endpoints(state, record) if full else [],
        resources=[resource_view(row) for row in rows],
        cost=_cost(state, record, spent, full=full),
    )


def _cost(state: State, record: SandboxRecord, spent: float, *, full: bool) -> things.Cost:
    cost = things.Cost(
        per_hour=round(hourly_cost(state, record.id), 6), to_date=round(spent, 6), currency=state.settings.currency
    )
    if not full or not record.blueprint.started:
        return cost
    running, stopped = bill(state, record.id)
    return structs.replace(cost, running_per_hour=round(running, 6), stopped_per_hour=round(stopped, 6))


def endpoints(state: State, record: SandboxRecord) -> list[things.Endpoint]:
    """Where a sandbox answers: its routes that the ingress runs."""
    found = []
    for row in state.rows_of(record.id):
        if row.node.kind == "ingress-route" and row.lo:
            asked = row.node.parameters
            balancer = "alb" if asked["layer"] == "http" else "nlb"
            via = _shared_fact(state, row, balancer, "dns")
            host = str(asked.get("host") or via or asked["name"])
            port = f":{asked['listen']}" if asked["layer"] == "tcp" else ""
            scheme = {"http": _scheme(state, row), "tls": "https"}.get(str(asked["layer"]), "tcp")
            found.append(things.Endpoint(name=str(asked["route"]), url=f"{scheme}://{host}{port}", via=via))
    return found


def _shared_fact(state: State, row: Row, name: str, fact: str) -> str:
    other = state.rows.get(make_key(parts(row.node.key).region, SHARED, name))
    return other.facts.get(fact, "") if other is not None else ""


def _scheme(state: State, row: Row) -> str:
    listener = state.rows.get(make_key(parts(row.node.key).region, SHARED, "web-listener"))
    return "https" if listener is not None and listener.node.parameters.get("certificate") else "http"


def step_view(step: StepView, progress: str = "") -> things.Step:
    """One step of an operation."""
    return things.Step(
        id=step.id,
        kind=step.kind,
        action=step.action,
        state=step.state,
        depends_on=list(step.depends_on),
        attempts=step.attempts,
        started_at=stamp_or_none(step.started_at),
        ended_at=stamp_or_none(step.ended_at),
        usual=step.usual,
        next_attempt_at=stamp_or_none(step.next_attempt_at),
        reason=safe_text(step.reason or (progress if step.state in ("calling", "waiting") else "")) or None,
    )


def operation_view(state: State, operation: Operation, account: str, now: float) -> things.Operation:
    """One operation, without its steps."""
    sandbox = state.sandboxes.get(operation.target)
    tenant = state.tenant
    return things.Operation(
        id=operation.id,
        kind=operation.verb,
        target=operation.target,
        target_name=sandbox.name if sandbox else (tenant.name if tenant else ""),
        tenant=sandbox.tenant if sandbox else (tenant.name if tenant else ""),
        account_id=account,
        state=operation.state,
        requested_by=operation.requested_by,
        requested_at=stamp(operation.requested_at),
        started_at=stamp_or_none(operation.started_at),
        ended_at=stamp_or_none(operation.ended_at),
        eta=stamp_or_none(operation_eta(state, operation, now)),
        reason=safe_text(operation.reason) or None,
        code=operation.code or None,
    )


def operation_steps(state: State, operation: Operation, progress: dict[str, str]) -> list[things.Step]:
    """The steps of an operation, those that are still to come included."""
    return [step_view(step, progress.get(step.key, "")) for step in steps_of(state, operation)]


def tenant_view(state: State, account: str) -> things.Tenant | None:
    """The tenant of an account."""
    if (tenant := state.tenant) is None:
        return None
    return things.Tenant(
        id=tenant.id,
        name=tenant.name,
        email=safe_text(tenant.email),
        state=tenant.state,
        since=stamp(tenant.since),
        account_id=account,
        sandboxes=living(state),
    )


def living(state: State) -> int:
    """How many sandboxes are not deleted."""
    return sum(record.state != "deleted" for record in state.sandboxes.values())


def shared_resources(state: State) -> list[things.Resource]:
    """What the sandboxes of an account share, as far as it is there."""
    return [resource_view(row) for key, row in state.rows.items() if is_shared(key) and row.hi]


def account_view(state: State, account: str, known: things.Account | None) -> things.Account:
    """One account, without what its sandboxes share; name and e-mail are the organization's."""
    life = state.account
    return things.Account(
        id=account,
        name=known.name if known else account,
        email=known.email if known else "",
        ou=life.ou,
        state=life.state,
        since=stamp(life.since) if life.since else known.since if known else stamp(0.0),
        tenant=state.tenant.name if state.tenant else None,
        sandboxes=living(state),
        reason=safe_text(life.reason) or None,
    )


def unmanaged_view(state: State) -> list[things.Unmanaged]:
    """What is in the account and not ours, with what it costs an hour."""
    prices = state.settings.prices
    return [
        things.Unmanaged(
            kind=one.kind,
            id=one.id,
            region=one.region,
            per_hour=round(prices[one.price], 6) if one.price in prices else None,
            network=one.network or None,
        )
        for one in state.account.unmanaged
    ]


def account_cost(state: State) -> things.Cost:
    """What is shared costs now."""
    return things.Cost(per_hour=round(shared_cost(state), 6), currency=state.settings.currency)


def why_view(subject: str, chain: list[Link], progress: dict[str, str], now: float) -> things.Why:
    """A chain of reasons, with what the last one sees at the moment."""
    reasons = [
        things.Reason(
            subject=link.subject,
            text=safe_text(_text(link, progress.get(link.key, ""), now)),
            since=stamp_or_none(link.since),
            usual=link.usual,
            next_attempt_at=stamp_or_none(link.next_attempt_at),
        )
        for link in chain
    ]
    return things.Why(subject=subject, answer=f"{reasons[-1].subject} {reasons[-1].text}", chain=reasons)


def _text(link: Link, progress: str, now: float) -> str:
    late = ", overdue: twice as long as usual have passed" if is_overdue(link.since, link.usual, now) else ""
    return f"{link.text}{late}" + (f" ({progress})" if progress else "")
