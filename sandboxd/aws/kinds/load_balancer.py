"""Load balancers, of applications (HTTP) and of the network (TCP): made by name, in subnets of two zones, up minutes later.

AWS answers a create with what has the name already, whoever made it. So the id is taken from nothing but a look that shows
our tags; what bears none is named and never touched. Nothing refers to the internet gateway, and yet it must be attached.
Its interfaces stay for minutes after it is gone: they hold subnets and groups, and go by themselves.
"""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, Unseen, deleted, tag_list
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

ATTACHED = 2
LATE = 1800.0
"""seconds after a gateway was made in which its attachment may be too new: it is attached later than it was made"""
SPEC = KindSpec(
    name="load-balancer",
    roles=(
        Role("subnets", 1, 1),
        Role("groups", 1, 1),
        Role("gateway", ATTACHED, 1),
        Role("role", 1, 1, entry=True),
    ),
    turns=True,
    prices={1: "load-balancer+elastic-ip*2"},
    up={1: Usual(165, 185)},
    down={1: Usual(0.5, 1)},
)


def _create(ask: Ask) -> Parameters:
    groups = ask.ids_of("groups")
    return {
        "Name": ask.parameter("name"),
        "Type": ask.parameter("type", "application"),
        "Scheme": ask.parameter("scheme", "internet-facing"),
        "Subnets": ask.ids_of("subnets"),
        **({"SecurityGroups": groups} if groups else {}),
        "Tags": tag_list(ask.tags),
    }


def _delete(ask: Ask) -> Parameters:
    return {"LoadBalancerArn": ask.id}


def _questions(ask: Ask) -> Questions | None:
    """What is known to be ours is looked for among all of the region: one that is not there refuses a call that names it."""
    return None if ask.is_seen else _by_name(ask)


def _by_name(ask: Ask) -> Questions:
    which: Parameters = {"LoadBalancerArns": [ask.id]} if ask.id else {"Names": [ask.parameter("name")]}
    found = yield "DescribeLoadBalancers", which
    yield "DescribeTags", {"ResourceArns": [found["LoadBalancers"][0]["LoadBalancerArn"]]}


def described_tags(thing: Item) -> dict[str, str]:
    """Return the tags of a thing of this service: they stand in an answer of their own."""
    return {one["Key"]: one["Value"] for one in thing["DescribeTags"]["TagDescriptions"][0]["Tags"]}


def _made(answer: Item, _: Ask) -> Seen:
    return Seen(text=answer["LoadBalancers"][0]["State"]["Code"])


def judge(item: Item, _: Ask) -> Seen:
    """It is there when it is active; a failed one says why."""
    one = item["DescribeLoadBalancers"]["LoadBalancers"][0] if "DescribeLoadBalancers" in item else item
    state, facts = one["State"]["Code"], {"id": one["LoadBalancerArn"], "dns": one["DNSName"]}
    match state:
        case "active" | "active_impaired":
            return Seen(state=1, text=state, facts=facts)
        case "failed":
            return Seen(text=state, failed="Failed", reason=one["State"].get("Reason") or state, facts=facts)
    return Seen(text=state, facts=facts)


KIND = Kind(
    spec=SPEC,
    service="elbv2",
    reading=Reading(
        operation="DescribeLoadBalancers", member="LoadBalancers", identity="LoadBalancerArn", id_filter=""
    ),
    questions=_questions,
    missing=frozenset({"LoadBalancerNotFound"}),
    tags_of=described_tags,
    adopts=True,
    interfaces="NetworkLoadBalancerArns",
    judge=judge,
    least=12.0,
    moves={
        ("raise", 1): Move(
            operation="CreateLoadBalancer",
            parameters=_create,
            accepted=_made,
            resolves="name",
            there=frozenset({"DuplicateLoadBalancerName"}),
            unseen=(
                Unseen("InvalidSubnet", "has no internet gateway", "gateway", LATE),
                Unseen("InvalidSecurityGroup", "is not valid", "groups"),
                Unseen("AccessDenied", "iam:CreateServiceLinkedRole", "role"),
            ),
        ),
        ("lower", 0): Move(
            operation="DeleteLoadBalancer",
            parameters=_delete,
            accepted=deleted,
            gone=frozenset({"LoadBalancerNotFound"}),
        ),
    },
)
