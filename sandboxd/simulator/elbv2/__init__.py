"""Elastic Load Balancing, version 2: one literal table of operations per theme, each a few lines over the store of rows."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandboxd.simulator.elbv2 import balancers, groups, health, listeners, tagging, targets

if TYPE_CHECKING:
    from sandboxd.simulator.calls import Request
    from sandboxd.simulator.world import World

OPERATIONS: "dict[str, Callable[[World, Request], dict[str, Any]]]" = {
    **balancers.OPERATIONS,
    **groups.OPERATIONS,
    **listeners.OPERATIONS,
    **targets.OPERATIONS,
    **health.OPERATIONS,
    **tagging.OPERATIONS,
}
