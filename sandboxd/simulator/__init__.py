"""An AWS to practise on: slow, refusing, exact about what real AWS answers. Knows botocore's service models, no floor."""

from sandboxd.simulator.clock import SimClock
from sandboxd.simulator.errors import ApiError, NoReply
from sandboxd.simulator.furnish import open_world
from sandboxd.simulator.inprocess import Simulator
from sandboxd.simulator.world import World

__all__ = ["ApiError", "NoReply", "SimClock", "Simulator", "World", "open_world"]
