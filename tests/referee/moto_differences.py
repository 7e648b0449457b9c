"""In what moto and the simulator answer differently, and which of them real AWS is with: one reason for each.

A `*` in a pattern stands for anything; an entry that nothing needs any more is an error.
"""

from collections.abc import Iterable
from typing import NamedTuple

from tests.referee.differences import matches
from tests.referee.differential import Unlike


class Excuse(NamedTuple):
    """A pattern for differences, and the reason for them."""

    kind: str
    member: str
    simulator: str
    moto: str
    reason: str

    def covers(self, unlike: Unlike) -> bool:
        """Whether a difference is one of these."""
        pairs = zip(self[:4], (unlike.kind, unlike.member, unlike.one, unlike.other), strict=True)
        return all(matches(pattern, text) for pattern, text in pairs)


_LOST = "a terminated machine keeps its network at moto; real AWS takes it away (26 of 27 recordings), and so do we"

EXCUSES = (
    Excuse("machine", "Addressed", "False", "True", _LOST),
    Excuse("machine", "Groups", "[]", "*", _LOST),
    Excuse("machine", "SubnetId", "None", "subnet-*", _LOST),
    Excuse("machine", "Reason", "None", "", "moto shows an empty StateReason; a running machine of AWS has none (24 recorded)"),
    Excuse("subnet", "AvailableIpAddressCount", "*", "*", "moto never gives addresses back, and gives a NAT gateway none"),
    Excuse("table", "Routes", "*blackhole*", "*active*", "a route whose target is gone stays active at moto; AWS says blackhole"),
)  # fmt: skip

BALANCING: tuple[Excuse, ...] = (
    Excuse("acl", "result", "WAFDuplicateItemException", "WafV2DuplicateItem", "moto has a name of its own for it; the model has ours"),
    Excuse("targets", "LoadBalancerArns", "[]", "*", "moto remembers the load balancer of a listener that is deleted; recordings of free groups show none"),
)  # fmt: skip
"""of load balancers and WAF"""


def judge(unlike: Iterable[Unlike], excuses: tuple[Excuse, ...] = EXCUSES) -> tuple[list[Unlike], list[Excuse]]:
    """Differences without an excuse, and excuses without a difference."""
    found = list(unlike)
    open_ones = [one for one in found if not any(excuse.covers(one) for excuse in excuses)]
    return open_ones, [excuse for excuse in excuses if not any(excuse.covers(one) for one in found)]
