"""That one account may pull from a container repository of the image account: one statement in the repository's policy.

The policy is a document of many accounts; how it is changed without losing anybody's statement is the engine's business.
"""

import re

from sandboxd.aws.kind import Ask, Document, Item, Kind, Move, Parameters, Questions, Reading, Seen, deleted
from sandboxd.aws.policies import changed, principals, root, same, statements
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Usual

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
PULLS = "@ecr:BatchGetImage"
"""asked for a tag that need not be there: what matters is that it is answered"""
READABLE = "readable"
"""the fact that the tenant's account could pull"""
SPEC = KindSpec(name="repository-share", up={1: Usual(1, 2)}, down={1: Usual(0.6, 1)})


def _about(ask: Ask) -> Parameters:
    return {"repositoryName": ask.parameter("repository")}


def _mine(ask: Ask) -> str:
    return "sandboxd" + re.sub(r"[^a-zA-Z0-9]", "", ask.tags.get("sandboxd:install", "")) + "x"


def _part(ask: Ask) -> tuple[str, Item]:
    name = f"{_mine(ask)}{ask.account}"
    return name, {"Sid": name, "Effect": "Allow", "Principal": {"AWS": root(ask.account)}, "Action": list(PULL)}


def _which(ask: Ask) -> Parameters:
    return {**_about(ask), "statement": _part(ask)[0]}


def _questions(ask: Ask) -> Questions:
    """Whoever has just been let in pulls, which shows the policy too; of what has pulled once only the policy is asked."""
    if ask.sent and not (ask.finds or ask.facts.get(READABLE)):
        pulled = yield PULLS, {**_about(ask), "registryId": ask.giver, "imageIds": [{"imageTag": "latest"}]}
        if _is_let_in(pulled):
            return
    yield "GetRepositoryPolicy", _about(ask)


def _is_let_in(pulled: Item) -> bool:
    return bool(pulled.keys() & {"images", "failures"})


def judge(item: Item, ask: Ask) -> Seen | None:
    """It is there when the tenant's account pulls with it; later, when the policy has our statement and it says what ours says."""
    name, wanted = _part(ask)
    facts, pulled = {"id": name}, item.get(PULLS)
    if pulled is not None and _is_let_in(pulled):
        return Seen(state=1, text="open", facts=facts | {READABLE: "1"})
    found = statements(item["GetRepositoryPolicy"]["policyText"]).get(name)
    if found is None:
        return None
    if pulled is not None and "refused" in pulled and same(found, wanted):
        text = "the tenant's account may not pull yet"
        return Seen(text=text, unmet=pulled["refused"], reason=_mend(ask, pulled), facts=facts)
    return Seen(state=1 if pulled is None and same(found, wanted) else None, text="open", facts=facts)


def _mend(ask: Ask, pulled: Item) -> str:
    which = f"the repository {ask.parameter('repository')} of {ask.giver}"
    return (
        f"{which} is open to the account {ask.account}, which may not pull from it all the same: {pulled['message'].rstrip('. ')}. "
        "Let it by the service control policies of its organizational unit and the policy of the registry, then retry."
    )


_MISSING = frozenset({"RepositoryPolicyNotFoundException", "RepositoryNotFoundException"})
KIND = Kind(
    spec=SPEC,
    service="ecr",
    where="images",
    tagged=False,
    by_content=True,
    reading=Reading(operation="GetRepositoryPolicy", member="policyText", identity="Sid", id_filter=""),
    questions=_questions,
    missing=_MISSING,
    judge=judge,
    document=Document(
        read="GetRepositoryPolicy",
        write="SetRepositoryPolicy",
        delete="DeleteRepositoryPolicy",
        about=_about,
        member="policyText",
        missing=frozenset({"RepositoryPolicyNotFoundException"}),
        part=_part,
        changed=changed,
        principals=principals,
        refused=("InvalidParameterException", "Principal not found"),
    ),
    moves={
        ("raise", 1): Move(operation="SetRepositoryPolicy", parameters=_which, returns=True),
        ("lower", 0): Move(
            operation="SetRepositoryPolicy",
            parameters=_which,
            accepted=deleted,
            gone=frozenset({"RepositoryNotFoundException"}),
            returns=True,
        ),
    },
)
