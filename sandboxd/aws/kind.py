"""What a kind of resource says about AWS: the mutation behind each step, and how to read what came of it.

A kind is data with small pure functions; it never calls anything. The engine renders, sends, classifies, resolves and
waits in one way for all kinds. A kind must not know other kinds, clocks, or who is asking.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from msgspec import Struct, field

from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Facts, Node, Way

Item: TypeAlias = Mapping[str, Any]
"""One thing in AWS's answer, as botocore parses it."""
Parameters: TypeAlias = dict[str, Any]
Questions: TypeAlias = Generator[tuple[str, Parameters], Item, None]
"""A conversation: operations with their parameters, each answered before the next is asked; `ec2:DescribeInstances` is
asked of another service than the kind's own. `@ecr:BatchGetImage` is asked from the tenant's account, wherever the kind's own
calls are made, and that it is denied is an answer, too: its code is `refused`."""
Where: TypeAlias = Literal["account", "organization", "images"]
"""In which account calls are made: the tenant's, the management account, the account that gives its images away."""
Resolution: TypeAlias = Literal["token", "name", "tags", "comment", "repeat"]
"""How an unknown outcome is resolved: sent again with the same token; sent again, and a duplicate looked up by its
unique name; looked up by our authenticated tags, or by our mark in its comment, after the settle time; simply sent
again, it changes nothing twice."""


class Ask(Struct, frozen=True, kw_only=True):
    """Everything that a kind may know when it renders, finds or judges."""

    node: Node
    generation: int
    account: str
    facts: Facts = field(default_factory=dict)
    """what is known of the resource itself"""
    ground: Mapping[str, tuple[Facts, ...]] = field(default_factory=dict)
    """role -> facts of the resources that play it"""
    tags: Mapping[str, str] = field(default_factory=dict)
    """our authenticated tags"""
    token: str = ""
    sent: Mapping[str, Any] = field(default_factory=dict)
    """parameters of the committed call; what stood in them is known even where the ground is not"""
    finds: bool = False
    """whether a look has to show whose it is: its id is not known, or not believed"""
    giver: str = ""
    """the account that gives its images away"""
    brief: bool = False
    """whether only what decides is asked; the last look that told more is young"""
    places: Mapping[str, str] = field(default_factory=dict)
    """what parameters a node need not carry, because all of the installation share them"""

    def parameter(self, name: str, default: Any = None) -> Any:
        """Return one of the node's own parameters."""
        value = self.node.parameters.get(name, self.places.get(name, default))
        return default if value is None else value

    def ground_id(self, role: str, name: str) -> str:
        """Return the physical id of what plays a role, or what the committed call says there."""
        return self.id_of(role) or str(self.sent.get(name) or "")

    def id_of(self, role: str) -> str:
        """Return the physical id of what plays a role; empty if nothing does."""
        return next((facts.get("id", "") for facts in self.ground.get(role, ())), "")

    def ids_of(self, role: str) -> list[str]:
        """Return the physical ids of all that play a role."""
        return [facts.get("id", "") for facts in self.ground.get(role, ())]

    @property
    def is_seen(self) -> bool:
        """Whether a look has shown it, and with our tags where that matters."""
        return bool(self.id) and "seen" in self.facts

    @property
    def id(self) -> str:
        """The physical id of the resource itself; empty if it is not known."""
        return self.facts.get("id", "")

    def tagged(self, *types: str) -> list[Parameters]:
        """Return EC2's TagSpecifications: our tags, and a name for people."""
        tags = tag_list({"Name": self.parameter("name", ""), **self.tags})
        return [{"ResourceType": type_, "Tags": tags} for type_ in types]


