"""Internet gateways: made, then attached; one per VPC. Neither call has a token."""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Reading, Seen, deleted
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

MADE, ATTACHED = 1, 2
SPEC = KindSpec(
    name="internet-gateway",
    states=("absent", "made", "attached"),
    roles=(Role("vpc", 1, ATTACHED),),
    free=True,
    up={MADE: Usual(0.5, 1), ATTACHED: Usual(0.5, 1)},
    down={ATTACHED: Usual(0.5, 1), MADE: Usual(0.5, 1)},
)


def _create(ask: Ask) -> Parameters:
    return {"TagSpecifications": ask.tagged("internet-gateway")}


def _delete(ask: Ask) -> Parameters:
    return {"InternetGatewayId": ask.id}


def _attach(ask: Ask) -> Parameters:
    return {"InternetGatewayId": ask.id, "VpcId": ask.id_of("vpc")}


def _detach(ask: Ask) -> Parameters:
    return {"InternetGatewayId": ask.id, "VpcId": ask.facts.get("vpc") or ask.ground_id("vpc", "VpcId")}


def _attached(_: Item, ask: Ask) -> Seen:
    return Seen(state=ATTACHED, facts={"vpc": ask.ground_id("vpc", "VpcId")})


def judge(item: Item, ask: Ask) -> Seen:
    """It is attached when it is to our VPC; to another one it is of no use to us."""
    facts = {"id": item["InternetGatewayId"]}
    for one in item.get("Attachments") or ():
        if one["State"] in ("available", "attached"):
            wanted = ask.facts.get("vpc") or ask.ground_id("vpc", "VpcId") or one["VpcId"]
            if one["VpcId"] != wanted:
                words = f"the internet gateway is attached to {one['VpcId']}"
                return Seen(state=MADE, text="attached elsewhere", failed="Resource.AlreadyAssociated", reason=words)
            return Seen(state=ATTACHED, text="attached", facts=facts | {"vpc": one["VpcId"]})
        if one["State"] != "detached":
            return Seen(state=None, text=one["State"], facts=facts)
    return Seen(state=MADE, text="detached", facts=facts)


_GONE = frozenset({"InvalidInternetGatewayID.NotFound"})
KIND = Kind(
    spec=SPEC,
    reading=Reading(
        operation="DescribeInternetGateways",
        member="InternetGateways",
        identity="InternetGatewayId",
        id_filter="internet-gateway-id",
    ),
    judge=judge,
    interfaces="attachment.vpc-id",
    moves={
        ("raise", MADE): Move(
            operation="CreateInternetGateway",
            parameters=_create,
            accepted=lambda answer, _: Seen(state=MADE, facts={"id": answer["InternetGateway"]["InternetGatewayId"]}),
            resolves="tags",
        ),
        ("raise", ATTACHED): Move(
            operation="AttachInternetGateway",
            parameters=_attach,
            accepted=_attached,
            there=frozenset({"Resource.AlreadyAssociated"}),
            returns=True,
        ),
        ("lower", MADE): Move(
            operation="DetachInternetGateway",
            parameters=_detach,
            accepted=lambda *_: Seen(state=MADE),
            there=frozenset({"Gateway.NotAttached"}),
            gone=_GONE,
            returns=True,
        ),
        ("lower", 0): Move(operation="DeleteInternetGateway", parameters=_delete, accepted=deleted, gone=_GONE),
    },
)
