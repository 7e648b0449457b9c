"""The steps of an operation by what they are for: first what needs eyes, then one line for each group. Pure; no Textual.

A row is told by its id: `now/<step>` is a step that failed or is being done, `group/<id>` a group, `in/<step>` a step of a
group that is open.
"""

import itertools
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from msgspec import Struct

from sandboxd.wire import groups
from sandboxd.wire.text import safe_text
from sandboxd.wire.things import Step
from tui import gantt, graph, words
from tui.gantt import Axis
from tui.words import Piece, fit

NOW, GROUP, IN = "now/", "group/", "in/"
_URGENCY: Final = {"failed": 0, "backing-off": 1, "calling": 2, "waiting": 2}
_PERCENT: Final = re.compile(r"\[(\d{1,3})%\]\s*")
_COUNT: Final = 8
_TITLE: Final = 24
_GAUGE: Final = 6


class Stage(Struct, frozen=True):
    """The steps of one group."""

    group: groups.Group
    steps: Sequence[Step]

    @property
    def state(self) -> str:
        """The state that counts: trouble before work, work before what is still to come."""
        states = {step.state for step in self.steps}
        for state in ("failed", "backing-off"):
            if state in states:
                return state
        if states & {"calling", "waiting"}:
            return "waiting"
        return "done" if states <= set(graph.OVER) else "pending"


def stages(steps: Sequence[Step]) -> list[Stage]:
    """The groups that have steps."""
    named = ((step.kind, graph.name_of(step.id)[1], step) for step in steps)
    return [Stage(group, tuple(found)) for group, found in groups.grouped(named)]


def urgent(steps: Sequence[Step]) -> list[Step]:
    """What needs eyes: what failed, what is tried again, what is being done; what takes longest first."""
    return sorted(
        (step for step in steps if step.state in _URGENCY),
        key=lambda step: (_URGENCY[step.state], -(step.usual or 0.0), step.started_at or "", step.id),
    )


def row_ids(steps: Sequence[Step], opened: Collection[str]) -> list[str]:
    """The rows in order; `opened` are ids of groups."""
    out = [f"{NOW}{step.id}" for step in urgent(steps)]
    for stage in stages(steps):
        out.append(f"{GROUP}{stage.group.id}")
        if stage.group.id in opened:
            out += [f"{IN}{step.id}" for step in stage.steps]
    return out


def step_of(row: str) -> str:
    """The id of the step of a row; empty for a group."""
    return "" if row.startswith(GROUP) else row.removeprefix(NOW).removeprefix(IN)


