"""What each service says when it throttles, denies or breaks: one literal table of codes, words and statuses."""

from collections.abc import Mapping
from typing import NamedTuple

from sandboxd.simulator.gate import Fault


class ErrorReply(NamedTuple):
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
THROTTLED: Mapping[str, ErrorReply] = {
    "ec2": ErrorReply("RequestLimitExceeded", "Request limit exceeded.", 503),
    "elbv2": ErrorReply("Throttling", _RATE, 400),
    "appstream": ErrorReply(
        "RequestLimitExceededException", "The request rate is too high. Describe calls are throttled by EC2.", 400
    ),
    "account": ErrorReply("TooManyRequestsException", _RATE, 429),
    "iam": ErrorReply("Throttling", _RATE, 400),
    "organizations": ErrorReply("TooManyRequestsException", _TOO_SOON, 400),
    "resourcegroupstaggingapi": ErrorReply("ThrottledException", _RATE, 400),
    "service-quotas": ErrorReply("TooManyRequestsException", _RATE, 400),
    "ssm": ErrorReply("ThrottlingException", _RATE, 400),
    "sts": ErrorReply("Throttling", _RATE, 400),
}
DENIED: Mapping[str, ErrorReply] = {
    "iam": ErrorReply("AccessDenied", "User is not authorized to perform this operation", 403),
    "elbv2": ErrorReply("AccessDenied", "User is not authorized to perform this operation", 403),
    "ec2": ErrorReply("UnauthorizedOperation", "You are not authorized to perform this operation.", 403),
    "sts": ErrorReply("AccessDenied", "User is not authorized to perform this operation", 403),
}
_DENIED = ErrorReply("AccessDeniedException", "You don't have permissions to access this resource.", 400)
BROKEN = ErrorReply("InternalError", "An internal error has occurred", 500)
UNAVAILABLE: Mapping[str, ErrorReply] = {
    "ec2": ErrorReply("Unavailable", "The service is unavailable. Please try again shortly.", 503),
}
_UNAVAILABLE = ErrorReply("ServiceUnavailable", "Service is unavailable. Please try again.", 503)
NO_CAPACITY = ErrorReply(
    "InsufficientInstanceCapacity",
    "We currently do not have sufficient capacity in the Availability Zone you requested. Our system will be working on "
    "provisioning additional capacity.",
    500,
)
"""AWS sends it as a server's fault, and yet nothing has happened"""


def throttled(service: str) -> ErrorReply:
    """Too many requests."""
    return THROTTLED.get(service, THROTTLED["ssm"])


def denied(service: str) -> ErrorReply:
    """Not allowed."""
    return DENIED.get(service, _DENIED)


def unavailable(service: str) -> ErrorReply:
    """503, and nobody knows why."""
    return UNAVAILABLE.get(service, _UNAVAILABLE)
