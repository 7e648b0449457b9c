"""Changing one part of a document that many share: read, change, write, read again, by one writer at a time.

The lock holds for this daemon; other daemons are met by reading back. AWS has no compare-and-swap here, so a write whose
reply was lost is guarded until it can no longer land: the step waits, then puts back what such a write has taken away.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from sandboxd.aws.kind import Document, Move, Seen
from sandboxd.engine.context import Attempt
from sandboxd.engine.ledgers import Ledger, Part
from sandboxd.engine.meaning import unanswered
from sandboxd.engine.pace import back_off
from sandboxd.engine.ports import ORGANIZATION_REGION
from sandboxd.engine.send import Answered, Lost, Refused, attempt, send
from sandboxd.model.keys import parts as key_parts
from sandboxd.model.ports import AwsError, Scope
from sandboxd.model.resource import Row

Sent = Answered | Refused | Lost
NOBODY = "PrincipalNotFound"
"""our own code: the principal of our own part is not there, or not yet"""


async def sent_by(a: Attempt, move: Move, parameters: Mapping[str, Any]) -> Sent:
    """Carry out a move once; where it changes a part of a document, by reading, changing and writing that."""
    if a.kind.document is None:
        timeout = a.ports.settings.call_timeout
        return await attempt(a.ports.call, a.scope, a.kind.service, move, parameters, a.ask, timeout, a.ports.randbits)
    sent = await _change(a, a.kind.document)
    while isinstance(sent, Answered) and (left := _guarded(a)) > 0:
        a.say(f"an earlier write with an unknown outcome may still land, for {left:.0f} s")
        await a.ports.clock.sleep(left)
        sent = await _change(a, a.kind.document)
    return sent


def _guarded(a: Attempt) -> float:
    """For how long a lost write of ours may still land."""
    known = _unknown(a)
    return max(known) + a.ports.settings.landing - a.now if known else 0.0


def _unknown(a: Attempt) -> list[float]:
    """When outcomes of this step became unknown."""
    intent = a.row.intent
    return [at for at in (a.unknown_at, intent.unknown_at if intent else None) if at is not None]


async def _change(a: Attempt, document: Document) -> Sent:
    """One change under the lock; reads that are not answered are repeated, because nothing was sent yet."""
    ledger, tries = a.ports.ledgers.of(_place(a, document)), 0
    while True:
        try:
            async with ledger.lock:
                return await _Change(a, document, ledger).carry_out()
        except AwsError as error:
            if error.outcome == "refused":
                return Refused(error.code, error.message)
            a.say(unanswered(error.code, error.message, "AWS does not answer a read"))
        tries += 1
        await a.ports.clock.sleep(back_off(tries, a.node.key))


def _place(a: Attempt, document: Document) -> str:
    return f"{a.kind.service} {a.scope.account} {a.scope.region} {sorted(document.about(a.ask).items())}"


class _Change:
    """One read, change and write."""

    def __init__(self, a: Attempt, document: Document, ledger: Ledger) -> None:
        self.a, self.document, self.ledger = a, document, ledger
        self.about = document.about(a.ask)
        self.name, part = document.part(a.ask)
        self.wanted: Part | None = None if a.start.step.way == "lower" else part

    async def carry_out(self) -> Sent:
        text = await self._read()
        self.ledger.learn(self._known, again=bool(_unknown(self.a)))
        sent = await self._write(text, ())
        if self._names_nobody(sent):
            sent = await self._without_the_dead(text)
        if isinstance(sent, Answered):
            self.ledger.parts[self.name] = self.wanted
        return sent

    def _known(self) -> dict[str, Part | None]:
        """What the rows of all accounts say; of what a step is at work on, and of accounts that nobody knows, nothing."""
        kind, parts = self.a.kind.spec.name, dict[str, Part | None]()
        for account, rows in self.a.ports.held(kind).items():
            name, part = self.document.part(structs.replace(self.a.ask, account=account))
            here = [row for row in rows if self._is_here(account, row)]
            if not any(row.flight is not None or row.lo != row.hi for row in here):
                parts[name] = part if any(row.lo for row in here) else None
        return parts

    def _is_here(self, account: str, row: Row) -> bool:
        """Whether a row is about the same document."""
        ask = structs.replace(self.a.ask, account=account, node=row.node)
        same_region = key_parts(row.node.key).region == key_parts(self.a.node.key).region
        return same_region and self.document.about(ask) == self.about

    async def _read(self) -> str:
        """The text; empty where there is none. Raise AwsError."""
        a, document = self.a, self.document
        try:
            answer = await a.ports.call(a.scope, a.kind.service, document.read, self.about)
        except AwsError as error:
            if error.code in document.missing:
                return ""
            raise
        return str(answer[document.member])

    async def _write(self, text: str, dead: tuple[str, ...]) -> Sent:
        a, document = self.a, self.document
        new = document.changed(text, self._all, dead)
        done = Answered(self._seen(dead))
        if new == text:
            return done
        operation, more = (document.write, {document.member: new}) if new else (document.delete, {})
        try:
            await send(
                a.ports.call, a.scope, a.kind.service, operation, self.about | more, a.ports.settings.call_timeout
            )
        except AwsError as error:
            if error.outcome == "refused" and not (not new and error.code in document.missing):
                return Refused(error.code, error.message)
            if error.outcome == "unknown":
                return await self._lost(error, done)
        return done

    async def _lost(self, error: AwsError, done: Answered) -> Sent:
        """What was read before did not have it so; if it is so now, the write has landed, and cannot land again."""
        try:
            landed = self._is_so(await self._read())
        except AwsError:
            landed = False
        return done if landed and _guarded(self.a) <= 0 else Lost(str(error))

    def _is_so(self, text: str) -> bool:
        return self.document.changed(text, self._all, ()) == text

    @property
    def _all(self) -> dict[str, Part | None]:
        return {**self.ledger.parts, self.name: self.wanted}

    def _seen(self, dead: tuple[str, ...]) -> Seen:
        """Raised, a look must show it yet: another daemon may have written meanwhile."""
        if self.wanted is None:
            return Seen(state=0)
        dropped = {"dropped": ", ".join(dead)} if dead else {}
        return Seen(state=None, text="written", facts={"id": self.name} | dropped)

    # ---- principals that are not there
    def _names_nobody(self, sent: Sent) -> bool:
        code, words = self.document.refused
        return isinstance(sent, Refused) and sent.code == code and words in sent.message

    async def _without_the_dead(self, text: str) -> Sent:
        """Leave out what nobody is any more: ids of what was removed, and accounts that are not active."""
        whole = self.document.changed(text, self.ledger.parts, ())
        named = self.document.principals(whole)
        own = self.a.who.account
        dead = tuple([one for one, account in named.items() if account != own and not await self._is_alive(account)])
        gone = [
            name for name, part in self.ledger.parts.items()
            if part is not None and set(self.document.principals(self.document.changed("", {name: part}, ()))) & set(dead)
        ]  # fmt: skip
        self.ledger.forget(gone)
        if dead:
            self.a.say(f"leaving out {', '.join(dead)}: closed, or not there any more")
        sent = await self._write(text, dead)
        if self._names_nobody(sent):
            return Refused(NOBODY, f"AWS does not know the account {own} as a principal (yet)")
        return sent

    async def _is_alive(self, account: str) -> bool:
        if not account:
            return False
        scope = Scope(self.a.ports.identity.management_account, ORGANIZATION_REGION, "")
        try:
            found = await self.a.ports.call(scope, "organizations", "DescribeAccount", {"AccountId": account})
        except AwsError as error:
            if error.code == "AccountNotFoundException":
                return False
            raise
        return str(found["Account"].get("State") or found["Account"].get("Status")) == "ACTIVE"
