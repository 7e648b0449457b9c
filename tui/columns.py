"""The columns of every table: title, width, what stands in them and how they sort. Pure; no Textual.

A table is a literal row of columns here; what does not fit is dropped by rank, what is left over goes to those that
can use it.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct

from sandboxd.wire import groups, things
from sandboxd.wire.text import safe_text
from tui import graph, words
from tui.state import State, Tab
from tui.words import Piece

CellOf: TypeAlias = Callable[[State, Any], Piece]
SortOf: TypeAlias = Callable[[State, Any], Any]
GAP: Final = 1


class Column(Struct, frozen=True, kw_only=True):
    """One column: at least `width` cells, up to `most` when there is room; the lowest `rank` is dropped last."""

    id: str
    title: str
    width: int
    cell: CellOf
    rank: int
    most: int = 0
    sort: SortOf | None = None
    right: bool = False


def fitting(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """Return the columns that fit into so many cells, each with its width."""
    chosen: list[Column] = []
    left = width
    for column in sorted(columns, key=lambda one: one.rank):
        if column.width + GAP <= left:
            chosen.append(column)
            left -= column.width + GAP
    widths = {column.id: column.width for column in chosen}
    for column in sorted(chosen, key=lambda one: one.rank):
        more = min(left, max(0, column.most - column.width))
        widths[column.id] += more
        left -= more
    return [(column, widths[column.id]) for column in columns if column.id in widths]


def plain(name: str, limit: int = 200) -> CellOf:
    """A cell that shows a field as it is."""
    return lambda _state, one: Piece(safe_text(str(getattr(one, name) or ""), limit))


def _by(name: str) -> SortOf:
    return lambda _state, one: str(getattr(one, name) or "")


def _state(_: State, one: Any) -> Piece:
    sign = words.glyph(one.state)
    return Piece(f"{sign.text} {words.state_word(one.state)}", sign.tone)


def _age(name: str) -> CellOf:
    return lambda state, one: Piece(words.age(getattr(one, name), state.clock.now), "dim")


# ---- sandboxes
def sandbox_state(_: State, one: things.Sandbox) -> Piece:
    """A sandbox's state, and that something is wrong with one that runs."""
    sign = words.glyph(one.state)
    if one.health == "degraded" and sign.tone != "bad":
        return Piece(f"! {words.state_word(one.state)}, degraded", "warn")
    return Piece(f"{sign.text} {words.state_word(one.state)}", sign.tone)


def progress_of(state: State, operation: things.Operation | None, width: int = 6) -> str:
    """`████░░ 12/34 ~1m20s` of a running operation."""
    if operation is None or operation.state not in ("running", "queued"):
        return ""
    done, total = graph.progress(operation.steps)
    ends = words.parse(operation.eta)
    left = max(0.0, ends - state.clock.now) if ends is not None else 0.0
    eta = f" ~{words.roughly(left)}" if left >= 1 else ""
    return f"{words.bar(done, total, width)} {done}/{total}{eta}" if total else f"{words.bar(0, 1, width)}{eta}"


def _progress(state: State, one: things.Sandbox) -> Piece:
    operation = state.operation_of(one)
    many = operation is not None and len(operation.steps) >= 100  # noqa: PLR2004 - three digits
    return Piece(progress_of(state, operation, 5 if many else 6), "busy")


def _ratio(state: State, one: things.Sandbox) -> tuple[bool, float]:
    operation = state.operation_of(one)
    done, total = graph.progress(operation.steps) if operation and operation.state == "running" else (0, 0)
    return not total, done / total if total else 0.0


def doing(state: State, one: things.Sandbox) -> Piece:
    """Why it is as it is: what failed, or what is being done."""
    if one.reason:
        return Piece(safe_text(one.reason), "bad" if one.state.endswith("_failed") else "warn")
    operation = state.operation_of(one)
    active = state.active_steps(operation) if operation is not None and operation.state == "running" else []
    trouble = [step for step in active if step.state == "backing-off"]
    if trouble:
        why = trouble[0].reason or f"{trouble[0].action} {graph.name_of(trouble[0].id)[1]}"
        return Piece(f"is tried again: {safe_text(why)}", "warn")
    names = dict.fromkeys(f"{step.action} {groups.short_name(step.kind, graph.name_of(step.id)[1])}" for step in active)
    return Piece(", ".join(safe_text(name, 60) for name in names), "dim")


def _cost(_: State, one: Any) -> Piece:
    return Piece(words.money(one.cost.per_hour, one.cost.currency), "" if one.cost.per_hour else "dim")


def _expires(state: State, one: things.Sandbox) -> Piece:
    at = words.parse(one.expires_at)
    if at is None:
        return Piece("–", "dim")
    left = at - state.clock.now
    return Piece(words.duration(left) if left > 0 else "now", "warn" if left < 3600 else "")  # noqa: PLR2004 - an hour


SANDBOXES: Final = (
    Column(id="tenant", title="TENANT", width=11, most=20, rank=2, cell=plain("tenant"),
           sort=lambda _, one: (one.tenant, one.name)),
    Column(id="name", title="NAME", width=14, most=26, rank=0, cell=plain("name"), sort=_by("name")),
    Column(id="state", title="STATE", width=15, most=22, rank=1, cell=sandbox_state, sort=_by("state")),
    Column(id="age", title="FOR", width=6, rank=3, cell=_age("state_since"), sort=_by("state_since"), right=True),
    Column(id="progress", title="PROGRESS", width=20, most=22, rank=4, cell=_progress, sort=_ratio),
    Column(id="cost", title="$/HOUR", width=7, rank=5, cell=_cost, sort=lambda _, one: -one.cost.per_hour, right=True),
    Column(id="profile", title="PROFILE", width=11, most=16, rank=7, cell=plain("profile"), sort=_by("profile")),
    Column(id="expires", title="EXPIRES", width=7, rank=8, cell=_expires,
           sort=lambda _, one: one.expires_at or "9", right=True),
    Column(id="doing", title="NOW", width=16, most=200, rank=6, cell=doing),
)  # fmt: skip