class Seen(Struct, frozen=True, kw_only=True):
    """What an answer says about a resource."""

    state: int | None = None
    """the state it is in; None: on its way"""
    text: str = ""
    """AWS's own word for it"""
    failed: str = ""
    """why it will not come true: AWS's code"""
    lasting: bool = False
    """what failed will fail again: a person decides"""
    unmet: str = ""
    """AWS's code for why it is of no use yet, though it is there: a failure once that has lasted for the settle time"""
    reason: str = ""
    facts: Facts = field(default_factory=dict)
    foreign: bool = False
    """it is somebody else's: not to be touched"""
    tied: str | None = None
    """the `unique` fact of what plays the role of its kind's `tie`; None: it does not say"""


class Reading(Struct, frozen=True, kw_only=True):
    """How resources of a kind are described, many in one call; an id that is not there is simply not in the answer."""

    operation: str
    member: str
    """of the answer: the list of things"""
    identity: str
    """member of a thing: its id"""
    id_filter: str
    """empty: there is none, and all are described"""
    within: str = ""
    """member of an outer thing that holds the list"""
    filters: str = "Filters"
    """name of the parameter"""
    filter_name: str = "Name"
    """member of a filter that says which"""
    single: str = ""
    """parameter that takes one value, where no filter takes many: asked once for all who look at that"""
    by: str = "id"
    """the fact whose value is looked up"""
    grouped_by: str = ""
    """member of a thing that has that value, where it is not its identity"""

    def value_of(self, item: Item) -> str:
        """Return the value by which a thing was looked up."""
        return str(item.get(self.grouped_by or self.identity, ""))

    def items(self, answer: Item) -> Iterable[Item]:
        """Return the things in an answer."""
        outer = answer.get(self.member) or ()
        return [item for one in outer for item in one[self.within]] if self.within else outer

    def parameters(self, filters: Mapping[str, list[str]]) -> Parameters:
        """Return the parameters of a describe call with these filters; of one that knows none, those that show everything."""
        if self.single:
            return {self.single: filters[self.single][0]}
        if not self.id_filter:
            return {}
        return {self.filters: [{self.filter_name: name, "Values": values} for name, values in filters.items()]}


class Why(NamedTuple):
    """What a refusal really means."""

    text: str
    waits: bool
    """whether waiting may help"""


class Explain(Struct, frozen=True, kw_only=True):
    """Questions behind a refusal whose code says several things."""

    codes: frozenset[str]
    questions: Callable[[Ask], Questions]
    judge: Callable[[Mapping[str, Item], Ask], Why]


class Nudge(Struct, frozen=True, kw_only=True):
    """One call that may help what has not come true by itself; made once in an attempt, and recorded."""

    after: float
    """seconds of waiting before it"""
    service: str
    operation: str
    parameters: Callable[[Ask], Parameters]


class Unseen(NamedTuple):
    """A refusal, or a death, that may only mean that the service does not know yet what we made a moment ago."""

    code: str
    text: str
    """part of the message: the same code says other things too"""
    role: str
    """who plays it is what the service may not know yet"""
    young: float = 0.0
    """seconds for which it may not, counted from when it was made, where that is longer than the settle time"""


class Move(Struct, frozen=True, kw_only=True):
    """The mutation of one step, and what its refusals mean."""

    operation: str = ""
    """empty: nothing is called; what is raised comes true by itself, and `accepted` says, of no answer, what to look at;
    what is lowered is over at once"""
    parameters: Callable[[Ask], Parameters] = lambda _: {}
    accepted: Callable[[Item, Ask], Seen] = lambda _, ask: Seen(facts={"id": ask.id} if ask.id else {})
    """what the reply says; a missing member (KeyError) makes the outcome unknown"""
    resolves: Resolution = "repeat"
    there: frozenset[str] = frozenset()
    """codes that say: it is there already; a look decides whose and in which state"""
    gone: frozenset[str] = frozenset()
    """codes that say: what is lowered is not there"""
    busy: frozenset[str] = frozenset()
    """codes of a normal waiting state, besides those of all kinds"""
    unseen: tuple[Unseen, ...] = ()
    """refusals of what is too new, or wrong: only its age and a look where it was made tell"""
    explain: Explain | None = None
    """what refusals really mean, where the code alone does not say it"""
    nudge: Nudge | None = None
    """what may help when it does not come true"""
    generated: str = ""
    """parameter that says a length, and is sent as a fresh random text of it: no intent, store or log ever holds it"""
    returns: bool = False
    """done and undone on the same id or name: waits until its opposite can no longer land"""
    again: bool = False
    """sent once more when a look does not show it any more: what is gone takes minutes, and only a mutation proves it at once"""
    ends: bool = False
    """what has not come true by its deadline is given up: lowered at once, whatever was begun of it, and begun anew by a retry"""
    exclusive: bool = False
    """what is there already, without a call of ours whose outcome is unknown, is somebody else's"""


