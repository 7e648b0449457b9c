"""The policies in docs/policies allow what whole lives ask, in the account that they ask it of, and nothing that nobody asks."""

import ast
import json
from collections import defaultdict
from pathlib import Path

import pytest

from sandboxd.simulator.furnish import MANAGEMENT
from sandboxd.simulator.services import SERVICES
from sandboxd.simulator.world import World
from tests.faults.schedule import Case, schedule

ROOT = Path(__file__).parents[2]
EVERYTHING = {"amq": True, "smart_client": True}
LIVES = (
    (Case(profile="model-bank", parameters=EVERYTHING, straight=True, faults=False, crash_at=0), (1,)),
    (Case(profile="model-bank", parameters=EVERYTHING), (2, 3)),
    (Case(profile="training", straight=True, faults=False, crash_at=0), (1,)),
    (Case(profile="training", losses="shared", span="long"), (1,)),
    (Case(), range(1, 11)),
)
PREFIXES = {"elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}
NO_PERMISSION = {"sts:GetCallerIdentity"}
MOST = 6144
"""characters of a managed policy that IAM counts"""
WITH_OTHERS = {
    "appstream:TagResource": "fleets and stacks are made with tags",
    "ec2:CreateTags": "so is everything of EC2",
    "elasticloadbalancing:AddTags": "and of load balancing",
    "elasticloadbalancing:SetWebACL": "AssociateWebACL and DisassociateWebACL of a load balancer",
    "iam:PassRole": "RunInstances with an instance profile",
    "iam:TagInstanceProfile": "made with tags",
    "iam:TagRole": "made with tags",
    "kms:CreateGrant": "EC2 opens disks of a shared image in the name of who launches it",
    "kms:Decrypt": "the same",
    "kms:GenerateDataKeyWithoutPlaintext": "the same",
    "kms:ReEncryptFrom": "the same",
    "kms:ReEncryptTo": "the same",
    "ssm:AddTagsToResource": "secrets are made with tags",
    "wafv2:TagResource": "web ACLs are made with tags",
}
"""what AWS asks for besides, and with which call"""
NOT_ASKED = {
    "ec2:DescribeTags", "ecr:DescribeImages",  # operations of this name are asked of other services
    "organizations:CloseAccount", "organizations:CreateAccount", "organizations:UntagResource",  # so far only paced
}  # fmt: skip
"""what the code names and nobody sends"""
POLICIES = ("own", "management", "images", "tenant")


def action(service: str, operation: str) -> str:
    """As IAM names it; API Gateway's are HTTP methods."""
    return "apigateway:GET" if service == "apigateway" else f"{PREFIXES.get(service, service)}:{operation}"


def allowed(name: str) -> set[str]:
    """All actions of a policy."""
    document = json.loads((ROOT / "docs" / "policies" / f"{name}.json").read_text("utf-8"))
    assert {one["Effect"] for one in document["Statement"]} == {"Allow"}
    return {one for statement in document["Statement"] for one in statement["Action"]}


@pytest.fixture(scope="module")
def asked():
    """Policy -> actions that lives asked for."""
    found, call = defaultdict(set), World.call

    def noted(self, caller, region, service, operation, parameters):
        where = "tenant" if caller.account != MANAGEMENT else "management" if service == "organizations" else "images"
        found["own" if operation == "AssumeRole" else where].add(action(service, operation))
        return call(self, caller, region, service, operation, parameters)

    with pytest.MonkeyPatch.context() as monkey:
        monkey.setattr(World, "call", noted)
        for case, seeds in LIVES:
            assert not [finding for seed in seeds for finding in schedule(seed, case).findings]
    return found


@pytest.fixture(scope="module")
def named():
    """Actions of all operations that our code names anywhere."""
    known = defaultdict(set)
    for service, one in SERVICES.items():
        for operation in one.operations:
            known[operation].add(action(service, operation))
    files = [
        file
        for file in (ROOT / "sandboxd").rglob("*.py")
        if file.relative_to(ROOT).parts[1] not in ("simulator", "world")
    ]
    words = {
        node.value.rpartition(":")[2]
        for file in files
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {one for word in words & known.keys() for one in known[word]}


@pytest.mark.parametrize("policy", ["management", "images", "tenant"])
def test_what_lives_ask_is_allowed(asked, policy):
    """In the account of which it is asked."""
    assert len(asked[policy]) > 5
    assert asked[policy] - NO_PERMISSION <= allowed(policy)


def test_whatever_the_code_names_is_allowed_somewhere(named):
    """Also what no life above meets: a new question brings its permission."""
    assert named - set().union(*map(allowed, POLICIES)) == NOT_ASKED | NO_PERMISSION


@pytest.mark.parametrize("policy", POLICIES)
def test_nothing_is_allowed_that_nobody_asks(named, policy):
    """Each action is of an operation that the code names, or comes with one."""
    assert allowed(policy) - named - WITH_OTHERS.keys() == set()


def test_a_policy_fits_into_iam():
    """White space is not counted."""
    for file in (ROOT / "docs" / "policies").iterdir():
        assert len("".join(file.read_text("utf-8").split())) < MOST, file
