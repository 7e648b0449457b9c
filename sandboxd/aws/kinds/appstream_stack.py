"""AppStream stacks: through which people reach a fleet. There at once, gone at once; their name is unique in a region.

Not free in the sense of staying on: it costs nothing, but stands on nothing, so it goes with the last fleet.
"""

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, deleted
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Usual

SPEC = KindSpec(name="appstream-stack", up={1: Usual(0.5, 1)}, down={1: Usual(0.5, 1)})


def _name(ask: Ask) -> str:
    return ask.id or str(ask.parameter("name"))


def _itself(ask: Ask) -> Parameters:
    return {"Name": _name(ask)}


def _create(ask: Ask) -> Parameters:
    return {"Name": _name(ask), "DisplayName": ask.parameter("title", "Smart Client"), "Tags": dict(ask.tags)}


def _questions(ask: Ask) -> Questions:
    found = yield "DescribeStacks", {"Names": [_name(ask)]}
    yield "ListTagsForResource", {"ResourceArn": found["Stacks"][0]["Arn"]}


def judge(item: Item, ask: Ask) -> Seen | None:
    """Of the same name and made at another moment, it is another one."""
    stack = item["DescribeStacks"]["Stacks"][0]
    made = str(stack.get("CreatedTime", ""))
    if made != ask.facts.get("unique", made):
        return None
    return Seen(state=1, text="there", facts={"id": stack["Name"], "arn": stack["Arn"], "unique": made})


def _created(answer: Item, _: Ask) -> Seen:
    stack = answer["Stack"]
    return Seen(state=1, text="there", facts={"id": stack["Name"], "arn": stack["Arn"]})


_MISSING = frozenset({"ResourceNotFoundException"})
KIND = Kind(
    spec=SPEC,
    service="appstream",
    reading=Reading(operation="DescribeStacks", member="Stacks", identity="Name", id_filter=""),
    questions=_questions,
    missing=_MISSING,
    tags_of=lambda item: item["ListTagsForResource"]["Tags"],
    judge=judge,
    moves={
        ("raise", 1): Move(
            operation="CreateStack",
            parameters=_create,
            accepted=_created,
            resolves="name",
            there=frozenset({"ResourceAlreadyExistsException"}),
            returns=True,
        ),
        ("lower", 0): Move(operation="DeleteStack", parameters=_itself, accepted=deleted, gone=_MISSING),
    },
)