class Said(Struct, frozen=True, kw_only=True):
    """What a machine answers when a content is written onto it."""

    outcome: Literal["runs", "other", "bad", "again"]
    """it runs the version; another one than expected is there; it cannot be; nothing is proved, ask again"""
    version: str = ""
    words: str = ""
    bad: tuple[str, ...] = ()
    """owners of the parts that it refuses, where it says whose they are"""


class Made(NamedTuple):
    """One version of a content."""

    version: str
    script: Callable[[str], str]
    """expected version -> the script that replaces it by this one, and changes nothing where another one is there"""


class Running(NamedTuple):
    """What a machine says when it is asked what of a content it has and runs."""

    files: str
    """version of what lies on its disk"""
    runs: str
    """version that runs; empty where it is none, or between two"""
    edited: bool
    """whether what lies there is not what was written under that version"""


class Content(Struct, frozen=True, kw_only=True):
    """What resources of one kind are parts of: written as a whole, by one writer, onto each machine that bears it.

    The parts are what the moves' parameters say; a version is `<sequence>-<digest>`, the digest that of its parts.
    """

    bearers: str
    """the role that the machines' agents play; their ids are the machines'"""
    owner: str
    """member of a part: whose it is"""
    sift: Callable[[Sequence[Parameters]], list[str]]
    """why each part cannot be beside those before it; empty: it can"""
    make: Callable[[Sequence[Parameters], int], Made]
    """the version with this sequence number; raise a Refusal where there cannot be one"""
    read: Callable[[str], Said | None]
    """what a machine printed; None: it did not come to an end"""
    first: str
    """version on a new machine"""
    asks: str
    """the script that asks a machine what it runs, and changes nothing"""
    hears: Callable[[str], Running | None]
    """what a machine printed; None: it does not say"""


class Document(Struct, frozen=True, kw_only=True):
    """A text that many share and that is written as a whole: a resource is one part of it, and its moves change that part.

    The moves' operations are this one's `write`; what they render says which part, never the whole text.
    """

    read: str
    write: str
    delete: str
    """what is called when no part is left"""
    about: Callable[[Ask], Parameters]
    """parameters that say which document"""
    member: str
    """of answers, and of the parameters of `write`: the text"""
    missing: frozenset[str]
    """codes that say that there is none"""
    part: Callable[[Ask], tuple[str, Item]]
    """its name, and what it says"""
    changed: Callable[[str, Mapping[str, Item | None], Iterable[str]], str]
    """(text, parts to be in it or not, principals to leave out) -> text; the same where nothing changes, empty for none"""
    principals: Callable[[str], Mapping[str, str]]
    """text -> principals in it, each with its account; none for what is no more than the id of something gone"""
    refused: tuple[str, str]
    """code and part of the message that say: some principal in it is not there"""


