"""Elastic IPs: no token, no name, and billed while idle. A NAT gateway holds its address until after it is deleted."""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Reading, Seen, deleted
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Usual

SPEC = KindSpec(name="elastic-ip", prices={1: "elastic-ip"}, up={1: Usual(0.5, 1)}, down={1: Usual(1, 5)})


def _allocate(ask: Ask) -> Parameters:
    return {"Domain": "vpc", "TagSpecifications": ask.tagged("elastic-ip")}


def _release(ask: Ask) -> Parameters:
    return {"AllocationId": ask.id}


def judge(item: Item, _: Ask) -> Seen:
    """An address has no state: it is there or not."""
    return Seen(state=1, facts={"id": item["AllocationId"], "address": item["PublicIp"]})


KIND = Kind(
    spec=SPEC,
    reading=Reading(
        operation="DescribeAddresses", member="Addresses", identity="AllocationId", id_filter="allocation-id"
    ),
    judge=judge,
    moves={
        ("raise", 1): Move(operation="AllocateAddress", parameters=_allocate, accepted=judge, resolves="tags"),
        # AuthFailure and InvalidNetworkInterfaceID.NotFound after the gateway is deleted say nothing about the address
        ("lower", 0): Move(
            operation="ReleaseAddress",
            parameters=_release,
            accepted=deleted,
            gone=frozenset({"InvalidAllocationID.NotFound"}),
            busy=frozenset({"AuthFailure", "InvalidNetworkInterfaceID.NotFound", "InvalidIPAddress.InUse"}),
        ),
    },
)
