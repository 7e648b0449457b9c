"""EC2: one literal table of operations per theme, each a few lines over the store of rows."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandboxd.simulator.ec2 import (
    addresses,
    catalog,
    encryption,
    endpoint_services,
    endpoints,
    gateways,
    groups,
    images,
    interfaces,
    machines,
    networks,
    routes,
    snapshots,
    tagging,
    volumes,
)

if TYPE_CHECKING:
    from sandboxd.simulator.calls import Request
    from sandboxd.simulator.world import World

OPERATIONS: "dict[str, Callable[[World, Request], dict[str, Any]]]" = {
    **networks.OPERATIONS,
    **routes.OPERATIONS,
    **gateways.OPERATIONS,
    **groups.OPERATIONS,
    **addresses.OPERATIONS,
    **interfaces.OPERATIONS,
    **machines.OPERATIONS,
    **volumes.OPERATIONS,
    **images.OPERATIONS,
    **snapshots.OPERATIONS,
    **encryption.OPERATIONS,
    **tagging.OPERATIONS,
    **catalog.OPERATIONS,
    **endpoint_services.OPERATIONS,
    **endpoints.OPERATIONS,
}
