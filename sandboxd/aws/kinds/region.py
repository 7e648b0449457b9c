"""A region that an account must opt in to: closed to a new account, open after minutes, sometimes hours, and for ever.

It costs nothing, and sandboxd never closes one: lowering it only forgets it. Its parameter: `region`.
"""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Usual

# "a few minutes for most accounts, sometimes several hours", says the reference of Account Management
SPEC = KindSpec(name="region", states=("absent", "open"), free=True, permanent=True, up={1: Usual(300, 12 * 3600)})
OPEN = ("ENABLED", "ENABLED_BY_DEFAULT")
CLOSED = "DISABLED"


def _enable(ask: Ask) -> Parameters:
    return {"RegionName": ask.parameter("region")}


def _questions(ask: Ask) -> Questions:
    yield "GetRegionOptStatus", {"RegionName": ask.parameter("region")}


def judge(item: Item, ask: Ask) -> Seen | None:
    """It is open when AWS says so; one that nobody opened is not there."""
    status = item["GetRegionOptStatus"]["RegionOptStatus"]
    if status in OPEN:
        return Seen(state=1, text="open", facts={"id": ask.parameter("region")})
    return None if status == CLOSED else Seen(text=f"the region is {status.lower()}")


KIND = Kind(
    spec=SPEC,
    service="account",
    reading=Reading(operation="GetRegionOptStatus", member="RegionOptStatus", identity="RegionName", id_filter=""),
    questions=_questions,
    missing=frozenset(),
    tagged=False,
    by_content=True,
    judge=judge,
    moves={
        ("raise", 1): Move(
            operation="EnableRegion",
            parameters=_enable,
            accepted=lambda _, ask: Seen(text="being opened", facts={"id": ask.parameter("region")}),
            resolves="name",
        ),
        ("lower", 0): Move(),
    },
)
