"""A zone has no capacity for a machine: a sandbox that bears no data yet goes to the account's other zone, once.

Its subnet is made anew there, and with it whatever stands on that. Later the reason is told, and a person decides.
"""

from msgspec import structs

from sandboxd.lifecycle.messages import Ended
from sandboxd.lifecycle.turn import Turn
from sandboxd.lifecycle.words import name_of
from sandboxd.model.keys import scope_of
from sandboxd.model.resource import Row, Step

NO_CAPACITY = frozenset({
    "InsufficientInstanceCapacity", "InsufficientHostCapacity", "Unsupported", "Server.InsufficientInstanceCapacity",
})  # fmt: skip
"""AWS's codes, at once or as the reason of a machine that did not come up"""
BEARS_DATA = "constellation"
"""the first kind that puts something onto a machine that is worth keeping"""


def moved(turn: Turn, row: Row, step: Step, message: Ended) -> bool:
    """Have the sandbox's subnet made anew in the spare zone, if this is why a launch failed and nothing is lost by it."""
    if step.way != "raise" or message.code not in NO_CAPACITY or row.hi:
        return False
    subnet = _subnet_of(turn, row)
    spare = str(subnet.node.parameters.get("spare", "")) if subnet is not None else ""
    if subnet is None or not spare or not _is_new(turn, scope_of(row.node.key)):
        return False
    left = subnet.node.parameters["zone"]
    kept = {name: value for name, value in subnet.node.parameters.items() if name != "spare"}
    subnet.node = structs.replace(subnet.node, parameters=kept | {"zone": spare})
    subnet.spoiled = bool(subnet.hi)
    row.marks.pop("raise", None)
    turn.changed(subnet.node.key)
    turn.state.planner.touch(subnet.node.key)
    turn.say(
        "sandbox.moved", f"{name_of(row)} cannot be had in zone {left} ({message.code}): the sandbox goes to {spare}",
        sandbox_id=scope_of(row.node.key),
    )  # fmt: skip
    return True


def _subnet_of(turn: Turn, row: Row) -> Row | None:
    """The sandbox's own subnet, where the machine stands on one."""
    keys = (key for key in row.node.links.get("subnet", ()) if scope_of(key) == scope_of(row.node.key))
    key = next(keys, None)
    return turn.state.planner.rows.get(key) if key is not None else None


def _is_new(turn: Turn, scope: str) -> bool:
    """Whether it was never started, and nothing was put onto its machines."""
    state = turn.state
    record = state.sandboxes.get(scope)
    operation = state.operations.get(record.operation) if record is not None else None
    if operation is None or operation.verb != "create":
        return False
    return not any(row.hi and row.node.kind == BEARS_DATA for row in state.rows_of(scope))