# ---- lines
def now_line(step: Step, axis: Axis, width: int, *, verb: str) -> list[Piece]:
    """A step that needs eyes: how far it is and what it says of itself."""
    label = max(30, min(40, width * 9 // 20))
    room = width - 3 - label - 1 - gantt.TIMES - 1
    sign = words.glyph(step.state)
    middle = _trouble(step, room) if step.state in ("failed", "backing-off") else _progress(step, axis, room)
    return [
        Piece(f" {sign.text} ", sign.tone), *words.join(gantt.named(step, verb=verb, mine=True), label), Piece(" "), *middle,
        Piece(" "), Piece(fit(gantt.times(step, axis), gantt.TIMES, right=True)),
    ]  # fmt: skip


def _trouble(step: Step, room: int) -> list[Piece]:
    return [Piece(fit(safe_text(step.reason or ""), room), words.glyph(step.state).tone)]


def _progress(step: Step, axis: Axis, room: int) -> list[Piece]:
    """A gauge and the words of whoever does it; the gauge shows their percents, or the time that has passed."""
    said = safe_text(step.reason or "").removeprefix(f"{groups.short_name(step.kind, graph.name_of(step.id)[1])}: ")
    percents = _PERCENT.search(said)
    start = words.parse(step.started_at)
    part = int(percents[1]) / 100 if percents else (axis.now - (start or axis.now)) / step.usual if step.usual else 0.0
    cells = min(_GAUGE if room < 40 else 3 * _GAUGE, room)  # noqa: PLR2004 - room for words beside it
    full = max(0, min(cells, round(cells * part)))
    text = _PERCENT.sub(r"\1% ", said, count=1)
    return words.join([Piece("━" * full, "busy"), Piece("╌" * (cells - full), "dim"), Piece(f" {text}")], room)


def stage_line(stage: Stage, axis: Axis, width: int, *, is_open: bool) -> list[Piece]:
    """A group: its sign, how many of its steps are over, and when they were done."""
    sign = words.glyph(stage.state)
    done, total = graph.progress(stage.steps)
    tone: words.Tone = "dim" if stage.state == "pending" and not done else "strong"
    pieces = [
        Piece(f" {sign.text} ", sign.tone), Piece("▾ " if is_open else "▸ ", "dim"), Piece(fit(stage.group.title, _TITLE), tone),
        Piece(fit(f"{done}/{total}", _COUNT, right=True), "dim" if done == total else ""), Piece("  "),
    ]  # fmt: skip
    room = width - 5 - _TITLE - _COUNT - 2 - gantt.TIMES
    return [*pieces, *_span(stage, axis, room), Piece(fit(_took(stage, axis), gantt.TIMES, right=True))]


def _begun(stage: Stage) -> tuple[float, float] | None:
    """When the first step began, and until when there is or was something to do."""
    begins = [at for step in stage.steps if (at := words.parse(step.started_at)) is not None]
    ends = [at for step in stage.steps if (at := words.parse(step.ended_at)) is not None]
    return (min(begins), max(ends, default=min(begins))) if begins else None


def _span(stage: Stage, axis: Axis, room: int) -> list[Piece]:
    """When something was done, with gaps where nothing was; and how long what is being done usually still takes."""
    if room <= 0:
        return []
    done, coming = set[int](), set[int]()
    for step in stage.steps:
        begin = words.parse(step.started_at)
        if begin is None or step.state in ("pending", "dropped"):
            continue
        first, length = axis.cells(begin, words.parse(step.ended_at) or axis.now, room)
        done.update(range(first, first + length))
        if step.state in graph.ACTIVE:
            coming.update(range(first, first + axis.cells(begin, begin + (step.usual or 0.0), room)[1]))
    signs = "".join("━" if cell in done else "╌" if cell in coming else " " for cell in range(room))
    tone = words.glyph(stage.state).tone if stage.state != "pending" else "ok"
    return [Piece("".join(same), "dim" if sign == "╌" else tone) for sign, same in itertools.groupby(signs)]


def _took(stage: Stage, axis: Axis) -> str:
    begun = _begun(stage)
    if begun is None:
        usual = max((step.usual or 0.0 for step in stage.steps), default=0.0)
        return f"~{words.duration(usual)}" if usual else ""
    end = begun[1] if stage.state in ("done", "pending") else axis.now
    return words.duration(float(int(end - begun[0])))


def about(stage: Stage, by_id: Mapping[str, Step]) -> list[list[Piece]]:
    """Two lines about a group: how its steps stand, and what it waits for."""
    counts: dict[str, int] = {}
    for step in stage.steps:
        state = "being done" if step.state in ("calling", "waiting") else step.state
        counts[state] = counts.get(state, 0) + 1
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    head = [Piece(f" {stage.group.title}", "strong"), Piece(f"  {words.plural(len(stage.steps), 'step')}: {told}")]
    mine = {step.id for step in stage.steps}
    needed = dict.fromkeys(
        graph.name_of(one)[1]
        for step in stage.steps
        if step.state == "pending"
        for one in step.depends_on
        if one not in mine and one in by_id and by_id[one].state not in graph.OVER
    )
    return [head, [Piece(f" waits for {', '.join(needed)}" if needed else "", "dim")]]
