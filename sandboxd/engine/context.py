"""One attempt at one step: whose it is, what is known, and how its news reaches the mailbox.

It renders the kind's questions from what is known now; the mutation itself was rendered and committed before.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from msgspec import Struct, structs

from sandboxd.aws.kind import Ask, Item, Kind, Questions, Seen
from sandboxd.aws.outcomes import is_read
from sandboxd.engine import tags
from sandboxd.engine.looks import describe
from sandboxd.engine.meaning import forbidden, unanswered
from sandboxd.engine.pace import back_off
from sandboxd.engine.paging import joined, pages
from sandboxd.engine.ports import Owner, Ports, Post
from sandboxd.engine.send import send
from sandboxd.lifecycle.messages import Called, Ended, Left, Message, Progress, Start, Unknown
from sandboxd.model.keys import Key, parts
from sandboxd.model.ports import AwsError, FactsOf, Scope
from sandboxd.model.resource import MADE_AT, Facts, Node, Row, Step, Usual

T = TypeVar("T")
Rows = Mapping[Key, Row]
NO_ROWS: Rows = MappingProxyType({})
GENERATION, AT, SEEN = "generation", MADE_AT, "seen"
"""facts of the engine's own: the life that the others are about, when it was made, and when a look last saw it (or 1)"""


def ask_for(ports: Ports, who: Owner, row: Row, generation: int, step: Step, facts_of: FactsOf | None = None) -> Ask:
    """Return what a kind may know about a resource; without `facts_of` the committed call says what it stands on."""
    node, identity = row.node, ports.identity
    ground = {role: tuple(dict(facts_of(key)) for key in keys) for role, keys in node.links.items()} if facts_of else {}
    intent = row.intent
    ours = facts_of is None and intent is not None and intent.generation == generation
    return Ask(
        node=node,
        generation=generation,
        account=who.account,
        facts=own_facts(row, generation),
        ground=ground,
        giver=identity.image_account or identity.management_account,
        tags=tags.make(identity, who, node.key, generation),
        token=tags.token(identity, who.account, node.key, generation, f"{step.way} {step.to}"),
        sent=intent.parameters if ours and intent else {},
        places=ports.places() if node.kind in ports.kinds and ports.kinds[node.kind].where == "organization" else {},
    )


DENIED = frozenset({"AccessDeniedException", "RepositoryNotFoundException", "RepositoryPolicyNotFoundException"})
"""codes with which the tenant's account is told that it is given nothing"""


