"""Which instance types a zone offers, of which it has none left, and which hosts are broken: facts of the world, in AWS's words.

Knows zones and types by name. Everything is offered everywhere unless a test says otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandboxd.simulator.errors import ApiError

Zone = tuple[str, str]
"""name and id"""


@dataclass(slots=True)
class Scarcity:
    """What is not to be had where (instance type -> ids of zones), and what does not work."""

    not_offered: dict[str, tuple[str, ...]] = field(default_factory=dict)
    exhausted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    broken_hosts: dict[str, bool] = field(default_factory=dict)
    """ids of machines that stop only when they are forced to"""

    def offers(self, type_: str, zone: Zone) -> bool:
        """Whether a zone has such machines at all."""
        return zone[1] not in self.not_offered.get(type_, ())

    def check(self, type_: str, zone: Zone, zones: Sequence[Zone]) -> None:
        """Refuse a launch in a zone that does not offer the type, or has none at the moment."""
        if not self.offers(type_, zone):
            fit = ", ".join(one[0] for one in zones if self.offers(type_, one))
            raise ApiError("Unsupported", _UNSUPPORTED.format(type_, zone[0], fit))
        if zone[1] in self.exhausted.get(type_, ()):
            left = [one[0] for one in zones if one[1] not in self.exhausted[type_]]
            more = f" or choosing {', '.join(left)}" if left else ""
            raise ApiError("InsufficientInstanceCapacity", _NONE_LEFT.format(type_, zone[0], more), 500)


_UNSUPPORTED = (
    "Your requested instance type ({}) is not supported in your requested Availability Zone ({}). Please retry your "
    "request by not specifying an Availability Zone or choosing {}."
)
_NONE_LEFT = (
    "We currently do not have sufficient {0} capacity in the Availability Zone you requested ({1}). Our system will be "
    "working on provisioning additional capacity. You can currently get {0} capacity by not specifying an Availability "
    "Zone in your request{2}."
)
