"""Words for people: what a step does, by kind and states, and the sentences of events."""

from sandboxd.model.keys import parts, step_id
from sandboxd.model.resource import Row, Step

_ACTIONS = {
    ("machine", "raise", 0): "launch",
    ("machine", "raise", 1): "start",
    ("machine", "lower", 1): "stop",
    ("machine", "lower", 0): "terminate",
    ("internet-gateway", "raise", 1): "attach",
    ("internet-gateway", "lower", 1): "detach",
    ("security-group", "raise", 1): "close",
    ("instance-role", "raise", 1): "attach",
    ("instance-role", "lower", 1): "detach",
    ("instance-profile", "raise", 1): "fill",
    ("instance-profile", "lower", 1): "empty",
    ("appstream-fleet", "raise", 1): "start",
    ("appstream-fleet", "lower", 1): "stop",
    ("appstream-association", "raise", 0): "associate",
    ("appstream-association", "lower", 0): "disassociate",
    ("service-role", "raise", 1): "attach",
    ("service-role", "lower", 0): "leave",
    ("service-linked-role", "lower", 0): "leave",
    ("region", "raise", 0): "opt in",
    ("region", "lower", 0): "leave",
    ("agent", "raise", 0): "wait",
    ("agent", "raise", 1): "echo",
    ("constellation", "raise", 0): "install",
    ("constellation", "lower", 0): "cancel",
    ("probe", "raise", 0): "probe",
    ("account-claim", "raise", 0): "move",
    ("account-claim", "raise", 1): "tag",
}
_DEFAULT = {"raise": "create", "lower": "delete", "rebind": "rebind"}


def action_of(kind: str, step: Step, at: int) -> str:
    """What a step from this state does, in a word: by the state it leaves when raising, enters when lowering."""
    return _ACTIONS.get((kind, step.way, at if step.way == "raise" else step.to), _DEFAULT[step.way])


def name_of(row: Row) -> str:
    """A resource as people call it: its kind and name."""
    name = parts(row.node.key).name
    return f"{row.node.kind} {name}"


def id_of(row: Row, step: Step) -> str:
    """The id of a step: key, generation and the state it enters."""
    fresh = step.way == "raise" and row.lo == row.hi == 0 and row.flight is None
    return step_id(row.node.key, row.generation + fresh, row.node.states[step.to])
