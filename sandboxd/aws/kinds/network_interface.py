"""Network interfaces that nobody owns: never made by a step of their own, only found in the way of a removal, and removed.

They are removed only while they are nobody's. AWS refuses to delete one that is attached or a service's: then it is let be.
"""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Reading, Seen, deleted
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Usual

SPEC = KindSpec(name="network-interface", up={1: Usual(0.5, 1)}, down={1: Usual(0.5, 1)})


def _delete(ask: Ask) -> Parameters:
    return {"NetworkInterfaceId": ask.id}


def judge(item: Item, _: Ask) -> Seen:
    """What somebody owns, or a service manages, is no concern of ours any more."""
    state, facts = item["Status"], {"id": item["NetworkInterfaceId"]}
    return Seen(state=int(state == "available" and not item.get("RequesterManaged")), text=state, facts=facts)


KIND = Kind(
    spec=SPEC,
    reading=Reading(
        operation="DescribeNetworkInterfaces",
        member="NetworkInterfaces",
        identity="NetworkInterfaceId",
        id_filter="network-interface-id",
    ),
    judge=judge,
    moves={
        ("lower", 0): Move(
            operation="DeleteNetworkInterface",
            parameters=_delete,
            accepted=deleted,
            gone=frozenset({"InvalidNetworkInterfaceID.NotFound"}),
            # the first of what is attached, whatever it is attached to; the third of what a service manages
            there=frozenset({"InvalidParameterValue", "InvalidNetworkInterface.InUse", "OperationNotPermitted"}),
        )
    },
)
