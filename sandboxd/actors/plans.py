"""Plans: the planner's forecast for a command that was not given. Reads, never writes."""

from msgspec import structs

from sandboxd.actors.preflight import Quotas, refusal
from sandboxd.actors.resolving import Resolver
from sandboxd.actors.shared import Shared
from sandboxd.actors.supervisor import Supervisor
from sandboxd.lifecycle.forecast import Forecast, PlannedStep, forecast
from sandboxd.lifecycle.messages import Command, Create
from sandboxd.lifecycle.state import State
from sandboxd.model.errors import BadRequest, Refusal
from sandboxd.model.ids import make_id
from sandboxd.model.records import Blueprint
from sandboxd.profile.components import components
from sandboxd.wire import things
from sandboxd.wire.requests import NewSandbox, PlanRequest


class Plans:
    """Asks the planner what would happen."""

    def __init__(self, *, shared: Shared, supervisor: Supervisor, resolver: Resolver, quotas: Quotas) -> None:
        self._shared, self._supervisor, self._resolver, self._quotas = shared, supervisor, resolver, quotas

    async def plan(self, request: PlanRequest) -> things.Plan:
        """The steps, seconds and cost of a command, or why it would be refused."""
        if request.verb == "create":
            if request.sandbox is None:
                raise BadRequest("sandbox_missing", "A plan of a create needs `sandbox`.", "", "/sandbox")
            return await self._create(request.sandbox)
        if request.target is None:
            raise BadRequest("target_missing", f"A plan of a {request.verb} needs `target`.", "", "/target")
        sandbox = self._shared.directory.sandbox(request.target)
        state = self._supervisor.actor(sandbox.account_id).state
        message = Command(verb=request.verb, operation=self._id("op"), sandbox=sandbox.id)
        plan = self._forecast(state, message, request.verb, f"{sandbox.tenant}/{sandbox.name}", sandbox.not_yet)
        if request.verb != "start" or plan.refusals:
            return plan
        return await self._with_quotas(plan, sandbox.account_id, state.sandboxes[sandbox.id].blueprint)

    async def _create(self, wanted: NewSandbox) -> things.Plan:
        tenant = self._shared.directory.tenant(wanted.tenant)
        target = f"{tenant.name}/{wanted.name}"
        if tenant.account_id is None or tenant.state != "active":
            return _refused("create", target, "tenant_not_active", f"The tenant {tenant.name!r} is {tenant.state}.")
        state = self._supervisor.actor(tenant.account_id).state
        resolved = await self._resolver.resolve(wanted, tenant.account_id, state)
        identifier = self._id("sbx")
        blueprint = resolved.expand(state, identifier)
        message = Create(
            operation=self._id("op"), sandbox=identifier, name=wanted.name, tenant=tenant.name, blueprint=blueprint
        )
        plan = self._forecast(state, message, "create", target, list(blueprint.not_yet))
        told = [things.PlanComponent(**one._asdict()) for one in components(resolved.profile, resolved.parameters)]
        plan = structs.replace(plan, warnings=_warnings(blueprint), components=told)
        return plan if plan.refusals else await self._with_quotas(plan, tenant.account_id, blueprint)

    async def _with_quotas(self, plan: things.Plan, account: str, blueprint: Blueprint) -> things.Plan:
        """The plan with what the account's quotas say to it."""
        lines = await self._quotas.lines(account, self._supervisor.actor(account).state, blueprint)
        short = [refusal(line, account, blueprint.region) for line in lines if line.is_short]
        refusals = [things.PlanRefusal(one.code, one.detail, one.hint) for one in short]
        return structs.replace(plan, quotas=[structs.asdict(line) for line in lines], refusals=refusals)

    def _forecast(
        self, state: State, message: Create | Command, verb: str, target: str, not_yet: list[str]
    ) -> things.Plan:
        try:
            seen = forecast(state, message, self._shared.clock.now())
        except Refusal as error:
            return _refused(verb, target, error.code, error.detail, error.hint)
        return things.Plan(
            verb=verb,
            target=target,
            not_yet=not_yet,
            steps=[_step(step) for step in seen.steps],
            seconds=things.Seconds(expected=round(seen.expected, 1), p90=round(seen.p90, 1)),
            cost=_cost(seen, self._shared.prices.currency),
        )

    def _id(self, prefix: str) -> str:
        return make_id(prefix, self._shared.clock.now(), self._shared.randbits)


def _refused(verb: str, target: str, code: str, detail: str, hint: str = "") -> things.Plan:
    return things.Plan(verb=verb, target=target, refusals=[things.PlanRefusal(code, detail, hint)])


def _warnings(blueprint: Blueprint) -> list[str]:
    """What a person should have meant: ways in for everybody."""
    ways = [node for node in blueprint.nodes if node.parameters.get("direction") == "ingress"]
    ports = {node.parameters["from_port"]: True for node in ways if node.parameters.get("cidr") == "0.0.0.0/0"}
    listed = ", ".join(str(port) for port in ports)
    return (
        [f"The load balancers are open to the whole internet (port {listed}): see [ingress] sources."] if ports else []
    )


def _step(step: PlannedStep) -> things.PlanStep:
    return things.PlanStep(
        id=step.id,
        kind=step.kind,
        action=step.action,
        depends_on=list(step.depends_on),
        starts=step.starts,
        ends=step.ends,
        usual=step.usual,
    )


def _cost(seen: Forecast, currency: str) -> things.PlanCost:
    return things.PlanCost(
        marginal_per_hour=round(seen.marginal_per_hour, 6),
        per_hour_running=round(seen.per_hour_running, 6),
        per_hour_stopped=round(seen.per_hour_stopped, 6),
        currency=currency,
    )
