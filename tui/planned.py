"""A plan as a few lines: how many steps, how long, what it costs, what is not made yet, and why it would be refused. Pure."""

from typing import Final

from sandboxd.wire.text import safe_text
from sandboxd.wire.things import Plan
from tui import words
from tui.words import Piece

_NAMED: Final = 3


def lines(plan: Plan) -> list[list[Piece]]:
    """At most two lines per refusal, three for the rest."""
    if plan.refusals:
        out = []
        for one in plan.refusals:
            out.append([Piece(f"✗ {safe_text(one.detail)}", "bad"), Piece(f"  {safe_text(one.code, 60)}", "dim")])
            out += [[Piece(f"  {safe_text(one.hint)}")]] if one.hint else []
        return out
    expected, p90 = plan.seconds.expected, plan.seconds.p90
    time = f"about {words.duration(float(round(expected)))}"
    later = f", {words.duration(float(round(p90)))} when AWS is slow" if p90 > expected else ""
    out = [
        [Piece(words.plural(len(plan.steps), "step"), "strong"), Piece(f", {time}"), Piece(later, "dim")],
        _cost(plan),
    ]
    if plan.not_yet and plan.verb == "create":
        parts = ", ".join(safe_text(one, 60) for one in plan.not_yet[:_NAMED])
        more = f" and {len(plan.not_yet) - _NAMED} more" if len(plan.not_yet) > _NAMED else ""
        out.append([Piece("not yet made by this version: ", "dim"), Piece(parts), Piece(more, "dim")])
    return out


def _cost(plan: Plan) -> list[Piece]:
    cost = plan.cost
    change = cost.marginal_per_hour
    sign = "+" if change > 0 else "-" if change < 0 else "±"
    out = [Piece(f"{sign}{words.money(abs(change), cost.currency)}/h", "strong")]
    if cost.per_hour_running or cost.per_hour_stopped:  # nothing runs or stands once it is deleted
        running, stopped = (words.money(one, cost.currency) for one in (cost.per_hour_running, cost.per_hour_stopped))
        out.append(Piece(f"   running {running}/h, stopped {stopped}/h", "dim"))
    return out
