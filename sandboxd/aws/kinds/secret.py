"""A secret of a sandbox: a SecureString parameter whose value is made at the moment of the call and known to AWS only.

Its name makes it exactly-once; its tags say whose it is. It bears data: what was installed with it needs it as it is.
"""

from collections.abc import Mapping

from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, deleted, tag_list, tags
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Usual

LENGTH = 24
SPEC = KindSpec(name="secret", data=True, up={1: Usual(0.5, 1)}, down={1: Usual(0.5, 1)})


def _path(ask: Ask) -> str:
    return ask.id or str(ask.parameter("path"))


def _put(ask: Ask) -> Parameters:
    return {
        "Name": _path(ask),
        "Type": "SecureString",
        "Value": int(ask.parameter("length", LENGTH)),
        "Tags": tag_list(ask.tags),
    }


def _itself(ask: Ask) -> Parameters:
    return {"Name": _path(ask)}


def _questions(ask: Ask) -> Questions:
    found = yield (
        "DescribeParameters",
        {"ParameterFilters": [{"Key": "Name", "Option": "Equals", "Values": [_path(ask)]}]},
    )
    yield "ListTagsForResource", {"ResourceType": "Parameter", "ResourceId": found["Parameters"][0]["Name"]}


def _tags(item: Item) -> Mapping[str, str]:
    return tags({"Tags": item["ListTagsForResource"]["TagList"]})


def judge(item: Item, _: Ask) -> Seen:
    """It is there, whatever its value is."""
    return Seen(state=1, text="there", facts={"id": item["DescribeParameters"]["Parameters"][0]["Name"]})


_MISSING = frozenset({"ParameterNotFound", "InvalidResourceId"})
KIND = Kind(
    spec=SPEC,
    service="ssm",
    reading=Reading(operation="DescribeParameters", member="Parameters", identity="Name", id_filter=""),
    questions=_questions,
    missing=_MISSING,
    tags_of=_tags,
    judge=judge,
    moves={
        ("raise", 1): Move(
            operation="PutParameter",
            parameters=_put,
            accepted=lambda answer, ask: Seen(state=1 if answer["Version"] else None, facts={"id": _path(ask)}),
            resolves="name",
            there=frozenset({"ParameterAlreadyExists"}),
            generated="Value",
            returns=True,
        ),
        ("lower", 0): Move(operation="DeleteParameter", parameters=_itself, accepted=deleted, gone=_MISSING),
    },
)
