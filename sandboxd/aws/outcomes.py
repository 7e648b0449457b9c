"""What AWS's error codes mean, as named sets per service: the code decides before the HTTP status does.

Collected from the service models, the public documentation and public fault reports; each set says what the engine
does with its members. Anything in none of them, with an AWS error body and a 4xx, is a definite and permanent refusal.
What one operation alone means by a code (`there`, `gone`, `busy`) is said where the kind says its move.
"""

from collections.abc import Mapping
from functools import cache
from typing import Literal

from msgspec import Struct

Outcome = Literal["refused", "unknown"]
Set = frozenset[str]
NONE: Set = frozenset()

READS = ("Describe", "List", "Get", "BatchGet", "Search", "Assume")
"""beginnings of operations that change nothing"""


def is_read(operation: str) -> bool:
    """Whether an operation changes nothing."""
    return operation.startswith(READS)


class Codes(Struct, frozen=True, kw_only=True):
    """The sets of one service. All but `given` say, whatever the HTTP status, that nothing happened."""

    throttled: Set = NONE
    """the same call again, later"""
    concurrent: Set = NONE
    """another change of the same thing is under way"""
    capacity: Set = NONE
    """AWS has none at the moment (comes as 500)"""
    quota: Set = NONE
    """a person raises the quota or frees something"""
    access: Set = NONE
    """may be a new role that is not known everywhere yet, for ten minutes"""
    credentials: Set = NONE
    """AWS does not know the daemon's or the session's credentials"""
    dependency: Set = NONE
    """on the way down: something still holds it; a normal waiting state"""
    young: Set = NONE
    """the account is too young or was never activated"""
    died: Set = NONE
    """the token's resource was made and is gone: a known outcome, the next generation"""
    mismatch: Set = NONE
    """the same token was used with other parameters: a mistake of ours that a person must look at"""
    unseen: Set = NONE
    """something that the call refers to is not there, or not visible yet; besides the codes that end like it"""
    given: Set = NONE
    """what is not there was named to us, so it will not appear by waiting"""

    @property
    def definite(self) -> Set:
        """Codes that say `nothing happened` whatever the status."""
        return frozenset().union(*(getattr(self, name) for name in self.__struct_fields__ if name != "given"))


UNREACHABLE: Set = frozenset({"Unreachable", "CallsCut"})
"""our own: nothing was sent"""

COMMON = Codes(
    throttled=frozenset({
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
        "RequestLimitExceeded", "TooManyRequestsException", "SlowDown", "BandwidthLimitExceeded", "PriorRequestNotComplete",
    }),
    concurrent=frozenset({"ConcurrentModificationException", "ConflictException"}),
    quota=frozenset({"LimitExceededException", "ResourceLimitExceeded", "ServiceQuotaExceededException"}),
    access=frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}),
    credentials=frozenset({
        "InvalidClientTokenId", "UnrecognizedClientException", "ExpiredToken", "ExpiredTokenException", "RequestExpired",
        "SignatureDoesNotMatch", "NoCredentials", "MissingAuthenticationToken", "IncompleteSignature", "InvalidAccessKeyId",
    }),
    dependency=frozenset({"ResourceInUse", "ResourceInUseException"}),
    young=frozenset({"OptInRequired", "SubscriptionRequiredException"}),
    mismatch=frozenset({"IdempotentParameterMismatch", "IdempotentParameterMismatchException"}),
)  # fmt: skip
"""what every service may answer"""

