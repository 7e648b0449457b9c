"""The mutations of a life, up and down, and what there is between."""

UP = (
    "CreateVpc",
    "CreateSubnet",
    "CreateInternetGateway",
    "AttachInternetGateway",
    "CreateRouteTable",
    "CreateRoute",
    "AssociateRouteTable",
    "AllocateAddress",
    "CreateNatGateway",
    "CreateSecurityGroup",
    "RevokeSecurityGroupEgress",
    "AuthorizeSecurityGroupEgress",
    "RunInstances",
)
DOWN = (
    "DeleteVpc",
    "DeleteSubnet",
    "DetachInternetGateway",
    "DeleteInternetGateway",
    "DeleteRouteTable",
    "DeleteRoute",
    "DisassociateRouteTable",
    "ReleaseAddress",
    "DeleteNatGateway",
    "DeleteSecurityGroup",
    "RevokeSecurityGroupEgress",
    "TerminateInstances",
)
FULL = {
    "vpc": 1,
    "internet-gateway": 1,
    "subnet": 2,
    "route-table": 2,
    "association": 2,
    "elastic-ip": 1,
    "nat-gateway": 1,
    "security-group": 1,
    "rule": 1,
    "machine": 1,
}
