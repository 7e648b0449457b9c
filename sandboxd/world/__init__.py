"""A daemon, a simulated AWS, virtual time and a disk in memory in one process: what fault schedules run in.

The daemon in it is the one that `serve` runs, over other ports. Hours pass in milliseconds, one seed gives one history,
and a crash is an instant from which on nothing of that incarnation has any effect.
"""

from sandboxd.world.life import Cut, Life, Point
from sandboxd.world.run import run
from sandboxd.world.wire import build_clients
from sandboxd.world.world import World

__all__ = ["Cut", "Life", "Point", "World", "build_clients", "run"]
