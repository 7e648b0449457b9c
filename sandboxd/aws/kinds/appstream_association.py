"""The association of a fleet with a stack: without it nobody gets in, and while it is there neither of them can be deleted.

It is read from the stacks of the fleet, by the fleet's name; the other list, by the stack's, looks alike and is not asked.
"""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, deleted
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

SPEC = KindSpec(
    name="appstream-association",
    roles=(Role("fleet", 1, 1), Role("stack", 1, 1)),
    free=True,
    up={1: Usual(0.5, 1)},
    down={1: Usual(0.5, 1)},
)


def _ends(ask: Ask) -> dict[str, str]:
    return {
        "FleetName": ask.ground_id("fleet", "FleetName") or ask.facts.get("fleet", ""),
        "StackName": ask.ground_id("stack", "StackName") or ask.facts.get("stack", ""),
    }


def _pair(ask: Ask) -> Parameters:
    return dict(_ends(ask))


def _facts(ask: Ask) -> dict[str, str]:
    ends = _ends(ask)
    return {"id": f"{ends['FleetName']} {ends['StackName']}", "fleet": ends["FleetName"], "stack": ends["StackName"]}


def _questions(ask: Ask) -> Questions:
    yield "ListAssociatedStacks", {"FleetName": _ends(ask)["FleetName"]}


def judge(item: Item, ask: Ask) -> Seen | None:
    """It is there when the fleet's stacks have it."""
    if _ends(ask)["StackName"] not in item["ListAssociatedStacks"]["Names"]:
        return None
    return Seen(state=1, text="associated", facts=_facts(ask))


_MISSING = frozenset({"ResourceNotFoundException"})
KIND = Kind(
    spec=SPEC,
    service="appstream",
    reading=Reading(operation="ListAssociatedStacks", member="Names", identity="", id_filter=""),
    questions=_questions,
    missing=_MISSING,
    tagged=False,
    by_content=True,
    judge=judge,
    moves={
        ("raise", 1): Move(
            operation="AssociateFleet",
            parameters=_pair,
            accepted=lambda _, ask: Seen(text="associated", facts=_facts(ask)),
            returns=True,
        ),
        ("lower", 0): Move(
            operation="DisassociateFleet", parameters=_pair, accepted=deleted, gone=_MISSING, returns=True
        ),
    },
)
