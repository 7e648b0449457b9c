"""The second door: the simulated AWS in the same task, without bytes, for tests and fault schedules.

`call` answers with what the wire would serialize, or raises ApiError or NoReply; nothing sleeps, no thread exists here.
"""

from typing import Any

from sandboxd.simulator.clock import SimClock
from sandboxd.simulator.furnish import furnish, open_world
from sandboxd.simulator.inventory import Item, inventory
from sandboxd.simulator.world import REGIONS, World


def call(
    world: World, account: str, region: str, service: str, operation: str, parameters: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Answer one call of an account's administrator.

    Raises ApiError(code, message, status), or NoReply(how) when the caller hears nothing of what may have happened.
    """
    return world.call(world.caller(account), region, service, operation, parameters or {})


class Simulator:
    """A furnished world under a clock of the caller's choice."""

    def __init__(
        self, *, clock: SimClock, seed: int = 1, pool: int = 3, regions: tuple[str, ...] = REGIONS, shared: bool = False
    ) -> None:
        """With `shared` the accounts of the pool may use the images without anybody's doing."""
        self.world: World = open_world(clock=clock, seed=seed, regions=regions)
        furnish(self.world, pool=pool, shared=shared)

    @property
    def management(self) -> str:
        """The management account."""
        return str(self.world.organization["management"])

    @property
    def accounts(self) -> list[str]:
        """The member accounts, in the order in which they joined."""
        return [number for number in self.world.organization["accounts"] if number != self.management]

    def call(
        self, account: str, region: str, service: str, operation: str, parameters: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Answer one call of an account's administrator; raise ApiError or NoReply."""
        return call(self.world, account, region, service, operation, parameters)

    def inventory(self) -> list[Item]:
        """What there is beyond what every account has by itself."""
        return inventory(self.world)