SERVICES: Mapping[str, Codes] = {
    "account": Codes(),
    "appstream": Codes(
        throttled=frozenset({"RequestLimitExceededException"}),
        capacity=frozenset({"ResourceNotAvailableException"}),
        unseen=frozenset({"ResourceNotFoundException"}),
    ),
    "ec2": Codes(
        throttled=frozenset({"EC2ThrottledException"}),
        capacity=frozenset({
            "InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientReservedInstanceCapacity",
            "InsufficientAddressCapacity", "InsufficientCapacity", "InsufficientFreeAddressesInSubnet",
        }),
        quota=frozenset({
            "VpcLimitExceeded", "SubnetLimitExceeded", "InternetGatewayLimitExceeded", "RouteTableLimitExceeded",
            "RouteLimitExceeded", "SecurityGroupLimitExceeded", "RulesPerSecurityGroupLimitExceeded",
            "AddressLimitExceeded", "NatGatewayLimitExceeded", "InstanceLimitExceeded", "VcpuLimitExceeded",
            "VolumeLimitExceeded", "MaxSpotInstanceCountExceeded",
        }),
        access=frozenset({"Client.UnauthorizedOperation"}),
        dependency=frozenset({
            "DependencyViolation", "InvalidIPAddress.InUse", "InvalidGroup.InUse", "IncorrectState",
            "IncorrectInstanceState", "InvalidNetworkInterface.InUse",
        }),
        young=frozenset({"PendingVerification"}),
        died=frozenset({"IdempotentInstanceTerminated"}),
    ),
    "ecr": Codes(
        quota=frozenset({"LimitExceededException"}),
        given=frozenset({"RepositoryNotFoundException"}),
    ),
    "elbv2": Codes(
        capacity=frozenset({"InsufficientCapacity", "AvailabilityZoneNotSupported"}),
        quota=frozenset({
            "TooManyLoadBalancers", "TooManyTargetGroups", "TooManyListeners", "TooManyTargets", "TooManyTags",
            "TooManyRegistrationsForTargetId", "TooManyUniqueTargetGroupsPerLoadBalancer",
        }),
    ),
    "iam": Codes(
        concurrent=frozenset({"ConcurrentModification", "EntityTemporarilyUnmodifiable"}),
        quota=frozenset({"LimitExceeded"}),
        dependency=frozenset({"DeleteConflict"}),
        unseen=frozenset({"NoSuchEntity"}),
    ),
    "kms": Codes(
        given=frozenset({"NotFoundException"}),
    ),
    "organizations": Codes(
        concurrent=frozenset({"PolicyChangesInProgressException"}),
        quota=frozenset({"ConstraintViolationException"}),
        young=frozenset({"FinalizingOrganizationException"}),
        given=frozenset({
            "DestinationParentNotFoundException", "ParentNotFoundException", "OrganizationalUnitNotFoundException",
        }),
    ),
    "ssm": Codes(
        concurrent=frozenset({"TooManyUpdates"}),
        quota=frozenset({"ParameterLimitExceeded", "ParameterMaxVersionLimitExceeded"}),
        unseen=frozenset({"InvalidResourceId", "ParameterNotFound"}),
    ),
    "wafv2": Codes(
        throttled=frozenset({"WAFTagOperationException"}),
        concurrent=frozenset({"WAFOptimisticLockException"}),
        quota=frozenset({"WAFLimitsExceededException"}),
        dependency=frozenset({"WAFAssociatedItemException"}),
        unseen=frozenset({"WAFNonexistentItemException", "WAFUnavailableEntityException"}),
    ),
}  # fmt: skip
"""what one service answers besides"""


@cache
def codes(service: str) -> Codes:
    """Return the sets of a service, the common ones included."""
    own = SERVICES.get(service, Codes())
    return Codes(**{name: getattr(COMMON, name) | getattr(own, name) for name in Codes.__struct_fields__})


_SERVER = 500


def not_found(code: str) -> bool:
    """Whether a code says that something the call refers to is not there (or not visible yet)."""
    return code.endswith((".NotFound", "NotFoundException", "NotFound"))


def outcome(service: str, code: str, status: int) -> Outcome:
    """Return what an error reply proves: `refused` means that nothing happened."""
    if code in _definite(service):
        return "refused"
    if not code or code.isdigit() or code == "Unknown":
        # no error body of AWS's: somebody between us answered, or AWS broke; the request may have been carried out
        return "unknown"
    return "unknown" if status >= _SERVER else "refused"


@cache
def _definite(service: str) -> Set:
    return codes(service).definite
