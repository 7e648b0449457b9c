"""AWS WAF of the simulator: lock tokens, pages that end in an empty one, and load balancers that it sees late."""

import pytest
from balancing import ACL, Balancing

from sandboxd.simulator import ApiError
from sandboxd.simulator.consistency import Weather

SCOPE = {"Scope": "REGIONAL"}


def rules(*, limit=2000, group="AWSManagedRulesCommonRuleSet"):
    """A rate limit and a group of AWS's."""
    common = {"VisibilityConfig": ACL["VisibilityConfig"]}
    managed = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": group}}
    rate = {"RateBasedStatement": {"Limit": limit, "AggregateKeyType": "IP"}}
    return [
        {"Name": "rate", "Priority": 0, "Statement": rate, "Action": {"Block": {}}, **common},
        {"Name": group, "Priority": 1, "Statement": managed, "OverrideAction": {"None": {}}, **common},
    ]


def words(desk, operation, **parameters):
    """Code and words of a refusal."""
    with pytest.raises(ApiError) as caught:
        desk.waf(operation, **parameters)
    return caught.value.code, caught.value.message


def test_a_web_acl_has_a_name_of_its_own_and_a_lock():
    """Made with its rules, described with tags elsewhere, deleted with its lock token only."""
    desk = Balancing()
    made = desk.waf("CreateWebACL", **ACL, Rules=rules(), Tags=[{"Key": "k", "Value": "v"}])["Summary"]
    assert made["ARN"].startswith(f"arn:aws:wafv2:eu-central-1:{desk.account}:regional/webacl/acl/")
    assert words(desk, "CreateWebACL", **ACL)[0] == "WAFDuplicateItemException"
    named = {**SCOPE, "Name": "acl", "Id": made["Id"]}
    got = desk.waf("GetWebACL", **named)
    assert (got["WebACL"]["Capacity"], got["LockToken"]) == (702, made["LockToken"])
    tags = desk.waf("ListTagsForResource", ResourceARN=made["ARN"])
    assert tags["NextMarker"] == ""
    assert tags["TagInfoForResource"]["TagList"] == [{"Key": "k", "Value": "v"}]
    assert words(desk, "DeleteWebACL", **named, LockToken="x")[0] == "WAFOptimisticLockException"
    desk.waf("DeleteWebACL", **named, LockToken=made["LockToken"])
    gone = "AWS WAF couldn’t perform the operation because your resource doesn’t exist."
    assert words(desk, "GetWebACL", **named) == ("WAFNonexistentItemException", gone)


def test_pages_end_in_an_empty_one():
    """The marker is the last name, on the last page too."""
    desk = Balancing()
    for name in ("b", "a", "c"):
        desk.waf("CreateWebACL", **ACL | {"Name": name})
    first = desk.waf("ListWebACLs", **SCOPE, Limit=2)
    assert ([one["Name"] for one in first["WebACLs"]], first["NextMarker"]) == (["a", "b"], "b")
    second = desk.waf("ListWebACLs", **SCOPE, Limit=2, NextMarker="b")
    assert ([one["Name"] for one in second["WebACLs"]], second["NextMarker"]) == (["c"], "c")
    assert desk.waf("ListWebACLs", **SCOPE, NextMarker="c") == {"WebACLs": []}


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("WAFInvalidParameterException", {"Rules": rules(limit=9)}),
        ("WAFNonexistentItemException", {"Rules": rules(group="Unknown")}),
        ("WAFInvalidParameterException", {"Rules": [rules()[0], rules()[0]]}),
        ("WAFInvalidParameterException", {"Rules": [{"Name": "r", "Priority": 0, "Statement": {}}]}),
        ("WAFInvalidParameterException", {"Scope": "CLOUDFRONT"}),
        ("WAFInvalidParameterException", {"Name": "not so"}),
    ],
)
def test_what_a_create_refuses(code, change):
    """Rules that are not understood, and names."""
    desk = Balancing()
    assert words(desk, "CreateWebACL", **ACL | change)[0] == code
    assert desk.waf("ListWebACLs", **SCOPE) == {"WebACLs": []}


def associating(seed=1, weather=None):
    """A load balancer that comes up and an ACL; what associating them says, each second until it works."""
    desk = Balancing(seed)
    if weather is not None:
        desk.world.weather = weather
        desk.later(150)
    arn = desk.balancer()
    acl = desk.waf("CreateWebACL", **ACL)["Summary"]
    said = []
    for _ in range(1500):
        try:
            desk.waf("AssociateWebACL", WebACLArn=acl["ARN"], ResourceArn=arn)
        except ApiError as error:
            said.append(error.code)
            desk.later(1)
        else:
            return desk, arn, acl, said
    raise AssertionError("never associated")


def test_a30_two_codes_say_wait():
    """Case A30: while it comes up it does not exist, then it is not available; the association is read back late."""
    desk, arn, acl, said = associating()
    assert list(dict.fromkeys(said)) == ["WAFNonexistentItemException", "WAFUnavailableEntityException"]
    assert desk.waf("GetWebACLForResource", ResourceArn=arn) == {}
    desk.later(11)
    assert desk.waf("GetWebACLForResource", ResourceArn=arn)["WebACL"]["ARN"] == acl["ARN"]
    assert desk.waf("ListResourcesForWebACL", WebACLArn=acl["ARN"]) == {"ResourceArns": [arn]}


def test_a30_more_than_five_minutes():
    """Case A30: in bad weather it takes longer than others wait."""
    assert max(len(associating(seed, Weather(seed, chance=1.0))[3]) for seed in range(3)) > 190 + 300


def test_an_acl_that_is_used_stays_and_another_one_takes_its_place_unasked():
    """In use it is not deleted; a second association replaces the first; with its load balancer it is free."""
    desk, arn, acl, _ = associating()
    named = {**SCOPE, "Name": "acl", "Id": acl["Id"], "LockToken": acl["LockToken"]}
    assert words(desk, "DeleteWebACL", **named)[0] == "WAFAssociatedItemException"
    other = desk.waf("CreateWebACL", **ACL | {"Name": "other"})["Summary"]
    desk.later(60)
    desk.waf("AssociateWebACL", WebACLArn=other["ARN"], ResourceArn=arn)
    desk.later(60)
    desk.waf("DeleteWebACL", **named)
    assert desk.waf("GetWebACLForResource", ResourceArn=arn)["WebACL"]["Name"] == "other"
    desk.waf("DisassociateWebACL", ResourceArn=arn)
    desk.waf("DisassociateWebACL", ResourceArn=arn)
    assert desk.waf("GetWebACLForResource", ResourceArn=arn) == {}
    desk.elb("DeleteLoadBalancer", LoadBalancerArn=arn)
    assert words(desk, "DisassociateWebACL", ResourceArn=arn)[0] == "WAFNonexistentItemException"


def test_only_application_load_balancers_have_one():
    """WAF cannot stand before a network load balancer."""
    desk = Balancing()
    network = desk.balancer(Type="network")
    acl = desk.waf("CreateWebACL", **ACL)["Summary"]["ARN"]
    desk.later(300)
    assert words(desk, "AssociateWebACL", WebACLArn=acl, ResourceArn=network)[0] == "WAFInvalidParameterException"
