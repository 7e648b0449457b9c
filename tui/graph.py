"""The steps of an operation as a tree in order of dependency, drawn as text. Pure; no Textual.

A step hangs below the step that it can follow last: of all it depends on, the one with the longest way to it. What is
short comes first, so that the long way, which everybody waits for, stands last and together.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from sandboxd.wire.text import safe_text
from sandboxd.wire.things import Step

OVER: Final = ("done", "skipped", "dropped")
ACTIVE: Final = ("calling", "waiting", "backing-off")


class Node(Struct, frozen=True):
    """A step with the lines that are drawn before it."""

    step: Step
    lines: str
    depth: int


def name_of(step_id: str) -> tuple[str, str]:
    """Return scope and name of what a step moves: its id is `<region>/<scope>/<name>#<generation>:<state>`."""
    key = step_id.partition("#")[0]
    _, _, rest = key.partition("/")
    scope, slash, name = rest.partition("/")
    return (safe_text(scope, 60), safe_text(name, 60)) if slash else ("", safe_text(key, 60))


def resource_of(step_id: str) -> str:
    """Return what a step moves, in its generation."""
    return step_id.rpartition(":")[0] or step_id


def layout(steps: Sequence[Step]) -> list[Node]:
    """Return all steps once, each below one that it depends on."""
    parents = _parents(steps)
    depth = _depths(steps, parents)
    children: dict[str, list[Step]] = {"": []}
    for step in steps:
        above = max(parents[step.id], key=lambda one: depth[one], default="")
        children.setdefault(above, []).append(step)
    height = _heights(steps, children)
    for below in children.values():
        below.sort(key=lambda one: height[one.id])  # stable: equals stay in the order of the daemon
    return _walk(children)


def _parents(steps: Sequence[Step]) -> dict[str, list[str]]:
    """What each step depends on here, the step before it of the same resource included; never in a circle."""
    known = {step.id for step in steps}
    before: dict[str, str] = {}
    out: dict[str, list[str]] = {}
    for step in steps:
        resource = resource_of(step.id)
        own = [before[resource]] if resource in before else []
        before[resource] = step.id
        out[step.id] = [one for one in dict.fromkeys([*step.depends_on, *own]) if one in known and one != step.id]
    _cut_circles(out)
    return out


def _cut_circles(parents: dict[str, list[str]]) -> None:
    """What the daemon sends is a graph without circles; what a stream half applied looks like may not be."""
    settled: set[str] = set()
    for start in parents:
        path = [start]
        while path:
            at = path[-1]
            parents[at] = [one for one in parents[at] if one not in path]
            todo = next((one for one in parents[at] if one not in settled), None)
            if todo is None:
                settled.add(at)
                path.pop()
            else:
                path.append(todo)


def _depths(steps: Sequence[Step], parents: dict[str, list[str]]) -> dict[str, int]:
    depth: dict[str, int] = {}
    for start in (step.id for step in steps):
        path = [start]
        while path:
            at = path[-1]
            todo = [one for one in parents[at] if one not in depth]
            if todo:
                path.append(todo[0])
            else:
                depth[at] = 1 + max((depth[one] for one in parents[at]), default=-1)
                path.pop()
    return depth


def _heights(steps: Sequence[Step], children: dict[str, list[Step]]) -> dict[str, int]:
    height: dict[str, int] = {}
    for start in (step.id for step in steps):
        path = [start]
        while path:
            at = path[-1]
            todo = [one.id for one in children.get(at, ()) if one.id not in height]
            if todo:
                path.extend(todo)
            else:
                height[at] = 1 + max((height[one.id] for one in children.get(at, ())), default=0)
                path.pop()
    return height


def _walk(children: dict[str, list[Step]]) -> list[Node]:
    out: list[Node] = []
    stack = [(step, "", 0, False) for step in reversed(children[""])]
    while stack:
        step, before, depth, last = stack.pop()
        branch = ("└─" if last else "├─") if depth else ""
        out.append(Node(step, before + branch, depth))
        below = children.get(step.id, [])
        inner = before + (("  " if last else "│ ") if depth else "")
        stack += [(one, inner, depth + 1, one is below[-1]) for one in reversed(below)]
    return out


def progress(steps: Sequence[Step]) -> tuple[int, int]:
    """How many of the steps are over, and how many there are."""
    return sum(step.state in OVER for step in steps), len(steps)
