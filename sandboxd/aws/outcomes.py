"""What AWS's error codes mean, in named sets: the code decides before the HTTP status does.

Collected from the service models, the public documentation and public fault reports; each set says what the engine
does with its members. Anything in none of them, with an AWS error body and a 4xx, is a definite and permanent refusal.
"""

from typing import Literal

Outcome = Literal["refused", "unknown"]

READS = ("Describe", "List", "Get", "Search", "Assume")
"""beginnings of operations that change nothing"""


def is_read(operation: str) -> bool:
    """Whether an operation changes nothing."""
    return operation.startswith(READS)


THROTTLED = frozenset({
    "RequestLimitExceeded", "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
    "RequestThrottledException", "TooManyRequestsException", "SlowDown", "EC2ThrottledException", "BandwidthLimitExceeded",
    "PriorRequestNotComplete",
})  # fmt: skip
"""nothing happened; the same call again, later"""

CONCURRENT = frozenset({"ConcurrentModificationException", "ConflictException", "PolicyChangesInProgressException"})
"""nothing happened: another change of the same thing is under way"""

CAPACITY = frozenset({
    "InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientReservedInstanceCapacity",
    "InsufficientAddressCapacity", "InsufficientCapacity", "InsufficientFreeAddressesInSubnet", "Unsupported",
})  # fmt: skip
"""nothing happened, whatever the HTTP status (capacity comes as 500): AWS has none at the moment"""

QUOTA = frozenset({
    "VpcLimitExceeded", "SubnetLimitExceeded", "InternetGatewayLimitExceeded", "RouteTableLimitExceeded",
    "RouteLimitExceeded", "SecurityGroupLimitExceeded", "RulesPerSecurityGroupLimitExceeded", "AddressLimitExceeded",
    "NatGatewayLimitExceeded", "InstanceLimitExceeded", "VcpuLimitExceeded", "VolumeLimitExceeded",
    "MaxSpotInstanceCountExceeded", "ResourceLimitExceeded", "LimitExceededException", "ConstraintViolationException",
})  # fmt: skip
"""nothing happened; a person raises the quota or frees something"""

ACCESS = frozenset({
    "UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "AuthorizationError", "Client.UnauthorizedOperation",
})  # fmt: skip
"""nothing happened; may be a new role that is not known everywhere yet, for ten minutes"""

CREDENTIALS = frozenset({
    "InvalidClientTokenId", "UnrecognizedClientException", "ExpiredToken", "ExpiredTokenException", "RequestExpired",
    "SignatureDoesNotMatch", "NoCredentials", "MissingAuthenticationToken", "IncompleteSignature", "InvalidAccessKeyId",
})  # fmt: skip
"""nothing happened: AWS does not know the daemon's or the session's credentials"""

UNREACHABLE = frozenset({"Unreachable", "CallsCut"})
"""nothing was sent"""

DEPENDENCY = frozenset({
    "DependencyViolation", "ResourceInUse", "ResourceInUseException", "InvalidIPAddress.InUse", "InvalidGroup.InUse",
    "IncorrectState", "IncorrectInstanceState", "InvalidNetworkInterface.InUse",
})  # fmt: skip
"""on the way down: something still holds it; a normal waiting state"""

GIVEN = frozenset(
    {"DestinationParentNotFoundException", "ParentNotFoundException", "OrganizationalUnitNotFoundException"}
)
"""nothing happened: what is not there was named to us, so it will not appear by waiting"""

YOUNG = frozenset(
    {"PendingVerification", "OptInRequired", "SubscriptionRequiredException", "FinalizingOrganizationException"}
)
"""the account is too young or was never activated"""

MADE_AND_DIED = frozenset({"IdempotentInstanceTerminated"})
"""the token's resource was made and is gone: a known outcome, the next generation"""

MISMATCH = frozenset({"IdempotentParameterMismatch", "IdempotentParameterMismatchException"})
"""the same token was used with other parameters: a mistake of ours that a person must look at"""

DEFINITE = (
    THROTTLED | CONCURRENT | CAPACITY | QUOTA | ACCESS | CREDENTIALS | DEPENDENCY | YOUNG | MADE_AND_DIED | MISMATCH
)
"""codes that say `nothing happened` whatever the status"""

_SERVER = 500


def not_found(code: str) -> bool:
    """Whether a code says that something the call refers to is not there (or not visible yet)."""
    return code.endswith((".NotFound", "NotFoundException", "NotFound")) or code == "NatGatewayNotFound"


def outcome(code: str, status: int) -> Outcome:
    """Return what an error reply proves: `refused` means that nothing happened."""
    if code in DEFINITE:
        return "refused"
    if not code or code.isdigit() or code == "Unknown":
        # no error body of AWS's: somebody between us answered, or AWS broke; the request may have been carried out
        return "unknown"
    return "unknown" if status >= _SERVER else "refused"
