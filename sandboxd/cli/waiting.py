"""Waiting for operations: one line per change of a step on stderr, and how to come back after Ctrl-C."""

import time
from argparse import Namespace
from collections.abc import Sequence

from sandboxd.cli.failures import code_of as refusal_code
from sandboxd.cli.live import Live
from sandboxd.cli.main import CONFLICT, FAILED, INTERRUPTED, OK, PARTLY, TIMED_OUT
from sandboxd.cli.output import form_of, print_list, print_thing
from sandboxd.client import ops
from sandboxd.client.errors import DaemonDown
from sandboxd.client.stdlib import Connection
from sandboxd.wire.text import safe_text
from sandboxd.wire.things import Operation, Step

OVER = ("succeeded", "failed", "cancelled")
GLYPHS = {
    "done": "✓",
    "failed": "✗",
    "backing-off": "…",
    "waiting": "·",
    "calling": "·",
    "skipped": "–",
    "dropped": "–",
}
ROUND = 1.0
"""real seconds that the daemon holds one question"""
AWAY, PAUSE = 60.0, 0.3
"""real seconds that a daemon may be away while it is waited for, and between two attempts"""


def finish(
    arguments: Namespace,
    connection: Connection,
    accepted: Sequence[Operation],
    *,
    timeout: float | None = None,
    refused: Sequence[Exception] = (),
    many: bool = False,
) -> int:
    """Print ids, or wait for all and print how they ended; return the exit code.

    `refused` are those of several that were not accepted (and were told), `many` asks for a list also of one.
    """
    form = form_of(arguments)
    if getattr(arguments, "no_wait", False):
        for one in accepted if form == "table" else ():
            print(one.id)
        ended, code = accepted, OK
    else:
        ended, code = _wait(connection, accepted, timeout)
    if form != "table":
        _print(ended, form, many=many)
    return with_refused(code, accepted, refused)


def _wait(connection: Connection, accepted: Sequence[Operation], timeout: float | None) -> tuple[list[Operation], int]:
    live = Live()
    try:
        ended = [follow(connection, one, timeout, live) for one in accepted]
    except KeyboardInterrupt:
        live.line("\nDetached; it goes on. Come back with:")
        _how_to_return(live, accepted)
        return list(accepted), INTERRUPTED
    except DaemonDown:
        live.line("What was accepted goes on when the daemon is back. Come back with:")
        _how_to_return(live, accepted)
        raise
    running = [one for one in ended if one.state not in OVER]
    if running:
        live.line("Still running. Come back with:")
        _how_to_return(live, running)
    return ended, code_of(ended)


def _how_to_return(live: Live, operations: Sequence[Operation]) -> None:
    for one in operations:
        live.line(f"  sandboxd operation wait {one.id}    (or: sandboxd operation cancel {one.id})")


def _print(operations: Sequence[Operation], form: str, *, many: bool) -> None:
    if len(operations) == 1 and not many:
        print_thing(operations[0], "operation", form)
    else:
        print_list(operations, "operation", form)


def code_of(operations: Sequence[Operation]) -> int:
    """The exit code of how operations ended."""
    bad = [one for one in operations if one.state != "succeeded"]
    if not bad:
        return OK
    if any(one.state not in OVER for one in bad):
        return TIMED_OUT
    if len(bad) < len(operations):
        return PARTLY
    return CONFLICT if all("superseded" in (one.reason or "") for one in bad) else FAILED


def with_refused(code: int, accepted: Sequence[Operation], refused: Sequence[Exception]) -> int:
    """The exit code with those of several that were refused at once."""
    if not refused or code == INTERRUPTED:
        return code
    if accepted:
        return PARTLY
    codes = {refusal_code(one) for one in refused}
    return codes.pop() if len(codes) == 1 else FAILED


def follow(
    connection: Connection, operation: Operation, timeout: float | None = None, live: Live | None = None
) -> Operation:
    """Wait for one operation, telling every change of its steps; a daemon that is away for a while is waited for."""
    live, told = live or Live(), dict[str, str]()
    end = None if timeout is None else time.monotonic() + timeout
    live.line(f"{operation.kind} {safe_text(operation.target_name)} ({operation.id})")
    while True:
        left = ROUND if end is None else max(0.0, min(ROUND, end - time.monotonic()))
        operation = _ask(connection, operation.id, left, live)
        for step in operation.steps:
            _tell(step, told, live)
        if operation.state in OVER:
            _tell_end(operation, live)
            return operation
        if end is not None and time.monotonic() >= end:
            live.clear()
            return operation
        live.status(_status(operation))


def _ask(connection: Connection, operation: str, seconds: float, live: Live) -> Operation:
    """One question; the operation outlives its daemon, so the question is asked again for a minute."""
    end, said = time.monotonic() + AWAY, False
    while True:
        try:
            found = connection.call(ops.wait(operation, seconds))
        except DaemonDown as error:
            if time.monotonic() > end:
                raise
            if not said:
                live.line(f"  {error}; waiting for it.")
                said = True
            time.sleep(PAUSE)
            continue
        if said:
            live.line("  The daemon answers again.")
        return found


def _tell_end(operation: Operation, live: Live) -> None:
    reason = f": {safe_text(operation.reason)}" if operation.reason else ""
    live.line(f"{operation.kind} {safe_text(operation.target_name)} {operation.state}{reason}")
    if operation.state == "failed":
        live.line(f"  sandboxd operation retry {operation.id}    (or: sandboxd why {operation.target})")


def _tell(step: Step, told: dict[str, str], live: Live) -> None:
    if step.state == "pending" or told.get(step.id) == step.state:
        return
    told[step.id] = step.state
    if step.state == "calling":
        return
    glyph, state = GLYPHS.get(step.state, " "), "" if step.state == "done" else step.state
    reason = f"  {safe_text(step.reason)}" if step.reason and step.state != "done" else ""
    live.line(f"  {glyph} {step.action:<9} {step.kind} {_name(step)} {state}{reason}".rstrip())


def _name(step: Step) -> str:
    return safe_text(step.id.rpartition("/")[2].partition("#")[0])


def _status(operation: Operation) -> str:
    over = sum(step.state in ("done", "skipped", "dropped") for step in operation.steps)
    running = [f"{step.action} {_name(step)}" for step in operation.steps if step.state in ("waiting", "calling")]
    position = f" (position {operation.position})" if operation.position else ""
    return f"  {over}/{len(operation.steps)} {operation.state}{position}: {', '.join(running) or 'nothing to see yet'}"