# ---- the others
TENANTS: Final = (
    Column(id="name", title="TENANT", width=14, most=32, rank=0, cell=plain("name"), sort=_by("name")),
    Column(id="state", title="STATE", width=14, most=22, rank=1, cell=_state, sort=_by("state")),
    Column(id="age", title="FOR", width=6, rank=3, cell=_age("since"), sort=_by("since"), right=True),
    Column(id="sandboxes", title="SANDBOXES", width=9, rank=4, right=True,
           cell=lambda _, one: Piece(str(one.sandboxes)), sort=lambda _, one: -one.sandboxes),
    Column(id="account", title="ACCOUNT", width=12, rank=2, cell=plain("account_id"), sort=_by("account_id")),
    Column(id="email", title="CONTACT", width=16, most=60, rank=5, cell=plain("email"), sort=_by("email")),
)  # fmt: skip

ACCOUNTS: Final = (
    Column(id="id", title="ACCOUNT", width=12, rank=0, cell=plain("id"), sort=_by("id")),
    Column(id="ou", title="OU", width=10, rank=2, cell=plain("ou"), sort=lambda _, one: (one.ou, one.id)),
    Column(id="state", title="STATE", width=13, rank=1, cell=_state, sort=_by("state")),
    Column(id="age", title="FOR", width=6, rank=5, cell=_age("since"), sort=_by("since"), right=True),
    Column(id="tenant", title="TENANT", width=11, most=20, rank=3, cell=plain("tenant"), sort=_by("tenant")),
    Column(id="sandboxes", title="SBX", width=3, rank=4, right=True,
           cell=lambda _, one: Piece(str(one.sandboxes), "" if one.sandboxes else "dim"),
           sort=lambda _, one: -one.sandboxes),
    Column(id="name", title="NAME", width=12, most=28, rank=6, cell=plain("name"), sort=_by("name")),
    Column(id="reason", title="NOTE", width=16, most=200, rank=7,
           cell=lambda _, one: Piece(safe_text(one.reason or ""), "warn")),
)  # fmt: skip


def _operation_note(state: State, one: things.Operation) -> Piece:
    if one.reason:
        return Piece(safe_text(one.reason), "bad")
    return Piece(progress_of(state, one), "busy")


def _took(state: State, one: things.Operation) -> Piece:
    began = words.parse(one.started_at or one.requested_at) or state.clock.now
    return Piece(words.duration(float(int((words.parse(one.ended_at) or state.clock.now) - began))))


def _target(_: State, one: things.Operation) -> Piece:
    name = one.target_name or one.target
    return Piece(safe_text(f"{one.tenant}/{name}" if one.tenant and one.tenant != name else name))


OPERATIONS: Final = (
    Column(id="requested", title="ASKED", width=8, rank=3, sort=lambda _, one: _newest(one.requested_at),
           cell=lambda _, one: Piece(words.clock_time(one.requested_at), "dim")),
    Column(id="kind", title="KIND", width=8, rank=1, cell=plain("kind"), sort=_by("kind")),
    Column(id="target", title="TARGET", width=20, most=36, rank=0, cell=_target, sort=_by("target_name")),
    Column(id="state", title="STATE", width=11, rank=2, cell=_state, sort=_by("state")),
    Column(id="took", title="TOOK", width=6, rank=4, cell=_took, right=True),
    Column(id="by", title="BY", width=8, most=14, rank=6, cell=plain("requested_by"), sort=_by("requested_by")),
    Column(id="note", title="NOW", width=21, most=200, rank=5, cell=_operation_note),
)  # fmt: skip


def _newest(stamp: str) -> float:
    return -(words.parse(stamp) or 0.0)


def _event_tone(_: State, one: things.Event) -> Piece:
    last = one.type.rpartition(".")[2]
    bad = last.endswith("failed") or last == "lost"
    tone: words.Tone = "bad" if bad else "warn" if last in ("backing-off", "drifted", "turned") else "dim"
    return Piece(safe_text(one.type), tone)


EVENTS: Final = (
    Column(id="at", title="TIME", width=8, rank=1, cell=lambda _, one: Piece(words.clock_time(one.at), "dim"),
           sort=lambda _, one: -int(one.id.rpartition("-")[2] or 0)),
    Column(id="type", title="EVENT", width=18, most=24, rank=2, cell=_event_tone),
    Column(id="message", title="WHAT HAPPENED", width=30, most=300, rank=0, cell=plain("message", 400)),
    Column(id="by", title="BY", width=8, most=12, rank=3, cell=plain("by")),
)  # fmt: skip

TABLES: Final[dict[Tab, tuple[Column, ...]]] = {
    "sandboxes": SANDBOXES, "tenants": TENANTS, "accounts": ACCOUNTS, "operations": OPERATIONS, "events": EVENTS,
}  # fmt: skip

FIELDS: Final[dict[Tab, tuple[str, ...]]] = {
    "sandboxes": things.Sandbox.__struct_fields__, "tenants": things.Tenant.__struct_fields__,
    "accounts": things.Account.__struct_fields__, "operations": things.Operation.__struct_fields__,
    "events": things.Event.__struct_fields__,
}  # fmt: skip