class Forbidden(Exception):
    """A policy forbids by name what the attempt must look at."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Discovery(Struct, frozen=True):
    """What a look without an id found."""

    mine: Seen | None = None
    former: Seen | None = None
    """ours too, of another life of the same resource"""
    others: str = ""
    """in words, what bears no tags of ours, or not yet"""


class Attempt:
    """What the phases of one attempt share."""

    def __init__(self, *, ports: Ports, who: Owner, row: Row, start: Start, post: Post, rows: Rows = NO_ROWS) -> None:
        self.rows = rows
        """what is known of all resources of the account, now"""
        self.ports, self.who, self.row, self.start, self.post = ports, who, row, start, post
        self.kind: Kind = ports.kinds[row.node.kind]
        self.node: Node = row.node
        self.scope: Scope = ports.scope(self.kind, who.account, parts(row.node.key).region)
        self.facts: Facts = own_facts(row, start.generation)
        self.unknown_at: float | None = None
        self.missing_since: float | None = None
        """since when no look shows it"""
        self.shown_at: float | None = None
        """when a look last showed what a service may not know yet"""
        self.told_at: float | None = None
        """when a look last told more than whether it has come true"""
        self.is_brief = False
        """whether the last look asked no more than that"""
        self.held_by: tuple[str, ...] = ()
        """what of others held it at the last look"""
        self.ownerless: dict[str, float] = {}
        """interfaces that held it at the last look and are nobody's, and since when"""
        self.began = ports.clock.now()
        self._asked_once = ask_for(ports, who, row, start.generation, start.step)
        self._said = ""

    @property
    def now(self) -> float:
        """Seconds of the daemon's clock."""
        return self.ports.clock.now()

    @property
    def ask(self) -> Ask:
        """What the kind may know now."""
        return structs.replace(self._asked_once, facts=self.facts)

    @property
    def usual(self) -> Usual:
        """How long this step usually takes."""
        spec, step = self.kind.spec, self.start.step
        if step.way != "lower":
            return spec.up.get(step.to, Usual(1, 3))
        # an edge that skips states takes as long as the longest of what it skips
        left = [
            spec.down[state] for state in range(step.to + 1, max(self.row.hi, self.row.lo) + 1) if state in spec.down
        ]
        return max(left, default=Usual(1, 3))

    # ---- news
    def say(self, text: str) -> None:
        """Tell people what the step waits for, when that changes."""
        if text != self._said:
            self._said = text
            self.post(Progress(self.node.key, self.start.run, text))

    def unknown(self, at: float) -> None:
        """The outcome of the call became unknown at this moment."""
        self.unknown_at = at
        self.post(Unknown(self.node.key, self.start.run, at))

    def called(self) -> None:
        """The call is answered; only reads are left."""
        self.post(Called(self.node.key, self.start.run, dict(self.facts)))

    def learn(self, facts: Facts) -> None:
        """Take over what an answer said."""
        self.facts = {**self.facts, **facts, GENERATION: str(self.start.generation)}
        self.facts.setdefault(AT, f"{self.now:.0f}")

    def done(self) -> Ended:
        """It is as wanted."""
        return Ended(self.node.key, self.start.run, "done", facts=dict(self.facts))

    def ended(
        self, left: Left, code: str, reason: str, *, lasting: bool = False, after: float = 30.0, outage: bool = False
    ) -> Ended:
        """It is not as wanted; an outage, of AWS or of who we are, is not the resource's failure."""
        how: Literal["permanent", "temporary"] = "permanent" if lasting else "temporary"
        facts = dict(self.facts) if left in ("between", "spoiled", "nothing") else {}
        return Ended(self.node.key, self.start.run, left, how, code, reason, after, facts, outage)

    def demand_permission(self, error: AwsError) -> None:
        """Raise Forbidden for a read that a policy forbids by name: waiting is in vain, and nothing is known."""
        if words := forbidden(error.message, "A read is denied"):
            raise Forbidden(error.code, words)

    def forbidden(self, error: Forbidden) -> Ended:
        """What cannot be looked at is as unknown as it was."""
        untouched = self.start.step.way == "lower" and self.unknown_at is None
        return self.ended("nothing" if untouched else "between", error.code, error.reason, lasting=True)

    # ---- reads
    async def see(self, after: float = 0.0) -> Seen | None:
        """Look at the resource, by its id, in so many seconds or sooner; None: it is not there. Raise AwsError."""
        kind = self.kind
        if kind.questions is not None and kind.questions(self.ask) is not None:
            await self.ports.clock.sleep(after)
            return await self._looked(kind.questions)
        ask = self.ask
        value = self.facts.get(kind.reading.by) or ask.id
        try:
            return judged(kind, await self.ports.looks.look(self.scope, kind, value, after), ask)
        except AwsError as error:
            if error.code not in kind.missing:
                raise
            return None

    async def _looked(self, questions: Callable[[Ask], Questions | None]) -> Seen | None:
        """Ask, and no more than what decides while what was told last is young."""
        told = self.told_at
        self.is_brief = bool(self.kind.brief) and told is not None and self.now < told + self.kind.every
        asked = questions(structs.replace(self.ask, brief=self.is_brief))
        if not self.is_brief:
            self.told_at = self.now
        return await self._asked(asked) if asked is not None else None

    async def _asked(self, questions: Questions) -> Seen | None:
        answers = await self.answers(questions)
        seen = self.kind.judge(answers, self.ask) if answers else None
        if seen is None or not self.kind.adopts or self.ask.id:
            return seen
        return self._owned(self.kind.tags_of(self.kind.thing(answers)), seen)

    def _owned(self, found: Mapping[str, str], seen: Seen) -> Seen:
        """A create may have been answered with what is somebody else's, or ours of a former life; the id is learned after that."""
        who = tags.verify(self.ports.identity, self.who.account, found)
        if who is not None and who.key == self.node.key:
            if who.generation == self.start.generation:
                return seen
            words = "it is there from a former life, and is made anew"
            return structs.replace(seen, failed="former_life", reason=words)
        if not found and self.now < self.began + self.ports.settings.settle:
            return Seen(text="its tags are not to be seen yet")
        words = f"{seen.facts.get('id', 'it')} is there under this name and is not ours: remove it, then retry."
        return Seen(failed="not_ours", reason=words, foreign=True)

    async def answers(self, questions: Questions) -> dict[str, Item]:
        """The answers by operation; none if it is not there."""
        answers: dict[str, Item] = {}
        try:
            asked = next(questions)
            while True:
                operation, parameters = asked
                found = answers[operation] = await self._answer(operation, parameters)
                asked = questions.send(found)
        except StopIteration:
            return answers
        except (KeyError, IndexError):
            return {}
        except AwsError as error:
            if error.code not in self.kind.missing:
                raise
            return {}

    async def _answer(self, operation: str, parameters: Mapping[str, Any]) -> Item:
        """One answer, all its pages; what changes something (an echo) is not cut off."""
        service, _, name = operation.rpartition(":")
        if service.startswith("@"):
            return await self._answer_to_the_tenant(service[1:], name, parameters)
        service, call = service or self.kind.service, self.ports.call
        if not is_read(name):
            return dict(await send(call, self.scope, service, name, parameters, self.ports.settings.call_timeout))
        return joined(await pages(call, self.scope, service, name, parameters))

    async def _answer_to_the_tenant(self, service: str, name: str, parameters: Mapping[str, Any]) -> Item:
        scope = Scope(self.who.account, self.scope.region, self.ports.identity.role)
        try:
            return dict(await self.ports.call(scope, service, name, parameters))
        except AwsError as error:
            if error.code not in DENIED:
                raise
            self.demand_permission(error)
            return {"refused": error.code, "message": error.message}

    async def find(self, *, by_name: bool) -> "Discovery":
        """Look without an id: by what is unique about it, or by our tags. Raise AwsError."""
        kind, ask = self.kind, self.ask
        unseen = {name: value for name, value in ask.facts.items() if name != SEEN}
        questions = (
            kind.questions(structs.replace(ask, facts=unseen, finds=True)) if kind.questions is not None else None
        )
        if questions is not None:
            answers = await self.answers(questions)
            if not answers or kind.tagged:
                return self._ours([kind.thing(answers)] if answers else [])
            return Discovery(kind.judge(answers, ask))
        if kind.unlisted is not None:
            return Discovery(kind.unlisted)
        filters = kind.find(ask) if kind.find and (by_name or kind.by_content) else self._by_tags()
        found = await describe(self.ports.call, self.scope, kind, filters)
        if kind.by_content:
            return Discovery(judged(kind, found, ask))
        return self._ours(found)

    def _by_tags(self) -> dict[str, list[str]]:
        return {f"tag:{tags.KEY}": [self.node.key], f"tag:{tags.GENERATION}": [str(self.start.generation)]}

    def _ours(self, found: list[Item]) -> "Discovery":
        """Verify the tags ourselves: some filters are ignored, and anybody can write a tag."""
        mine, former, others = list[Seen](), list[Seen](), list[str]()
        for item in sorted(found, key=_age):
            who = tags.verify(self.ports.identity, self.who.account, self.kind.tags_of(item))
            if who is None or who.key != self.node.key:
                others.append(self.kind.reading.value_of(item))
                continue
            seen = self.kind.judge(item, self.ask)
            if seen is not None and seen.state != 0:
                (mine if who.generation == self.start.generation else former).append(seen)
        if len(mine) > 1:
            self.say(f"found {len(mine)} of it; the oldest is kept")
        return Discovery(next(iter(mine), None), next(iter(former), None), ", ".join(others))

    def shown(self, facts: Facts) -> None:
        """A read has shown it: take over what it says."""
        self.missing_since = None
        self.learn({**facts, SEEN: f"{self.now:.0f}"})

    async def look_surely(self) -> Seen | None:
        """Look until AWS answers."""
        return await until_answered(self, self.see)


