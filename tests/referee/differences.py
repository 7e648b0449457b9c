"""In what the simulator may differ from the recorded answers, and why: a literal table, one reason for each.

A `*` in a pattern stands for anything. An entry that no answer needs any more is an error: the table never grows stale.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from tests.referee.checks import Difference


class Allowed(NamedTuple):
    """A pattern for differences, and the reason why they are right."""

    operation: str
    place: str
    member: str
    kind: str
    reason: str

    def covers(self, difference: Difference) -> bool:
        """Whether a difference is one of these."""
        pairs = zip(self[:4], difference[1:], strict=True)
        return all(matches(pattern, text) for pattern, text in pairs)


def matches(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern with `*` describes."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text) is not None


_NO_RECORDING = "the code is documented by AWS and known from public reports; no answer with it was recorded"
_ALL_INSTANCES = "only running machines were recorded; IncludeAllInstances is documented to show the others like this"
_SAME_STATE = "a call on a machine that is there already was not recorded; documented: it succeeds and changes nothing"
_EGRESS = "recorded in 2017 only; ingress, recorded since, answers with the rules, and so does egress as documented"
_PENDING_READ = "seen in the answer of the call that makes it only; a describe soon after shows the same"

ALLOWED = (
    # ---- codes that were never recorded
    Allowed("*", "InvalidVpcID.NotFound", "", "code never recorded", _NO_RECORDING),
    Allowed("*", "InvalidRouteTableID.NotFound", "", "code never recorded", _NO_RECORDING),
    Allowed("*", "NatGatewayNotFound", "", "code never recorded", _NO_RECORDING),
    Allowed("CreateSecurityGroup", "InvalidGroup.Duplicate", "", "code never recorded", _NO_RECORDING),
    Allowed("RevokeSecurityGroupIngress", "InvalidPermission.NotFound", "", "code never recorded", _NO_RECORDING),
    Allowed(
        "DeleteNetworkInterface", "InvalidParameterValue", "", "words",
        "recorded of other operations; gruntwork-io/cloud-nuke#431 and aws/amazon-vpc-cni-k8s#1399 quote it of this one"
    ),
    Allowed("RunInstances", "IdempotentInstanceTerminated", "", "code never recorded", _NO_RECORDING),
    Allowed("DeleteVpcLink", "NotFoundException", "", "code never recorded", _NO_RECORDING),
    Allowed("*", "EntityAlreadyExists", "", "code never recorded", _NO_RECORDING),
    Allowed("*Fleet", "ResourceAlreadyExistsException", "", "code never recorded", _NO_RECORDING),
    Allowed("CreateStreamingURL", "ResourceNotAvailableException", "", "code never recorded", _NO_RECORDING),
    Allowed("Describe*", "ResourceNotFoundException", "", "code never recorded", _NO_RECORDING),
    Allowed("CreateFleet", "InvalidRoleException", "", "words", "recorded of an image builder in another partition, in the same words"),
    Allowed("UpdateFleet", "ResourceInUseException", "", "words", "the same words; who reported them masked the name of the fleet"),
    Allowed("Delete*", "ResourceInUseException", "", "words", "reported of both fleet and stack without their words"),
    Allowed(
        "DescribeNetworkInterfaces", "NetworkInterfaces[other in-use].Attachment", "InstanceOwnerId", "form",
        "nobody recorded an interface of AppStream; other services that AWS manages say amazon-aws there",
    ),
    Allowed("AddRoleToInstanceProfile", "LimitExceeded", "", "code never recorded", _NO_RECORDING),
    Allowed("CreateRole", "Role", "Arn", "form", "the one whole recording has an account number that lacks digits"),
    Allowed(
        "GetRole", "Role.RoleLastUsed", "*", "missing",
        "empty for a role that nobody used; the one whole recording is of a role in use, a cut one shows it empty",
    ),
    Allowed("Delete*", "DeleteConflict", "", "words", "recorded of users and groups; known from reports of roles and profiles"),
    Allowed("*Instances", "IncorrectInstanceState", "", "code never recorded", _NO_RECORDING),
    Allowed(
        "DeleteRouteTable", "DependencyViolation", "", "words",
        "recorded of subnets, gateways, groups and VPCs; the words for a route table follow their pattern",
    ),
    Allowed("BatchGetImage", "AccessDeniedException", "", "code never recorded", _NO_RECORDING),
    Allowed("CreateLoadBalancer", "AccessDenied", "", "code never recorded", _NO_RECORDING),
    Allowed("CreateLoadBalancer", "SubnetNotFound", "", "code never recorded", _NO_RECORDING),
    Allowed("*", "LoadBalancerNotFound", "", "code never recorded", _NO_RECORDING),
    Allowed("*", "ListenerNotFound", "", "code never recorded", _NO_RECORDING),
    Allowed("Create*", "Duplicate*Name", "", "code never recorded", _NO_RECORDING),
    Allowed("Delete*", "ResourceInUse", "", "code never recorded", _NO_RECORDING),
    Allowed("CreateWebACL", "WAFDuplicateItemException", "", "code never recorded", _NO_RECORDING),
    Allowed("DeleteWebACL", "WAFAssociatedItemException", "", "code never recorded", _NO_RECORDING),
    Allowed("DescribeRepositories", "RepositoryNotFoundException", "", "code never recorded", _NO_RECORDING),
    Allowed("CreateGrant", "InvalidArnException", "", "code never recorded", _NO_RECORDING),
    # ---- keys and repositories
    Allowed(
        "SetRepositoryPolicy", "InvalidParameterException", "", "words",
        "recorded of names; that a principal is not found is known from public reports",
    ),
    Allowed("RevokeGrant", "NotFoundException", "", "words", "recorded of keys and aliases; the code for a grant is documented"),
    Allowed(
        "DescribeKey", "NotFoundException", "", "words", "recorded of other operations and aliases, in the same three patterns"
    ),
    Allowed(
        "GetRepositoryPolicy", "RepositoryPolicyNotFoundException", "", "words", "recorded with another name of a repository"
    ),
    Allowed(
        "GetRepositoryPolicy", "", "*", "*", "the one whole answer recorded is an error's body; SetRepositoryPolicy has the same members"
    ),
    Allowed(
        "DescribeKey", "KeyMetadata", "*Algorithms", "missing", "of keys that sign or make codes; ours encrypt"
    ),
    Allowed("DescribeKey", "KeyMetadata", "ExpirationModel", "missing", "of imported key material only, as documented"),
    Allowed("DescribeKey", "KeyMetadata", "MultiRegionConfiguration", "missing", "of keys with replicas only, as documented"),
    Allowed("GetKeyPolicy", "", "PolicyName", "never recorded", "documented since 2023; recorded before"),
    Allowed("ListGrants", "Grants[]", "", "state never recorded", "an empty list was recorded only; its members are documented"),
    # ---- states that were never recorded
    Allowed("DescribeLoadBalancers", "LoadBalancers[provisioning]", "", "state never recorded", _PENDING_READ),
    Allowed(
        "DescribeTargetHealth", "TargetHealthDescriptions[healthy]", "", "state never recorded",
        "pasted by people in parts only, as `State` alone; documented",
    ),
    Allowed("DescribeVpcs", "Vpcs[pending]", "", "state never recorded", _PENDING_READ),
    Allowed("DescribeInstances", "Reservations[].Instances[pending]", "", "state never recorded", _PENDING_READ),
    Allowed("DescribeNatGateways", "NatGateways[pending]", "", "state never recorded", _PENDING_READ),
    Allowed(
        "DescribeCreateAccountStatus", "CreateAccountStatus{IN_PROGRESS}", "", "state never recorded", _PENDING_READ
    ),
    Allowed(
        "DescribeNatGateways", "NatGateways[failed with failure]", "", "state never recorded",
        "recorded with its failure while still pending only; the end of it is documented",
    ),
    Allowed("DescribeInstanceStatus", "InstanceStatuses[*]", "", "state never recorded", _ALL_INSTANCES),
    Allowed("StopInstances", "StoppingInstances[stopped]", "", "state never recorded", _SAME_STATE),
    Allowed("TerminateInstances", "TerminatingInstances[terminated]", "", "state never recorded", _SAME_STATE),
    Allowed(
        "DescribeNetworkInterfaces", "NetworkInterfaces[addressless nat_gateway in-use]", "", "state never recorded",
        "the interface of a gateway that fails: the gateway itself was recorded and shows no public address",
    ),
    # ---- security groups
    Allowed("AuthorizeSecurityGroupEgress", "", "Return", "never recorded", _EGRESS),
    Allowed("AuthorizeSecurityGroupEgress", "", "SecurityGroupRules", "never recorded", _EGRESS),
    Allowed("AuthorizeSecurityGroupEgress", "SecurityGroupRules[*]", "", "state never recorded", _EGRESS),
    Allowed(
        "AuthorizeSecurityGroupIngress", "SecurityGroupRules[ports, ReferencedGroupInfo]", "SecurityGroupRuleArn",
        "absent at AWS", "the one recording with a group as source is older than this member, which rules by CIDR have now",
    ),
    Allowed(
        "*SecurityGroup*", "*SecurityGroupRules[ports, ReferencedGroup*]", "", "state never recorded",
        "listed and revoked rules were recorded with CIDRs only; the form with a group is documented",
    ),
    Allowed(
        "DescribeSecurityGroups", "*UserIdGroupPairs[]", "GroupName", "missing",
        "GroupName belongs to groups of EC2-Classic; the pairs recorded in a VPC lack it",
    ),
    # ---- load balancers
    Allowed("CreateLoadBalancer", "LoadBalancers[provisioning]", "Type", "form", "an application's was recorded only; both are documented"),
    Allowed("CreateLoadBalancer", "LoadBalancers[provisioning]", "DNSName", "form", "an application's was recorded only; the other in describes"),
    Allowed(
        "DescribeNetworkInterfaces", "NetworkInterfaces[network_load_balancer in-use]", "", "state never recorded",
        "known from inventories that people showed: no groups, no source check, and this type elsewhere",
    ),
    Allowed("DescribeTargetGroups", "TargetGroups[]", "*Protocol", "form", "the whole recordings are of TCP; HTTP is documented"),
    Allowed("DescribeTargetGroups", "TargetGroups[]", "LoadBalancerArns", "form", "none of those recorded whole was in use"),
    Allowed(
        "DeleteVpcEndpoints", "Unsuccessful[]", "", "state never recorded",
        "recorded where all were deleted; the item and its error are in the service model, the code in EC2's list",
    ),
    Allowed(
        "GetAWSDefaultServiceQuota", "Quota", "UsageMetric", "missing",
        "recorded for a quota that CloudWatch counts; not all have it, and nobody of ours reads it",
    ),
    Allowed(
        "DescribeInstanceTypes", "InvalidInstanceType", "", "code never recorded",
        "documented in the list of EC2's error codes; the operation itself was never recorded",
    ),
    # ---- commands and parameters
    Allowed("*", "ParameterAlreadyExists", "", "code never recorded", _NO_RECORDING),
    Allowed("*", "InvalidResourceId", "", "code never recorded", _NO_RECORDING),
    Allowed("PutParameter", "ValidationException", "", "code never recorded", _NO_RECORDING),
    Allowed("SendCommand", "InvalidDocument", "", "words", "recorded of another operation, with the same words"),
    Allowed("*CommandInvocation*", "*", "Status*", "form", "runs that were cancelled were not recorded; the model lists these words"),
    Allowed(
        "ListCommandInvocations", "CommandInvocations[].CommandPlugins[]", "ResponseFinishDateTime", "missing",
        "only a run that was over was recorded; one that goes on has no end",
    ),
    Allowed("*Parameter*", "Parameter*", "Type", "form", "only plain strings were recorded; the model lists the types"),
    Allowed("DescribeParameters", "Parameters[]", "ARN", "never recorded", "AWS added it after the newest recording, of 2020"),
    # ---- values that depend on the account, not on the state
    Allowed("DescribeTags", "Tags[]", "ResourceId", "form", "tags of machines, volumes and snapshots were recorded only"),
    Allowed(
        "DescribeInstanceTypeOfferings", "InstanceTypeOfferings[]", "Location*", "form",
        "recorded by zone only; by region is documented",
    ),
    Allowed(
        "ListAccounts", "Accounts[]", "JoinedMethod", "form",
        "members that were made were recorded; the management account was invited, as documented",
    ),
    Allowed("ListAccounts", "Accounts[]", "Status", "form", "no account that is being closed was recorded; documented"),
    Allowed("ListAccounts", "Accounts[]", "State", "never recorded", "AWS added State in 2025; recorded in 2021"),
    Allowed(
        "GetResources", "ResourceTagMappingList[]", "ResourceARN", "form",
        "functions and workspaces were recorded; the ARNs of EC2 are those of its own answers",
    ),
    Allowed(
        "DescribeInstanceInformation", "InstanceInformationList[]", "IsLatestVersion", "form",
        "whether an agent is the newest one depends on the day",
    ),
)  # fmt: skip

UNLIKE = (
    Allowed(
        "DescribeTargetGroups", "TargetGroups[]", "*", "unlike any recording",
        "those recorded whole are of TCP, which has no path; HTTP is documented, and recorded in parts",
    ),
    Allowed(
        "GetRepositoryPolicy", "", "*", "unlike any recording",
        "the one answer recorded since is an error's body; SetRepositoryPolicy has the same members",
    ),
    Allowed(
        "AuthorizeSecurityGroupIngress", "SecurityGroupRules[ports, ReferencedGroupInfo]", "SecurityGroupRuleArn",
        "unlike any recording", "recorded in 2022 only, before rules had this member here; rules by CIDR have it",
    ),
    Allowed(
        "DescribeSecurityGroups", "*UserIdGroupPairs[]", "GroupName", "unlike any recording",
        "the pairs recorded since 2019 are of EC2-Classic; older ones in a VPC lack GroupName",
    ),
    Allowed(
        "DescribeInstanceInformation", "InstanceInformationList[]", "LastPingDateTime", "unlike any recording",
        "the newest answer was pasted by a person without its times",
    ),
    Allowed(
        "DescribeNetworkInterfaces", "NetworkInterfaces[other in-use]", "Association", "unlike any recording",
        "an interface of AppStream, of which none was recorded, has no public address; the recorded one of another service has",
    ),
)  # fmt: skip
"""the same for whole structures held against the recordings themselves"""

NEVER_RECORDED = frozenset({
    "BatchGetImage", "CreateFleet", "CreateGrant", "CreateInstanceProfile", "CreateOrganizationalUnit", "CreateStack", "CreateStreamingURL", "CreateVpcEndpointServiceConfiguration", "CreateVpcLink", "CreateWebACL", "DeleteVpcEndpointServiceConfigurations", "DescribeAccount", "DescribeFleets", "DescribeImagePermissions", "DescribeImages", "DescribeInstanceTypes", "DescribeStacks", "GetInstanceProfile", "GetParametersByPath", "GetVpcLinks", "GetWebACLForResource", "ListAccountsForParent", "ListAssociatedFleets", "ListAssociatedStacks", "ListChildren", "ListCommands", "ListCreateAccountStatus", "ListOrganizationalUnitsForParent", "ListParents", "ListRoots", "ListTagsForResource", "ResetEbsDefaultKmsKeyId", "UpdateFleet",
})  # fmt: skip
"""operations of which nobody has recorded an answer: there is nothing to hold them against"""


def judge(
    differences: Iterable[Difference], allowed: Iterable[Allowed] = ALLOWED
) -> tuple[list[Difference], list[Allowed]]:
    """Differences without a reason, and reasons without a difference."""
    found, table = list(differences), list(allowed)
    open_ones = [one for one in found if not any(entry.covers(one) for entry in table)]
    idle = [entry for entry in table if not any(entry.covers(one) for one in found)]
    return open_ones, idle
