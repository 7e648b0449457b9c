"""A laboratory where any call may go wrong, by a seed: what schedules of faults run in."""

import random
from collections import Counter

from enginelab import Lab

from sandboxd.simulator.calls import is_mutation

FAULTS = ("lose", "drop", "late", "crash-before", "crash-after", "InternalError", "RequestLimitExceeded")


class Unlucky(Lab):
    """Any mutation may go wrong, at a rate that the seed draws; so may reads, which are only cut."""

    def __init__(self, seed):
        super().__init__(seed)
        self.rng = random.Random(seed)
        self.rate = self.rng.choice([0.1, 0.2, 0.35])
        self.met = Counter()
        self.armed = False

    async def call(self, scope, service, operation, parameters):
        if self.armed and self.rng.random() < self.rate:
            fault = self.rng.choice(FAULTS) if is_mutation(operation) else "drop"
            self.met[fault] += 1
            self.faults.setdefault(operation, []).append(fault)
        return await super().call(scope, service, operation, parameters)
