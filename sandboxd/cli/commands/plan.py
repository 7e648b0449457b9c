"""Plans: what a command would do, in order, with time and cost; touches nothing."""

from argparse import Namespace

from sandboxd.cli.commands.write import new_sandbox
from sandboxd.cli.main import CONFLICT, OK
from sandboxd.cli.output import form_of, narrate, print_table, print_thing
from sandboxd.cli.words import connection_of
from sandboxd.client import ops
from sandboxd.wire.requests import PlanRequest
from sandboxd.wire.text import safe_text
from sandboxd.wire.things import Plan


def create(arguments: Namespace) -> int:
    """The plan of a create."""
    request = PlanRequest(verb="create", sandbox=new_sandbox(arguments, arguments.name))
    return _show(arguments, connection_of(arguments).call(ops.plan(request)))


def command(arguments: Namespace) -> int:
    """The plan of a start, stop or delete."""
    request = PlanRequest(verb=arguments.verb, target=arguments.sandbox)
    return _show(arguments, connection_of(arguments).call(ops.plan(request)))


def _show(arguments: Namespace, plan: Plan) -> int:
    if form_of(arguments) != "table":
        print_thing(plan, "plan", form_of(arguments))
        return CONFLICT if plan.refusals else OK
    for refusal in plan.refusals:
        narrate(f"It would be refused: {safe_text(refusal.detail)} {safe_text(refusal.hint)}")
    for quota in plan.quotas:
        if quota["limit"] is None:
            narrate(f"not known: {safe_text(quota['name'])}: {safe_text(quota['unknown'])}")
    for warning in plan.warnings:
        narrate(f"Take care: {safe_text(warning)}")
    if plan.refusals:
        return CONFLICT
    rows = [
        [f"{step.starts:.0f} s", f"{step.ends:.0f} s", *map(safe_text, (step.action, step.kind, step.id))]
        for step in plan.steps
    ]
    print_table(("from", "to", "action", "kind", "step"), rows)
    _components(plan)
    cost = plan.cost
    print(f"\nTakes about {plan.seconds.expected:.0f} s, nearly always less than {plan.seconds.p90:.0f} s.")
    bills = f" (running {cost.per_hour_running:.3f}, stopped {cost.per_hour_stopped:.3f})"
    after = bills if cost.per_hour_running or cost.per_hour_stopped else ""  # nothing is left of a deleted one
    print(f"Changes the bill by {cost.marginal_per_hour:+.3f} {cost.currency}/h{after}.")
    for part in plan.not_yet:
        print(f"not yet: {safe_text(part)}")
    return OK


def _components(plan: Plan) -> None:
    """Every part that the profile can have, and why it is there or not."""
    if plan.components:
        rows = [["yes" if one.there else "no", safe_text(one.name), safe_text(one.because)] for one in plan.components]
        print()
        print_table(("there", "part", "because"), rows)
