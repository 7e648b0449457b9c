"""Requests on their way whose callers have given up: a heap by the moment at which they land."""

import copy
import heapq
from itertools import count

from sandboxd.simulator.calls import Caller, Parameters, Request

Late = tuple[float, int, Caller, str, str, str, dict[str, object]]
"""moment, number, caller, region, service, operation, parameters"""


class Pending:
    """What has not landed yet. The number keeps the order of requests that land at the same moment."""

    def __init__(self, late: list[Late] | None = None) -> None:
        self._heap: list[Late] = late or []
        heapq.heapify(self._heap)
        self._numbers = count(1 + max((one[1] for one in self._heap), default=0))

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, q: Request, moment: float) -> None:
        """Let a request land at a moment, as it is now."""
        parameters = copy.deepcopy(dict(q.parameters))
        late = (moment, next(self._numbers), q.caller, q.region, q.service, q.operation, parameters)
        heapq.heappush(self._heap, late)

    def next(self) -> float | None:
        """The moment of the next landing."""
        return self._heap[0][0] if self._heap else None

    def landed(self, now: float) -> Request | None:
        """Take the next request that has landed by now; its `now` is the moment at which it landed."""
        if not self._heap or self._heap[0][0] > now:
            return None
        moment, _, caller, region, service, operation, parameters = heapq.heappop(self._heap)
        return Request(Caller(*caller), region, service, operation, Parameters(parameters), moment)

    def dump(self) -> list[Late]:
        """All of it, in the order in which it lands."""
        return sorted(self._heap, key=lambda one: one[:2])
