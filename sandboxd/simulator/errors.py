"""An error as AWS answers it: code, words and HTTP status."""


class ApiError(Exception):
    """A refusal; nothing happened."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


class LostReply(Exception):
    """The effect happened, and the caller never hears of it: the connection is cut."""


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
    "image": ("InvalidAMIID.NotFound", "The image id '[{}]' does not exist"),
}


def not_found(kind: str, identifier: str) -> ApiError:
    """What AWS says of an id that it does not know."""
    code, words = NOT_FOUND[kind]
    return ApiError(code, words.format(identifier))
