"""An error as AWS answers it: code, words and HTTP status."""

from typing import Any


class ApiError(Exception):
    """A refusal. Nothing happened, but for a 5xx that a fault sends after the effect."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


class NoReply(Exception):
    """The caller hears nothing that it can read; whether anything happened, it cannot know.

    `how`: `cut` (closed before any byte), `reset`, `hang` (never answered), `empty` or `truncated` (200 with no body, or
    with half of it). `answer` is what would have been said.
    """

    def __init__(self, how: str, answer: dict[str, Any] | None = None) -> None:
        super().__init__(how)
        self.how, self.answer = how, answer or {}


NOT_FOUND = {
    "vpc": ("InvalidVpcID.NotFound", "The vpc ID '{}' does not exist"),
    "subnet": ("InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist"),
    "internet-gateway": ("InvalidInternetGatewayID.NotFound", "The internetGateway ID '{}' does not exist"),
    "route-table": ("InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist"),
    "association": ("InvalidAssociationID.NotFound", "The association ID '{}' does not exist"),
    "security-group": ("InvalidGroup.NotFound", "The security group '{}' does not exist"),
    "elastic-ip": ("InvalidAllocationID.NotFound", "The allocation ID '{}' does not exist"),
    "nat-gateway": ("NatGatewayNotFound", "The Nat Gateway {} was not found"),
    "machine": ("InvalidInstanceID.NotFound", "The instance ID '{}' does not exist"),
    "interface": ("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '{}' does not exist"),
    "volume": ("InvalidVolume.NotFound", "The volume '{}' does not exist."),
    "snapshot": ("InvalidSnapshot.NotFound", "The snapshot '{}' does not exist."),
    "endpoint-service": (
        "InvalidVpcEndpointServiceId.NotFound",
        "The VpcEndpointService Id '{}' does not exist",
    ),
    "vpc-link": ("NotFoundException", "Invalid Vpc Link identifier specified"),
    "load-balancer": ("LoadBalancerNotFound", "One or more load balancers not found"),
    "target-group": ("TargetGroupNotFound", "One or more target groups not found"),
    "listener": ("ListenerNotFound", "One or more listeners not found"),
    "web-acl": (
        "WAFNonexistentItemException",
        "AWS WAF couldn’t perform the operation because your resource doesn’t exist.",
    ),
    "endpoint": ("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{}' does not exist"),
    "image": ("InvalidAMIID.NotFound", "The image id '[{}]' does not exist"),
}


def not_found(kind: str, identifier: str) -> ApiError:
    """What AWS says of an id that it does not know."""
    code, words = NOT_FOUND[kind]
    return ApiError(code, words.format(identifier))
