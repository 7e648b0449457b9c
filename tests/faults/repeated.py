"""What must not happen a second time, and what must not go back: secrets, installers, and what Envoys are told to run."""

from collections.abc import Iterator

from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World
from sandboxd.world.wire import REGION

INSTALL = "#sandboxd install "
GOOD = frozenset({"Pending", "InProgress", "Success"})
"""states of a command that runs, or ran to a good end"""


class Repeats:
    """Remembers how far each Envoy was; asked about a thing whenever a call has changed it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._newest: dict[str, int] = {}
        """Envoy -> sequence number of the newest version that its files had"""

    def doubled(self, row: Row) -> Iterator[str]:
        """What was made or begun again, as sentences."""
        if row.kind == "parameter" and row.data["version"] > 1:
            yield f"the secret {row.data['name']} was made anew under those who have read it"
        if row.kind == "command" and (first := _first_line(row)).startswith(INSTALL):
            now, machine = self._world.clock.now(), row.refs["machine"]
            runs = self._world.rows.holders(machine, now, "command")
            if sum(_first_line(one) == first and one.state(now) in GOOD for one in runs) > 1:
                yield f"{first.removeprefix(INSTALL)} was sent to {machine} again"

    def lost(self) -> Iterator[str]:
        """What has gone back, as sentences: also by what landed late, without anybody's call."""
        for machine in self._world.rows.everywhere(REGION, "machine"):
            envoy = machine.data.get("disk", {}).get("envoy")
            if envoy is None and machine.id not in self._newest:
                continue  # most run none, and this is asked after each reply
            files = (envoy or {}).get("files", "0")
            sequence, newest = int(files.partition("-")[0]), self._newest.get(machine.id, 0)
            if sequence < newest:
                yield f"{machine.id} went back from version {newest} to {files}"
            self._newest[machine.id] = max(sequence, newest)


def _first_line(command: Row) -> str:
    lines = command.data["parameters"]["commands"]
    return str(lines[0]).partition("\n")[0] if lines else ""
