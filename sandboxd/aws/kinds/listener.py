"""Listeners: one per load balancer and port, which forwards to one target group. It is ours as its load balancer is.

A port that forwards elsewhere is somebody else's doing and is told; a load balancer that is a target of another one holds
its listeners for a while, which is waited out.
"""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, deleted, tag_list
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

SPEC = KindSpec(
    name="listener",
    roles=(Role("balancer", 1, 1), Role("target", 1, 1)),
    up={1: Usual(0.5, 1)},
    down={1: Usual(0.5, 1)},
)


def _balancer(ask: Ask) -> str:
    return ask.ground_id("balancer", "LoadBalancerArn") or ask.facts.get("balancer", "")


def _group(ask: Ask) -> str:
    if group := ask.id_of("target"):
        return group
    return next((one["TargetGroupArn"] for one in ask.sent.get("DefaultActions", ())), "")


def _create(ask: Ask) -> Parameters:
    certificate = ask.parameter("certificate", "")
    return {
        "LoadBalancerArn": _balancer(ask),
        "Protocol": ask.parameter("protocol"),
        "Port": int(ask.parameter("port")),
        **({"Certificates": [{"CertificateArn": certificate}]} if certificate else {}),
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": _group(ask)}],
        "Tags": tag_list(ask.tags),
    }


def _delete(ask: Ask) -> Parameters:
    return {"ListenerArn": ask.id}


def _questions(ask: Ask) -> Questions:
    yield "DescribeListeners", {"ListenerArns": [ask.id]} if ask.id else {"LoadBalancerArn": _balancer(ask)}


def _facts(item: Item) -> dict[str, str]:
    return {"id": item["ListenerArn"], "balancer": item["LoadBalancerArn"]}


def judge(item: Item, ask: Ask) -> Seen | None:
    """A listener has no state: what is on our port of our load balancer is it, if it forwards to our group."""
    for one in item["DescribeListeners"]["Listeners"]:
        if one["ListenerArn"] != ask.id and int(one["Port"]) != int(ask.parameter("port", -1)):
            continue
        groups = [action.get("TargetGroupArn") for action in one["DefaultActions"]]
        if (group := _group(ask)) and group not in groups:
            words = f"port {one['Port']} of {one['LoadBalancerArn']} is taken by {one['ListenerArn']}, which leads elsewhere"
            return Seen(state=1, text="leads elsewhere", failed="DuplicateListener", reason=words, foreign=not ask.id)
        return Seen(state=1, facts=_facts(one))
    return None


KIND = Kind(
    spec=SPEC,
    service="elbv2",
    reading=Reading(operation="DescribeListeners", member="Listeners", identity="ListenerArn", id_filter=""),
    questions=_questions,
    missing=frozenset({"ListenerNotFound", "LoadBalancerNotFound"}),
    tagged=False,
    by_content=True,
    judge=judge,
    moves={
        ("raise", 1): Move(
            operation="CreateListener",
            parameters=_create,
            accepted=lambda answer, _: Seen(state=1, facts=_facts(answer["Listeners"][0])),
            resolves="name",
            there=frozenset({"DuplicateListener"}),
        ),
        ("lower", 0): Move(
            operation="DeleteListener", parameters=_delete, accepted=deleted, gone=frozenset({"ListenerNotFound"})
        ),
    },
)
