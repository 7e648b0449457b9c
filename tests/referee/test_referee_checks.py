"""The referee itself: it sees what it should see, and forgets nothing that tells one call from another."""

import copy
import random

import pytest

from tests.referee import facts
from tests.referee.checks import Checks, fits
from tests.referee.differences import ALLOWED, Allowed, judge, matches
from tests.referee.forms import is_placeholder, template
from tests.referee.paths import bare, nodes
from tests.referee.transcript import Said

VPC = {
    "VpcId": "vpc-0a1b2c3d4e5f60718", "State": "available", "CidrBlock": "10.0.0.0/16", "IsDefault": False,
    "DhcpOptionsId": "dopt-0a1b2c3d4e5f60718", "InstanceTenancy": "default", "OwnerId": "111122223333",
    "CidrBlockAssociationSet": [{
        "AssociationId": "vpc-cidr-assoc-0a1b2c3d4e5f60718", "CidrBlock": "10.0.0.0/16",
        "CidrBlockState": {"State": "associated"},
    }],
}  # fmt: skip


def differences(vpc):
    checks = Checks()
    checks.hold(Said("ec2", "DescribeVpcs", {"Vpcs": [vpc]}))
    return {(one.member, one.kind) for one in checks.differences}


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("The subnet 'subnet-0a1b2c3d4e5f60718' has", "The subnet '<subnet>' has"),
        ("vpc-cidr-assoc-0a1b2c3d", "<vpc-cidr-assoc>"),
        ("ip-10-0-0-7.eu-central-1.compute.internal", "ip-<ip>.<domain>"),
        ("ip-10-0-0-7.ec2.internal", "ip-<ip>.<domain>"),
        (
            "arn:aws:ec2:eu-central-1:111122223333:subnet/subnet-0a1b2c3d",
            "arn:aws:ec2:<region>:<account>:subnet/<subnet>",
        ),
        ("User initiated (2026-03-04 00:21:54 GMT)", "User initiated (<moment> GMT)"),
        ("2024-07-30T22:57:30.000Z", "<moment>.000Z"),
        ("2024-07-30T22:57:30.120Z", "<moment>.fffZ"),
        ("eu-central-1b euc1-az3 eu-central-1", "<zone> <zone-id> <region>"),
        ("10.0.0.0/16 10.0.0.1", "<cidr> <ip>"),
        ("resource igw-xxx is", "resource <igw> is"),
        ("vpc-12345", "vpc-12345"),
        ("available", "available"),
    ],
)
def test_a_template_keeps_the_form_and_drops_the_thing(text, seen):
    assert template(text) == seen


def test_a_placeholder_is_no_evidence_of_a_form():
    assert is_placeholder("<vpc-id:1>") and is_placeholder("arn:<partition>:ec2") and is_placeholder("timestamp")
    assert not is_placeholder("vpc-0a1b2c3d") and not is_placeholder(17)


def test_paths_tell_states_and_lose_them_again():
    answer = {"Reservations": [{"Instances": [{"State": {"Name": "running"}, "Placement": {}}]}]}
    paths = [node.path for node in nodes("ec2", "DescribeInstances", answer)]
    assert paths[-1] == "Reservations[].Instances[running].Placement"
    assert bare(paths[-1]) == "Reservations[].Instances[].Placement"


def test_an_answer_as_recorded_has_no_difference():
    assert differences(VPC) == set()


def test_a_missing_member_is_seen():
    assert differences({name: one for name, one in VPC.items() if name != "DhcpOptionsId"}) == {
        ("DhcpOptionsId", "missing")
    }


def test_a_member_that_aws_does_not_send_is_seen():
    assert differences(VPC | {"Ipv6CidrBlockAssociationSet": []}) != set()


def test_an_empty_list_where_aws_sends_nothing_is_seen():
    assert differences(VPC | {"Tags": []}) == {("Tags", "form")}


def test_a_wrong_form_is_seen():
    assert differences(VPC | {"VpcId": "vpc-1"}) == {("VpcId", "form")}
    assert differences(VPC | {"OwnerId": "me"}) == {("OwnerId", "form")}


def test_a_state_that_nobody_recorded_is_seen():
    assert differences(VPC | {"State": "sleeping"}) == {("", "state never recorded")}


def test_errors_are_held_by_code_words_and_status():
    checks = Checks()
    words = "The subnet 'subnet-0a1b2c3d4e5f60718' has dependencies and cannot be deleted."
    checks.hold(Said("ec2", "DeleteSubnet", None, "DependencyViolation", words, 400))
    assert not checks.differences
    checks.hold(Said("ec2", "DeleteSubnet", None, "DependencyViolation", "no", 500))
    checks.hold(Said("ec2", "DeleteSubnet", None, "NoSuchCode", "no", 400))
    assert {one.kind for one in checks.differences} == {"words", "status", "code never recorded"}


def test_every_member_that_must_be_there_is_missed_when_it_is_not(said):
    """Over all answers of the life: take one member away that AWS always sends, and it is found out."""
    rng = random.Random(1)
    answers = [one for one in said if one.answer and facts.places(one.service, one.operation)]
    for one in rng.sample(answers, 60):
        spoiled = copy.deepcopy(one.answer)
        places = facts.places(one.service, one.operation)
        spots = [
            (node.path, node.value, name)
            for node in nodes(one.service, one.operation, spoiled)
            if node.path in places
            for name in places[node.path].always
            if name in node.value and name not in ("State", "Attachments")
        ]
        if not spots:
            continue
        path, value, name = rng.choice(spots)
        del value[name]
        checks = Checks()
        checks.hold(Said(one.service, one.operation, spoiled))
        found = [bare(difference.place) for difference in checks.differences]
        assert any(bare(path).startswith(place) for place in found), (one.operation, path, name)


def test_forms_fit_what_the_facts_say():
    assert (
        fits("=abc", "text") and fits("list", "filled list") and fits("=true", "boolean") and fits("number", "number")
    )
    assert (
        not fits("empty list", "filled list") and not fits("=false", "only true") and not fits("time", "time.fraction")
    )
    assert not fits("=<subnet>", ["<vpc>"])


def test_a_reason_covers_what_it_names_and_an_idle_one_is_told():
    checks = Checks()
    checks.hold(Said("ec2", "DescribeVpcs", {"Vpcs": [VPC | {"VpcId": "vpc-1"}]}))
    exact = Allowed("DescribeVpcs", "Vpcs[available]", "VpcId", "form", "a test")
    other = Allowed("DescribeVpcs", "Vpcs[available]", "OwnerId", "form", "a test")
    assert judge(checks.differences, [exact, other]) == ([], [other])
    assert judge(checks.differences, [other])[0] == list(checks.differences)


def test_a_pattern_stands_for_anything_only_where_it_has_a_star():
    assert matches("a*c", "abc") and matches("*", "") and not matches("a.c", "abc") and not matches("a", "ab")


def test_no_reason_allows_everything():
    assert not any(one[:4] == ("*", "*", "*", "*") for one in ALLOWED)
