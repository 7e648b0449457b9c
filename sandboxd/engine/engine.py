"""The engine: renders a step's intent, carries the step out to its end, looks afresh, proves that nothing is left.

It owns everything inside a step and decides nothing between steps. It tells what happened only by posting messages,
and every attempt ends with exactly one `Ended`, unless it is cancelled by a turn or a shutdown.
"""

from collections.abc import Callable, Iterable, Mapping
from secrets import randbits

from sandboxd.aws.kind import Kind
from sandboxd.engine import listing, watch
from sandboxd.engine.contents import Contents
from sandboxd.engine.context import NO_ROWS, Attempt, Forbidden, Rows, ask_for
from sandboxd.engine.fresh import fresh_look
from sandboxd.engine.limiter import Limiter
from sandboxd.engine.looks import Looks
from sandboxd.engine.lower import lower
from sandboxd.engine.meaning import forbidden
from sandboxd.engine.ports import Identity, Owner, Ports, Post
from sandboxd.engine.settings import EngineSettings
from sandboxd.engine.step import raise_
from sandboxd.lifecycle.messages import Ended, Look, Proof, Proved, Start, Stay, Surveyed
from sandboxd.model.keys import Key, parts
from sandboxd.model.ports import AwsError, Call, Clock, FactsOf
from sandboxd.model.resource import Intent, Row


class Engine:
    """Carries out steps; one for the whole daemon."""

    def __init__(
        self,
        *,
        call: Call,
        clock: Clock,
        kinds: Mapping[str, Kind],
        settings: EngineSettings,
        identity: Identity,
        places: Callable[[], Mapping[str, str]] = dict,
        held: Callable[[str], Mapping[str, Iterable[Row]]] = lambda _: {},
        randbits: Callable[[int], int] = randbits,
    ) -> None:
        """`places` answers `pool_ou` and `customers_ou`, for claims whose nodes do not carry them; of `randbits` secrets are made.

        `held` answers the rows of a kind in every account, for documents that several share.
        """
        limited = Limiter(call=call, clock=clock)
        self._ports = Ports(
            call=limited,
            clock=clock,
            kinds=kinds,
            settings=settings,
            identity=identity,
            looks=Looks(call=limited, clock=clock),
            contents=Contents(),
            born=clock.now(),
            places=places,
            randbits=randbits,
            held=held,
        )

    def render(self, who: Owner, row: Row, start: Start, facts_of: FactsOf, now: float) -> Intent:
        """Return what the step will send, to be committed before it is sent. Pure.

        An intent that may have been sent is kept as it is: a repeat sends the same bytes. An unknown outcome of the
        opposite mutation is carried along, because this one must wait until that can no longer land.
        """
        old, step = row.intent, start.step
        same = old is not None and (old.generation, old.way, old.to) == (start.generation, step.way, step.to)
        if old is not None and same and (start.resumed or old.unknown_at is not None):
            return old
        kind = self._ports.kinds[row.node.kind]
        at = max(row.hi, row.lo) if step.way == "lower" else row.lo
        ask = ask_for(self._ports, who, row, start.generation, step, facts_of)
        move = kind.move(row.node, step.way, at, step.to)
        scope = self._ports.scope(kind, who.account, parts(row.node.key).region)
        # what a call with a lost reply may have made is found by what that call said
        known = bool(ask.id) or step.way != "lower"
        return Intent(
            service=kind.service,
            operation=move.operation if move else "",
            region=scope.region,
            parameters=move.parameters(ask) if move and (known or old is None) else old.parameters if old else {},
            way=step.way,
            to=step.to,
            generation=start.generation,
            token=ask.token,
            rendered_at=now,
            opposite_at=self._carried(old, now),
            account=scope.account if kind.where != "account" else None,
        )

    def _carried(self, old: Intent | None, now: float) -> float | None:
        """When the last outcome before this call became unknown, where it may still land."""
        known = (old.unknown_at, old.opposite_at) if old else ()
        at = max((at for at in known if at is not None), default=None)
        bound = max(self._ports.settings.landing, self._ports.settings.settle)
        return at if at is not None and now < at + bound else None

    async def run(self, who: Owner, row: Row, start: Start, post: Post, rows: Rows = NO_ROWS) -> None:
        """Carry out one step to its end; `rows` is what is known of all, as it is when it is asked."""
        attempt = Attempt(ports=self._ports, who=who, row=row, start=start, post=post, rows=rows)
        try:
            ended = await self._carried_out(attempt)
        except Forbidden as error:
            ended = attempt.forbidden(error)
        post(ended)

    async def _carried_out(self, attempt: Attempt) -> Ended:
        if attempt.kind.content is not None:
            return await self._ports.contents.enter(attempt, attempt.kind.content)
        return await (lower(attempt) if attempt.start.step.way == "lower" else raise_(attempt))

    async def look(self, who: Owner, row: Row, look: Look, post: Post, said: str = "") -> None:
        """Look afresh at a step past its deadline, and end it as it stands; `said`: what it waited for last."""
        flight = row.flight
        if flight is None:
            return
        start = Start(look.key, flight, row.generation, look.run, resumed=True)
        post(await fresh_look(Attempt(ports=self._ports, who=who, row=row, start=start, post=post), said))

    async def prove(
        self, who: Owner, proof: Proof, regions: Iterable[str], expected: Mapping[Key, Stay], post: Post
    ) -> None:
        """List, by another code path than steps use, what of ours should not be there any more, or not in that state."""
        try:
            seen = await listing.survey(self._ports, who, tuple(regions), expected)
        except AwsError as error:
            words = forbidden(error.message, "Nobody can say what is left")
            post(Proved(proof.operation, proof.number, failed=words or str(error), lasting=bool(words)))
            return
        post(Proved(proof.operation, proof.number, tuple(seen.found), unmanaged=tuple(seen.unmanaged)))

    async def survey(self, who: Owner, regions: Iterable[str], expected: Mapping[Key, Stay], post: Post) -> None:
        """List the account for what came after everybody had stopped waiting for it."""
        try:
            seen = await listing.survey(self._ports, who, tuple(regions), expected)
        except AwsError as error:
            post(Surveyed(failed=str(error)))
            return
        post(Surveyed(tuple(seen.found), unmanaged=tuple(seen.unmanaged)))

    async def watch(
        self, who: Owner, rows: Iterable[Row], post: Post, known: Rows = NO_ROWS, *, writes: bool = False
    ) -> None:
        """Look at what is at rest, and tell what is less, or more, than we hold; `known` are all rows, as they are when asked.

        `writes`: somebody is about to write onto machines, and will find by himself what is there.
        """
        await watch.watch(self._ports, who, tuple(rows), post, known, writes=writes)


__all__ = ["Engine", "Identity", "Owner"]
