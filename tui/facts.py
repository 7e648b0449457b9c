"""The lines at the top of a sandbox: what it is, what it costs, why it waits. Pure; no Textual."""

from rich.cells import cell_len

from sandboxd.wire import things
from sandboxd.wire.text import safe_text
from tui import columns, graph, words
from tui.state import OVER, State
from tui.words import Piece


def lines(state: State, sandbox: things.Sandbox, width: int, why: things.Why | None = None) -> list[list[Piece]]:
    """Three to six lines; `why` is what the daemon said a moment ago of what it waits for, where somebody asks."""
    out = [_what(state, sandbox, width), _settings(sandbox)]
    if sandbox.not_yet:
        parts = ", ".join(safe_text(one, 60) for one in sandbox.not_yet)
        count = words.plural(len(sandbox.not_yet), "part")
        out.append([Piece(" not yet   ", "dim"), Piece(f"{count} that this version does not make: {parts}")])
    operation = state.operation_of(sandbox)
    if operation is not None:
        out.append(_operation(state, operation))
        if waits := _why(state, sandbox, operation, why):
            out.append(waits)
    if reach := _reach(state, sandbox):
        out.insert(1, reach)
    return [words.join(line, width) for line in out]


def _what(state: State, sandbox: things.Sandbox, width: int) -> list[Piece]:
    cost = sandbox.cost
    now = columns.sandbox_state(state, sandbox)
    pieces = [
        Piece(f" {now.text}", now.tone),
        Piece(f" for {words.age(sandbox.state_since, state.clock.now)}"),
        Piece("   costs ", "dim"), Piece(f"{words.money(cost.per_hour, cost.currency)}/h"),
        Piece(f", {words.money(state.spent(sandbox), cost.currency)} so far", "dim"),
    ]  # fmt: skip
    ends = words.parse(sandbox.expires_at)
    if ends is not None:
        pieces += [Piece("   expires in ", "dim"), Piece(words.duration(ends - state.clock.now))]
    room = width - sum(cell_len(piece.text) for piece in pieces)
    told = next((text for text in _both(state, sandbox) if cell_len(text) <= room), "")
    return [*pieces, Piece(told, "dim")]


def _both(state: State, sandbox: things.Sandbox) -> list[str]:
    """What it costs in its two states, were it alone in its account; then, for less room, in the one that it is not in."""
    full = state.full_sandbox(sandbox.id)
    if full is None or full.cost.running_per_hour is None or full.cost.stopped_per_hour is None:
        return []
    running = f"{words.money(full.cost.running_per_hour, full.cost.currency)}/h running"
    stopped = f"{words.money(full.cost.stopped_per_hour, full.cost.currency)}/h stopped"
    return [f"   {running}, {stopped}", f"   {running if sandbox.state == 'stopped' else stopped}"]


def _reach(state: State, sandbox: things.Sandbox) -> list[Piece]:
    """Where it answers, once it does."""
    full = state.full_sandbox(sandbox.id)
    if full is None or not full.endpoints or sandbox.state != "started":
        return []
    out = [Piece(" answers   ", "dim")]
    for number, one in enumerate(full.endpoints):
        out += [Piece(", " if number else "", "dim"), Piece(safe_text(one.url, 120), "accent")]
    return out


def _settings(sandbox: things.Sandbox) -> list[Piece]:
    parameters = "".join(f" {safe_text(k, 40)}={_value(v)}" for k, v in sandbox.parameters.items())
    where = f"   account {safe_text(sandbox.account_id, 20)} in {safe_text(sandbox.region, 30)}"
    return [Piece(" profile   ", "dim"), Piece(safe_text(sandbox.profile, 40)), Piece(parameters), Piece(where, "dim")]


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else safe_text(str(value), 60)


def _operation(state: State, operation: things.Operation) -> list[Piece]:
    sign = words.glyph(operation.state)
    begun = words.parse(operation.started_at or operation.requested_at) or state.clock.now
    took = words.duration(float(int((words.parse(operation.ended_at) or state.clock.now) - begun)))
    done, total = graph.progress(operation.steps)
    pieces = [
        Piece(f" {safe_text(operation.kind, 20):<9.9} ", "dim"),
        Piece(f"{sign.text} {operation.state}", sign.tone),
    ]
    if operation.state not in OVER:
        pieces.append(Piece(f"  {columns.progress_of(state, operation, 12)}", "busy"))
    elif total:
        pieces.append(Piece(f"  {done} of {words.plural(total, 'step')}"))
    return [*pieces, Piece(f"  in {took}"), Piece(f"  by {safe_text(operation.requested_by, 40)}", "dim")]


def _why(state: State, sandbox: things.Sandbox, operation: things.Operation, why: things.Why | None) -> list[Piece]:
    """What everything waits for, or what of it waits for a person: the last link of the daemon's chain; nothing when it is over and well."""
    if operation.reason or sandbox.reason:
        return [Piece(" because   ", "dim"), Piece(safe_text(sandbox.reason or operation.reason or ""), "bad")]
    if operation.state in OVER:
        return _trouble(why) if sandbox.health == "degraded" else []
    if why is None or not why.chain:
        return [Piece(" now       ", "dim"), columns.doing(state, sandbox)]
    last = why.chain[-1]
    pieces = [Piece(" now       ", "dim"), Piece(f"{safe_text(last.subject)}: ", "strong"), Piece(safe_text(last.text))]
    since = words.parse(last.since)
    if since is not None:
        pieces.append(Piece(f", {words.duration(float(int(state.clock.now - since)))}"))
        pieces.append(Piece(f" of usually {words.duration(last.usual)}" if last.usual else "", "dim"))
    again = words.parse(last.next_attempt_at)
    if again is not None:
        pieces.append(Piece(f", again in {words.duration(float(int(max(0.0, again - state.clock.now))))}", "warn"))
    return pieces


def _trouble(why: things.Why | None) -> list[Piece]:
    """What of a sandbox that is there waits for a person."""
    last = why.chain[-1] if why is not None and len(why.chain) > 1 else None
    if last is None:
        return []
    return [
        Piece(" because   ", "dim"),
        Piece(f"{safe_text(last.subject)}: ", "strong"),
        Piece(safe_text(last.text), "warn"),
    ]
