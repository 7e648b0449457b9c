"""Waiting for operations: one line per change of a step on stderr, and how to come back after Ctrl-C."""

from argparse import Namespace
from collections.abc import Sequence

from sandboxd.cli.main import CONFLICT, FAILED, INTERRUPTED, OK, PARTLY, TIMED_OUT
from sandboxd.cli.output import form_of, narrate, print_list, print_thing
from sandboxd.client import ops
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


def finish(
    arguments: Namespace, connection: Connection, accepted: Sequence[Operation], *, timeout: float | None = None
) -> int:
    """Print ids, or wait for all and print how they ended; return the exit code."""
    form = form_of(arguments)
    if getattr(arguments, "no_wait", False):
        if form == "table":
            for one in accepted:
                print(one.id)
        else:
            _print(accepted, form)
        return OK
    try:
        ended = [follow(connection, one, timeout) for one in accepted]
    except KeyboardInterrupt:
        narrate("\nDetached; it goes on. Come back with:")
        for one in accepted:
            narrate(f"  sandboxd operation wait {one.id}    (or: sandboxd operation cancel {one.id})")
        return INTERRUPTED
    if form != "table":
        _print(ended, form)
    return code_of(ended)


def _print(operations: Sequence[Operation], form: str) -> None:
    if len(operations) == 1:
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


def follow(connection: Connection, operation: Operation, timeout: float | None = None) -> Operation:
    """Wait for one operation, telling every change of its steps."""
    told: dict[str, str] = {}
    left = timeout
    narrate(f"{operation.kind} {safe_text(operation.target_name)} ({operation.id})")
    while True:
        operation = connection.call(ops.wait(operation.id, ROUND if left is None else min(ROUND, left)))
        for step in operation.steps:
            _tell(step, told)
        if operation.state in OVER:
            reason = f": {safe_text(operation.reason)}" if operation.reason else ""
            narrate(f"{operation.kind} {safe_text(operation.target_name)} {operation.state}{reason}")
            if operation.state == "failed":
                narrate(f"  sandboxd operation retry {operation.id}    (or: sandboxd why {operation.target})")
            return operation
        if left is not None:
            left -= ROUND
            if left <= 0:
                return operation


def _tell(step: Step, told: dict[str, str]) -> None:
    if step.state == "pending" or told.get(step.id) == step.state:
        return
    told[step.id] = step.state
    if step.state == "calling":
        return
    reason = f"  {safe_text(step.reason)}" if step.reason and step.state != "done" else ""
    name = safe_text(step.id.rpartition("/")[2].partition("#")[0])
    narrate(
        f"  {GLYPHS.get(step.state, ' ')} {step.action:<9} {step.kind} {name} {'' if step.state == 'done' else step.state}{reason}".rstrip()
    )
