"""Target groups: made by name; like load balancers, AWS answers with what has the name already, so a look tells whose it is.

It costs nothing and is part of no network, but it names its VPC for ever.
"""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, Unseen, deleted, tag_list
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

EVERY, CHECKS, TIMEOUT = 10, 2, 5
"""seconds between checks, checks that decide, seconds for one: a target is known as healthy after 20 s, not after 150"""
_HTTP = ("HTTP", "HTTPS")
SPEC = KindSpec(
    name="target-group", roles=(Role("vpc", 1, 1),), free=True, up={1: Usual(0.5, 1)}, down={1: Usual(0.5, 1)}
)


def _health(ask: Ask) -> Parameters:
    """`health` is the path that answers 200; without one a connection is enough. `health_port`: where, if not the port itself."""
    path: str = ask.parameter("health", "")
    check: Parameters = {
        "HealthCheckIntervalSeconds": EVERY,
        "HealthCheckTimeoutSeconds": TIMEOUT,
        "HealthyThresholdCount": CHECKS,
        "UnhealthyThresholdCount": CHECKS,
    }
    if port := ask.parameter("health_port"):
        check["HealthCheckPort"] = str(port)
    if path:
        return check | {"HealthCheckProtocol": "HTTP", "HealthCheckPath": path}
    return check if ask.parameter("protocol") in _HTTP else check | {"HealthCheckProtocol": "TCP"}


def _create(ask: Ask) -> Parameters:
    return {
        "Name": ask.parameter("name"),
        "Protocol": ask.parameter("protocol"),
        "Port": int(ask.parameter("port")),
        "VpcId": ask.id_of("vpc"),
        "TargetType": "instance",
        **_health(ask),
        "Tags": tag_list(ask.tags),
    }


def _delete(ask: Ask) -> Parameters:
    return {"TargetGroupArn": ask.id}


def _questions(ask: Ask) -> Questions:
    arn = ask.id or ask.facts.get("answered", "")
    if not arn:
        found = yield "DescribeTargetGroups", {"Names": [ask.parameter("name")]}
        arn = found["TargetGroups"][0]["TargetGroupArn"]
    yield "DescribeTags", {"ResourceArns": [arn]}


def _made(answer: Item, _: Ask) -> Seen:
    # not its id yet: it may be somebody else's
    return Seen(text="made, or found", facts={"answered": answer["TargetGroups"][0]["TargetGroupArn"]})


def judge(item: Item, _: Ask) -> Seen:
    """It has no state: who has tags is there."""
    return Seen(state=1, facts={"id": item["DescribeTags"]["TagDescriptions"][0]["ResourceArn"]})


_MISSING = frozenset({"TargetGroupNotFound"})
KIND = Kind(
    spec=SPEC,
    service="elbv2",
    reading=Reading(operation="DescribeTags", member="TagDescriptions", identity="ResourceArn", id_filter=""),
    questions=_questions,
    missing=_MISSING,
    adopts=True,
    judge=judge,
    moves={
        ("raise", 1): Move(
            operation="CreateTargetGroup",
            parameters=_create,
            accepted=_made,
            resolves="name",
            there=frozenset({"DuplicateTargetGroupName"}),
            unseen=(Unseen("ValidationError", "is not found", "vpc"),),
        ),
        ("lower", 0): Move(operation="DeleteTargetGroup", parameters=_delete, accepted=deleted, gone=_MISSING),
    },
)
