"""The table of a sandbox's states: the only place where a state may change.

Rows are (state, what happens) -> next state; `""` is the state of a sandbox that does not exist. What is not in the
table is refused with what to do instead, and changes nothing. The diagram in the docs is made from it.
"""

from typing import Final

from sandboxd.model.errors import Conflict

NONE: Final = ""
_ARRIVALS: Final = {
    "initializing": "started",
    "starting": "started",
    "stopping": "stopped",
    "deleting": "deleted",
}
"""state of a running operation -> state when all of it has come true"""

RUNNING: Final = tuple(_ARRIVALS)


def _table() -> dict[tuple[str, str], str]:
    table = {(NONE, "create"): "initializing"}
    for running, there in _ARRIVALS.items():
        failed = f"{running}_failed"
        table |= {(running, "there"): there, (running, "fail"): failed, (failed, "retry"): running}
        for state in (running, failed, there):
            if state not in ("deleting", "deleted"):
                table[state, "delete"] = "deleting"
    for state in ("started", "initializing_failed", "starting_failed"):
        table[state, "stop"] = "stopping"
    for state in ("stopped", "stopping_failed"):
        table[state, "start"] = "starting"
    return table


TABLE: Final = _table()
STATES: Final = tuple(dict.fromkeys([*(state for state, _ in TABLE if state), *TABLE.values()]))


def next_state(state: str, event: str) -> str:
    """Return the next state; raise Conflict `sandbox_<state>` where the table has none."""
    if (state, event) in TABLE:
        return TABLE[state, event]
    name = state or "absent"
    raise Conflict(f"sandbox_{name}", f"The sandbox is {name}: it cannot {event} now.", _hint(state, event))


def _hint(state: str, event: str) -> str:
    if state == "deleted":
        return "It is deleted; create a sandbox of the same name anew."
    if state in RUNNING:
        return "Wait for its operation, or cancel it: `sandboxd operation list`."
    if state.endswith("_failed"):
        return "Retry its operation, or delete the sandbox: `sandboxd why` says what it failed on."
    allowed = [one for (at, one), _ in TABLE.items() if at == state and one in ("start", "stop", "delete")]
    return f"It is {state} already." if (state, event) in _ALREADY else f"From here: {', '.join(allowed)}."


_ALREADY: Final = (("started", "start"), ("stopped", "stop"))


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    for (state, event), there in TABLE.items():
        lines.append(f"    {state or '[*]'} --> {there}: {event}")
    lines.append("    deleted --> [*]")
    return "\n".join(lines) + "\n"
