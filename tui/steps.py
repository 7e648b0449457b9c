"""The list of an operation's steps, in either of its two views: by stage, or as a graph. Pure; no Textual.

It remembers which view is on and which groups are open, and works out rows only when steps changed.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from sandboxd.wire.things import Operation, Resource, Step
from tui import gantt, graph, stages
from tui.graph import Node
from tui.stages import Stage
from tui.words import Piece

View: TypeAlias = Literal["stages", "graph"]


class Steps:
    """What is listed of an operation."""

    def __init__(self) -> None:
        self.view: View = "stages"
        self.rows: list[str] = []
        self._opened: set[str] = set()
        self._steps: tuple[Step, ...] = ()
        self._nodes: dict[str, Node] = {}
        self._stages: dict[str, Stage] = {}

    @property
    def progress(self) -> tuple[int, int]:
        """How many are over, and how many there are."""
        return graph.progress(self._steps)

    def take(self, steps: Sequence[Step]) -> None:
        """These are the steps now."""
        if (given := tuple(steps)) != self._steps:
            self._steps = given
            self._nodes = {node.step.id: node for node in graph.layout(given)}
            self._stages = {f"{stages.GROUP}{one.group.id}": one for one in stages.stages(given)}
            self._list()

    def _list(self) -> None:
        """The list stays the same object while it says the same: then no cursor is looked for."""
        rows = list(self._nodes) if self.view == "graph" else stages.row_ids(self._steps, self._opened)
        self.rows = self.rows if rows == self.rows else rows

    # ---- what a person does
    def other_view(self, row: str | None) -> str:
        """Change the view; return the row that shows the same step there, or the first."""
        step = stages.step_of(row or "")
        self.view = "graph" if self.view == "stages" else "stages"
        self._list()
        return next((one for one in self.rows if step and stages.step_of(one) == step), "")

    def toggle(self, row: str | None) -> bool:
        """Open or close a group; whether the row is one."""
        if row not in self._stages:
            return False
        self._opened ^= {row.removeprefix(stages.GROUP)}
        self._list()
        return True

    def latest(self) -> str:
        """The row to look at: what needs eyes most, in the graph what began last."""
        if self.view == "stages":
            return self.rows[0] if self.rows else ""
        active = [step for step in self._steps if step.state in graph.ACTIVE and step.started_at]
        return max(active, key=lambda step: step.started_at or "").id if active else ""

    # ---- drawing
    def paint(self, row: str, width: int, *, operation: Operation, own: str, now: float) -> list[Piece]:
        """A row as a line."""
        axis = gantt.axis_of(operation, now)
        if (stage := self._stages.get(row)) is not None:
            return stages.stage_line(stage, axis, width, is_open=stage.group.id in self._opened)
        node = self._nodes.get(stages.step_of(row))
        if node is None:
            return []
        if row.startswith(stages.NOW):
            return stages.now_line(node.step, axis, width, verb=operation.kind)
        if row.startswith(stages.IN):
            node = Node(node.step, "  ", 1)
        return gantt.line(node, axis, width, own=own, verb=operation.kind)

    def about(self, row: str | None, resources: Sequence[Resource], now: float) -> list[list[Piece]]:
        """Two lines about a row; none where there is none."""
        by_id = {step.id: step for step in self._steps}
        if (stage := self._stages.get(row or "")) is not None:
            return stages.about(stage, by_id)
        node = self._nodes.get(stages.step_of(row or ""))
        return gantt.about(node, by_id, resources, now) if node is not None else []
