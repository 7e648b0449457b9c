"""AppStream 2.0: images that are shared, fleets that run them in a network, stacks that people reach them by."""

from sandboxd.simulator.appstream import fleets, images, starting, streams
from sandboxd.simulator.world import Operation

OPERATIONS: dict[str, Operation] = {
    **images.OPERATIONS, **fleets.OPERATIONS, **starting.OPERATIONS, **streams.OPERATIONS,
}  # fmt: skip