def at_rest(ports: Ports, who: Owner, row: Row, rows: Rows = NO_ROWS) -> Attempt:
    """Return what can look at something at rest; what it says on its way is told to nobody."""
    start = Start(row.node.key, Step("raise", row.lo), row.generation, row.run)
    return Attempt(ports=ports, who=who, row=row.copy(), start=start, post=_nobody, rows=rows)


def _nobody(_: Message) -> None:
    """Nobody hears it."""


def own_facts(row: Row, generation: int) -> Facts:
    """Return what is known of this life of the resource; facts of a former life are not."""
    if row.lo == 0 and row.facts.get(GENERATION, str(generation)) != str(generation):
        return {}
    return dict(row.facts) if row.lo or row.hi else {}


def judged(kind: Kind, items: list[Item], ask: Ask) -> Seen | None:
    """Return what a look says of a resource; None: it is not there."""
    return next((seen for item in items if (seen := kind.judge(item, ask)) is not None), kind.unlisted)


async def until_answered(attempt: Attempt, read: Callable[[], Awaitable[T]]) -> T:
    """Read until AWS answers: throttles, cuts and outages are waited out, and said."""
    tries = 0
    while True:
        try:
            return await read()
        except AwsError as error:
            tries += 1
            attempt.demand_permission(error)
            attempt.say(unanswered(error.code, error.message, "AWS does not answer a read"))
            await attempt.ports.clock.sleep(back_off(tries, attempt.node.key, longest=30.0))


def _age(item: Item) -> str:
    for member in ("CreateTime", "LaunchTime"):
        if member in item:
            return str(item[member])
    return ""


__all__ = ["AT", "GENERATION", "SEEN", "Attempt", "Forbidden", "ask_for", "judged", "own_facts", "until_answered"]