class Kind(Struct, frozen=True, kw_only=True):
    """One kind of resource: its spec, its moves, and how it is read."""

    spec: KindSpec
    reading: Reading
    """one batched describe for many"""
    judge: Callable[[Item, Ask], Seen | None]
    """what a described thing says; None: it is not in there. State 0 is said only of what is surely over"""
    moves: Mapping[tuple[Way, int], Move] = field(default_factory=dict)
    """(way, state entered) -> move, where one does not depend on the state it stands in"""
    choose: Callable[[Node, Way, int, int], Move | None] | None = None
    """(node, way, at, to) -> move, where it does"""
    questions: Callable[[Ask], Questions | None] | None = None
    """the calls that show one resource, where one batched describe does not; None where it does at the moment. The judge
    then gets the answers by operation. The thing itself is the `member` of the reading's `operation` among them, the first where it is a list.
    Of what a look has shown to be ours (`is_seen`) the tags need not be asked again"""
    missing: frozenset[str] = frozenset()
    """codes with which these calls say that it is not there; an answer without what the next question needs says so, too"""
    unlisted: Seen | None = None
    """what a batched describe that does not show it says, where that is not that it is not there"""
    tags_of: Callable[[Item], Mapping[str, str]] = lambda item: tags(item)  # noqa: PLW0108 - it is defined below
    """the tags of a thing, the answers to the questions beside it"""
    find: Callable[[Ask], Mapping[str, list[str]]] | None = None
    """filters that find it without its id by what is unique about it; default: by our tags"""
    made_by: str = ""
    """filter that finds it by the client token it was made with, in all states; default: by our tags"""
    tagged: bool = True
    """whether it bears tags of its own"""
    adopts: bool = False
    """its create succeeds on what has its name already, whoever made it: only a look at the tags tells whose it is"""
    by_content: bool = False
    """what says the same is the same: it may be adopted whoever made it; else its tags must be ours"""
    interfaces: str = ""
    """what ties network interfaces, and what else may hold it, to it: vpc-id, subnet-id, group-id, attachment.vpc-id,
    NetworkLoadBalancerArns"""
    document: Document | None = None
    """what it is a part of, where it is no thing of its own"""
    every: float = 0.0
    """seconds between two looks at the most, where people watch how it goes on"""
    least: float = 0.0
    """seconds between two looks at the least, where what stands on it waits for something slower, too"""
    brief: float = 0.0
    """seconds between looks, once it may have come true, that ask only whether it has: `every` is for those that tell more"""
    service: str = "ec2"
    where: Where = "account"
    """in which account its calls are made"""
    watched: bool = True
    """whether AWS shows it for as long as it is there: looked at while it is at rest"""
    tie: str = ""
    """role of what it was tied to when it was made; a look says whether it still is. Nobody can tie it anew but a person"""
    content: Content | None = None
    """of which content its resources are parts; then they have no calls of their own"""

    @property
    def can_be_lowered(self) -> bool:
        """Whether there is a way back; an account that was claimed stays claimed."""
        return self.choose is not None or any(way == "lower" for way, _ in self.moves)

    def thing(self, answers: Mapping[str, Item]) -> Item:
        """Return what has the identity among the answers to the questions, with the answers beside it."""
        found = answers[self.reading.operation][self.reading.member]
        return {**(found[0] if isinstance(found, list) else found), **answers}

    def move(self, node: Node, way: Way, at: int, to: int) -> Move | None:
        """Return the mutation that goes from one state to another, or None if there is none."""
        if self.choose is not None:
            return self.choose(node, way, at, to)
        return self.moves.get((way, to))


def deleted(_: Item, __: Ask) -> Seen:
    """Return that it is gone: the reply of a delete that takes effect at once."""
    return Seen(state=0)


def tags(item: Item) -> dict[str, str]:
    """Return the tags of a described thing."""
    return {one["Key"]: one["Value"] for one in item.get("Tags") or item.get("TagSet") or ()}


def tag_list(named: Mapping[str, str]) -> list[Parameters]:
    """Return tags as a create call takes them."""
    return [{"Key": key, "Value": value} for key, value in named.items() if value]


__all__ = [
    "Ask", "Content", "Document", "Explain", "Facts", "Item", "Kind", "Made", "Move", "Nudge", "Parameters", "Questions", "Reading",
    "Resolution", "Said", "Seen", "Unseen", "Where", "Why",
    "deleted", "tag_list", "tags",
]  # fmt: skip
