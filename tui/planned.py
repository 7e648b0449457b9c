"""A plan as a few lines: how many steps, how long, what it costs, which parts it has and why, and why it would be refused. Pure."""

from typing import Final

from sandboxd.wire.text import safe_text
from sandboxd.wire.things import Plan
from tui import words
from tui.words import Piece

_NAMED: Final = 3
_WIDEST: Final = 34


def lines(plan: Plan, width: int) -> list[list[Piece]]:
    """At most two lines per refusal; else three, and one for each part that hangs on a parameter."""
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
    out += _components(plan, width)
    out += [words.join([Piece(f"! {safe_text(one)}", "warn")], width) for one in plan.warnings]
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


def _components(plan: Plan, width: int) -> list[list[Piece]]:
    """What is there or not because of a parameter; what every sandbox of the profile has goes without saying."""
    chosen = [one for one in plan.components if "`" in one.because or not one.there]
    name = min(_WIDEST, max((len(one.name) for one in chosen), default=0))
    rows = [
        [
            Piece("✓ " if one.there else "· ", "ok" if one.there else "dim"),
            Piece(words.fit(safe_text(one.name), name), "" if one.there else "dim"),
            Piece(f"  {safe_text(one.because.replace('`', ''))}", "dim"),
        ]
        for one in chosen
    ]
    return [words.join(row, width) for row in rows]
