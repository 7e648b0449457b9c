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
    Allowed("RunInstances", "IdempotentInstanceTerminated", "", "code never recorded", _NO_RECORDING),
    Allowed("*", "EntityAlreadyExists", "", "code never recorded", _NO_RECORDING),
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
    # ---- states that were never recorded
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
)  # fmt: skip
"""the same for whole structures held against the recordings themselves"""

NEVER_RECORDED = frozenset({
    "CreateInstanceProfile", "CreateOrganizationalUnit", "DescribeAccount", "DescribeInstanceTypes", "GetInstanceProfile", "ListAccountsForParent", "ListChildren", "ListCreateAccountStatus",
    "ListOrganizationalUnitsForParent", "ListParents", "ListRoots", "ListTagsForResource",
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
