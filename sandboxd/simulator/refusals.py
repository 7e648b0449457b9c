"""What each service says when it throttles, denies or breaks: one literal table of codes, words and statuses."""

from collections.abc import Mapping
from typing import NamedTuple

from sandboxd.simulator.gate import Fault


class Refusal(NamedTuple):
    """Code, words, HTTP status."""

    code: str
    message: str
    status: int

    @property
    def fault(self) -> Fault:
        """A fault that says this, and nothing happens."""
        return Fault(code=self.code, message=self.message, status=self.status)


_RATE = "Rate exceeded"
_TOO_SOON = "You have sent too many requests in too short a period of time. Try again later."
THROTTLED: Mapping[str, Refusal] = {
    "ec2": Refusal("RequestLimitExceeded", "Request limit exceeded.", 503),
    "organizations": Refusal("TooManyRequestsException", _TOO_SOON, 400),
    "service-quotas": Refusal("TooManyRequestsException", _RATE, 400),
    "ssm": Refusal("ThrottlingException", _RATE, 400),
    "sts": Refusal("Throttling", _RATE, 400),
}
DENIED: Mapping[str, Refusal] = {
    "ec2": Refusal("UnauthorizedOperation", "You are not authorized to perform this operation.", 403),
    "sts": Refusal("AccessDenied", "User is not authorized to perform this operation", 403),
}
_DENIED = Refusal("AccessDeniedException", "You don't have permissions to access this resource.", 400)
BROKEN = Refusal("InternalError", "An internal error has occurred", 500)
UNAVAILABLE: Mapping[str, Refusal] = {
    "ec2": Refusal("Unavailable", "The service is unavailable. Please try again shortly.", 503),
}
_UNAVAILABLE = Refusal("ServiceUnavailable", "Service is unavailable. Please try again.", 503)
NO_CAPACITY = Refusal(
    "InsufficientInstanceCapacity",
    "We currently do not have sufficient capacity in the Availability Zone you requested. Our system will be working on "
    "provisioning additional capacity.",
    500,
)
"""AWS sends it as a server's fault, and yet nothing has happened"""


def throttled(service: str) -> Refusal:
    """Too many requests."""
    return THROTTLED.get(service, THROTTLED["ssm"])


def denied(service: str) -> Refusal:
    """Not allowed."""
    return DENIED.get(service, _DENIED)


def unavailable(service: str) -> Refusal:
    """503, and nobody knows why."""
    return UNAVAILABLE.get(service, _UNAVAILABLE)
