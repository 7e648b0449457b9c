"""A step as a line: sign, tree, name, a bar on the operation's own time axis, and how long it took or usually takes. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from sandboxd.wire import groups
from sandboxd.wire.text import safe_text
from sandboxd.wire.things import Operation, Resource, Step
from tui import graph, words
from tui.graph import Node
from tui.words import Piece, Tone, fit

TIMES: Final = 15
_LEAST_BAR: Final = 10
_LABEL: Final = (34, 52)
_SAID: Final = {"wait": "wait for"}


class Axis(Struct, frozen=True):
    """The time that the bars share: from the operation's begin to its end, or to when it may be over."""

    begin: float
    end: float
    now: float

    def cells(self, start: float, end: float, width: int) -> tuple[int, int]:
        """Where a bar begins, and how long it is: at least one cell."""
        scale = width / max(1.0, self.end - self.begin)
        first = min(width - 1, max(0, int((start - self.begin) * scale)))
        return first, max(1, min(width - first, round((end - start) * scale)))


def axis_of(operation: Operation, now: float) -> Axis:
    """The axis of an operation."""
    begin = words.parse(operation.started_at or operation.requested_at) or now
    over = words.parse(operation.ended_at)
    end = over if over is not None else max(now, words.parse(operation.eta) or now)
    return Axis(begin, max(end, begin + 1), over or now)


def line(node: Node, axis: Axis, width: int, *, own: str, verb: str) -> list[Piece]:
    """Draw one step; `own` is the id of the sandbox, so that what it shares is told apart; `verb` goes without saying."""
    step = node.step
    sign = words.glyph(step.state)
    label = max(_LABEL[0], min(_LABEL[1], width - 3 - TIMES - _LEAST_BAR, width // 2))
    tree = f"{node.lines}{' ' if node.lines else ''}"
    mine = graph.name_of(step.id)[0] == own
    pieces = words.join([Piece(tree, "dim"), *named(step, verb=verb, mine=mine)], label)
    room = width - 3 - label - 1 - TIMES
    return [
        Piece(f" {sign.text} ", sign.tone), *pieces, Piece(" "), *_middle(step, axis, room),
        Piece(fit(times(step, axis), TIMES, right=True), "dim" if step.state in ("pending", "dropped") else ""),
    ]  # fmt: skip


def named(step: Step, *, verb: str, mine: bool) -> list[Piece]:
    """A step's name, and in plain words what is done to what; what goes without saying is not said."""
    name = graph.name_of(step.id)[1]
    short, kind = safe_text(groups.short_name(step.kind, name), 60), groups.kind_words(step.kind)
    silent = (step.action == verb and verb in ("create", "delete")) or step.action == step.kind
    told = [_SAID.get(step.action, step.action)] * (not silent) + [kind] * (step.kind != name)
    return [Piece(short, _name_tone(step, mine=mine)), Piece(f"  {safe_text(' '.join(told), 80)}", "dim")]


def _name_tone(step: Step, *, mine: bool) -> Tone:
    if step.state in ("failed", "backing-off"):
        return "bad" if step.state == "failed" else "warn"
    if step.state in ("pending", "dropped"):
        return "dim"
    return "strong" if mine else ""


def _middle(step: Step, axis: Axis, room: int) -> list[Piece]:
    """The bar; of what failed, the reason instead."""
    if room <= 0:
        return []
    if step.state in ("failed", "backing-off") and step.reason:
        return [Piece(fit(safe_text(step.reason), room), words.glyph(step.state).tone)]
    start = words.parse(step.started_at)
    if start is None or step.state == "pending":
        return [Piece(" " * room)]
    if step.state in graph.ACTIVE:
        return _growing(step, start, axis, room)
    first, length = axis.cells(start, words.parse(step.ended_at) or axis.now, room)
    return [Piece(" " * first + "━" * length + " " * (room - first - length), words.glyph(step.state).tone)]


def _growing(step: Step, start: float, axis: Axis, room: int) -> list[Piece]:
    """What has passed, and how long it usually still takes."""
    first, length = axis.cells(start, axis.now, room)
    until = start + (step.usual or 0.0)
    rest = axis.cells(start, until, room)[1] - length if until > axis.now else 0
    rest = max(0, min(rest, room - first - length))
    return [
        Piece(" " * first + "━" * length, "busy"), Piece("╌" * rest, "dim"), Piece(" " * (room - first - length - rest))
    ]  # fmt: skip


def times(step: Step, axis: Axis) -> str:
    """How long a step took, has taken, or usually takes; of one that is tried again, when."""
    start, end = words.parse(step.started_at), words.parse(step.ended_at)
    again = f"×{step.attempts} " if step.attempts > 1 else ""
    if step.state in ("pending", "dropped", "skipped") or start is None:
        return (
            f"~{words.duration(step.usual)}"
            if step.usual and step.state == "pending"
            else step.state * (step.state != "pending")
        )
    again_at = words.parse(step.next_attempt_at)
    if step.state == "backing-off" and again_at is not None:
        return f"{again}in {words.duration(float(int(max(0.0, again_at - axis.now))))}"
    if step.state in graph.ACTIVE:
        passed = words.duration(float(int(axis.now - start)))
        return (
            f"{again}{passed}/{words.duration(float(round(step.usual)))}"
            if step.usual and step.usual >= 1
            else f"{again}{passed}"
        )
    return f"{again}{words.duration((end or axis.now) - start)}"


def about(node: Node, by_id: Mapping[str, Step], resources: Sequence[Resource], now: float) -> list[list[Piece]]:
    """Two lines about a step: what it is and on which AWS object, and what it waited for or failed on."""
    step = node.step
    scope, name = graph.name_of(step.id)
    known = next((one for one in resources if one.name == name and one.kind == step.kind and one.id), None)
    head = [Piece(f" {name}", "strong"), Piece(f"  {safe_text(step.action)} {safe_text(step.kind)}, {step.state}")]
    if scope == "shared":
        head.append(Piece(", shared with the account's other sandboxes", "dim"))
    if known is not None:
        head.append(Piece(f"  {safe_text(known.id, 60)}", "accent"))
    if step.reason:
        return [head, [Piece(f" {safe_text(step.reason)}", words.glyph(step.state).tone), *_again(step, now)]]
    needed = [graph.name_of(one)[1] for one in step.depends_on if one in by_id and by_id[one].state not in graph.OVER]
    if step.state == "pending" and needed:
        return [head, [Piece(f" waits for {', '.join(needed)}", "dim")]]
    stands_on = ", ".join(graph.name_of(one)[1] for one in step.depends_on)
    return [head, [Piece(f" stands on {stands_on}" if stands_on else "", "dim")]]


def _again(step: Step, now: float) -> list[Piece]:
    at = words.parse(step.next_attempt_at)
    return [Piece(f"  again in {words.duration(float(int(max(0.0, at - now))))}", "warn")] if at is not None else []
