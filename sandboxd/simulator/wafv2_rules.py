"""Rules of a web ACL: which are understood here, and the capacity that they use up."""

from collections.abc import Mapping

from sandboxd.simulator.ec2.shapes import Shape
from sandboxd.simulator.errors import ApiError

MANAGED: Mapping[str, int] = {
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesAdminProtectionRuleSet": 100,
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesLinuxRuleSet": 200,
    "AWSManagedRulesUnixRuleSet": 100,
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
}
"""AWS's own groups that cost nothing extra -> their capacity, as the developer guide lists them"""
RATE = 2
"""capacity of a rate limit by source address, without a narrower scope"""
LOWEST, HIGHEST = 10, 2_000_000_000
WINDOW = 300
"""seconds over which a rate limit counts, unless it says otherwise"""
MOST = 5000
"""capacity of a web ACL"""


def invalid(reason: str, field: str, value: object) -> ApiError:
    """What WAF says of a parameter that it does not accept."""
    return ApiError("WAFInvalidParameterException", f"Error reason: {reason}, field: {field}, parameter: {value}")


def nonexistent() -> ApiError:
    """What WAF says of what is not there."""
    return ApiError(
        "WAFNonexistentItemException",
        "AWS WAF couldn’t perform the operation because your resource doesn’t exist.",
    )


def capacity(rules: list[Shape]) -> int:
    """The capacity that rules use; refuse what is not understood, and more than there is."""
    for member in ("Name", "Priority"):
        given = [rule.get(member) for rule in rules]
        if None in given or len({*given}) < len(given):
            raise invalid(f"Each rule needs a {member.lower()} of its own.", "RULE", given)
    used = sum(_capacity(rule) for rule in rules)
    if used > MOST:
        words = "AWS WAF couldn’t perform the operation because you exceeded your resource limit: 5000 WCU."
        raise ApiError("WAFLimitsExceededException", words)
    return used


def _capacity(rule: Shape) -> int:
    """The capacity of one rule; a group overrides its actions, a rule of one's own has an action."""
    statement = rule.get("Statement", {})
    if group := statement.get("ManagedRuleGroupStatement"):
        if (group.get("VendorName"), group.get("Name") in MANAGED) != ("AWS", True):
            raise nonexistent()
        if "OverrideAction" not in rule or "Action" in rule:
            raise invalid("A rule group needs an OverrideAction and no Action.", "RULE_ACTION", rule["Name"])
        return MANAGED[group["Name"]]
    if rate := statement.get("RateBasedStatement"):
        if rate.get("AggregateKeyType") != "IP" or not LOWEST <= int(rate.get("Limit", 0)) <= HIGHEST:
            raise invalid(f"A rate limit by IP is at least {LOWEST}.", "RATE_BASED_STATEMENT", rule["Name"])
        if "Action" not in rule:
            raise invalid("A rule needs an Action.", "RULE_ACTION", rule["Name"])
        return RATE
    raise invalid("The simulator knows managed rule groups and rate limits only.", "STATEMENT", rule["Name"])


def shown(rule: Shape) -> Shape:
    """A rule as it is read back: a rate limit says over how many seconds it counts."""
    statement = rule["Statement"]
    if (rate := statement.get("RateBasedStatement")) is None:
        return rule
    return rule | {"Statement": {"RateBasedStatement": {"EvaluationWindowSec": WINDOW, **rate}}}
