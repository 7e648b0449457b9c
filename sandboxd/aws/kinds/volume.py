"""Volumes that outlived their machine: never made by a step of their own, only found by a listing, and removed.

A machine's disks are made with it, bear its tags and normally go with it.
"""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Reading, Seen
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Usual

SPEC = KindSpec(name="volume", up={1: Usual(3, 10)}, down={1: Usual(2, 10)})


def _delete(ask: Ask) -> Parameters:
    return {"VolumeId": ask.id}


def judge(item: Item, _: Ask) -> Seen:
    """It is there until AWS does not show it any more."""
    state, facts = item["State"], {"id": item["VolumeId"]}
    return Seen(state={"available": 1, "deleted": 0}.get(state), text=state, facts=facts)


KIND = Kind(
    spec=SPEC,
    reading=Reading(operation="DescribeVolumes", member="Volumes", identity="VolumeId", id_filter="volume-id"),
    judge=judge,
    moves={
        ("lower", 0): Move(
            operation="DeleteVolume",
            parameters=_delete,
            accepted=lambda _, ask: Seen(text="deleting", facts={"id": ask.id}),
            gone=frozenset({"InvalidVolume.NotFound"}),
            busy=frozenset({"VolumeInUse"}),
        )
    },
)
