"""What the dashboard asks before it writes: one row per verb, with what is sent and how sure a person must be. Pure."""

from typing import Any

from msgspec import Struct

from sandboxd.client import ops
from sandboxd.wire.requests import PlanRequest
from sandboxd.wire.text import safe_text
from tui.actions import Context


class Question(Struct, frozen=True, kw_only=True):
    """A dialog before a write; `typed` must be typed before it can be sent, `danger` puts the focus on No."""

    title: str
    explain: str
    verb: str
    op: ops.Op[Any]
    done: str
    plan: PlanRequest | None = None
    danger: bool = False
    typed: str = ""


def question(verb: str, context: Context) -> Question | None:
    """The question of a verb for what is selected; None where there is nothing to ask about."""
    sandbox, operation = context.sandbox, context.operation
    match verb:
        case "start" | "stop" | "delete" if sandbox is not None:
            name = safe_text(f"{sandbox.tenant}/{sandbox.name}", 70)
            explain = {
                "start": "Machines boot again, and what they share is made if it is gone.",
                "stop": "Machines are shut down. Their disks stay and cost; everything billed by the hour goes.",
                "delete": "Machines, disks and network go for good. There is no way back.",
            }[verb]
            return Question(
                title=f"{verb.title()} {name}?", explain=explain, verb=verb.title(), op=ops.command(verb, sandbox.id),
                done=f"{verb.title()} of {name} is under way.", plan=PlanRequest(verb=verb, target=sandbox.id),
                danger=verb != "start", typed=sandbox.name if verb == "delete" else "",
            )  # fmt: skip
        case "retry" if operation is not None:
            name = safe_text(f"{operation.kind} of {operation.target_name or operation.target}", 80)
            explain = f"What failed is tried again: {safe_text(operation.reason, 300)}" if operation.reason else ""
            return Question(
                title=f"Retry the {name}?", explain=explain or "What failed is tried again; what is there stays.",
                verb="Retry", op=ops.retry(operation.id), done=f"The {name} goes on.",
            )  # fmt: skip
        case "cancel" if operation is not None:
            name = safe_text(f"{operation.kind} of {operation.target_name or operation.target}", 80)
            return Question(
                title=f"Cancel the {name}?", verb="Cancel it", op=ops.cancel(operation.id), danger=True,
                explain="It ends where it stands, and the sandbox counts as failed: then retry it, or delete the sandbox.",
                done=f"The {name} is being cancelled.",
            )  # fmt: skip
    return None
