"""When GuardDuty's runtime monitoring puts an endpoint into a VPC: some minutes after its first launch, and again, once."""

AFTER_LAUNCH, AGAIN = 300.0, 90.0
"""seconds from the first launch to the endpoint, and from its end to its return"""
TIMES = 2


class GuardDuty:
    """What is due where; off unless a test switches it on. Not saved with the world."""

    def __init__(self) -> None:
        self.is_on = False
        self._due: dict[str, float] = {}
        self._left: dict[str, int] = {}

    def launched(self, vpc: str, now: float) -> None:
        """A machine was launched in a VPC."""
        if self.is_on and vpc not in self._left:
            self._left[vpc] = TIMES
            self._due[vpc] = now + AFTER_LAUNCH

    def deleted(self, vpc: str, at: float) -> None:
        """Its endpoint will be gone at this moment."""
        if self._left.get(vpc, 0):
            self._due[vpc] = at + AGAIN

    def due(self, now: float) -> list[tuple[str, float]]:
        """Take what is due by now: VPC and moment."""
        out = [(vpc, at) for vpc, at in self._due.items() if at <= now]
        for vpc, _ in out:
            del self._due[vpc]
            self._left[vpc] -= 1
        return out
