"""All parts of a running daemon, built once and passed by keyword, over the ports that it is given.

`serve` gives it AWS, a paced clock and a store on disk; `world` gives it a simulated AWS, virtual time and a virtual disk.
It knows no socket and no signal: who runs it says when to start and when to stop.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from pathlib import Path

import trio
from msgspec import Struct

from sandboxd.actors.alarms import Alarms
from sandboxd.actors.archive import Archive
from sandboxd.actors.commands import Commands
from sandboxd.actors.credentials import Credentials
from sandboxd.actors.desk import Desk
from sandboxd.actors.desktops import Desktops
from sandboxd.actors.directory import Directory
from sandboxd.actors.feed import Feed
from sandboxd.actors.governor import Governor
from sandboxd.actors.ingresses import Ingresses
from sandboxd.actors.plans import Plans
from sandboxd.actors.pool import Pool
from sandboxd.actors.preflight import Quotas
from sandboxd.actors.resolving import Resolver
from sandboxd.actors.shared import Shared
from sandboxd.actors.supervisor import Supervisor
from sandboxd.actors.trouble import Trouble
from sandboxd.actors.trust import Gate, Trust
from sandboxd.aws import kinds, prices
from sandboxd.daemon.profiles import profile_views
from sandboxd.daemon.settings import Settings, regions
from sandboxd.engine.engine import Engine
from sandboxd.engine.ports import Identity
from sandboxd.engine.quotas import Preflight
from sandboxd.engine.regions import ALWAYS
from sandboxd.lifecycle import state
from sandboxd.model.errors import Refusal
from sandboxd.model.ports import AwsError, Call, Clock
from sandboxd.model.resource import Node, Row
from sandboxd.profile import roles
from sandboxd.store import SqliteStore, Writer
from sandboxd.wire import things

FIRST_LOOK = 5.0
"""real seconds that the first look at the organization may take before the daemon serves without it"""
RETRY_ORGANIZATION = 10.0
"""real seconds between attempts to read an organization that cannot be read"""


class Outside(Struct, frozen=True, kw_only=True):
    """The ports: all that a daemon touches beside its own memory."""

    call: Call
    identify: Callable[[], Awaitable[str]]
    """the account of the daemon's own credentials; raises AwsError"""
    clock: Clock
    store: SqliteStore
    writer: Writer
    randbits: Callable[[int], int]
    lost: str = ""
    """why the store that should be here cannot be used; `store` is an empty one then, and nothing is changed"""
    accept_lost: bool = False
    """a person goes on without what only a lost store knew"""


class House:
    """A daemon without a socket."""

    def __init__(
        self, *, settings: Settings, outside: Outside, nursery: trio.Nursery, log: logging.Logger, health: things.Health
    ) -> None:
        self._settings, self._outside, self._nursery, self._log = settings, outside, nursery, log
        self.trust = Trust(outside.store, lost=outside.lost, accept=outside.accept_lost)
        self._call = Governor(Gate(outside.call, self.trust))
        self.pool = Pool(
            call=self._call, clock=outside.clock, directory=(directory := Directory()), management=self.management,
            stage=settings.stage, trust=self.trust,
        )  # fmt: skip
        self._management, self._is_shown = "", False
        self.shared = self._share(directory)
        self.supervisor = Supervisor(shared=self.shared)
        directory.archived = Archive(shared=self.shared, supervisor=self.supervisor).operation
        self.desk = self._build_desk(health)

    def _share(self, directory: Directory) -> Shared:
        outside, settings, listed = self._outside, self._settings, prices.load()
        store = outside.store
        return Shared(
            clock=outside.clock, store=store, writer=outside.writer, engine=self._engine(""),
            kinds=kinds.specs(), prices=listed, rules=_rules(settings, listed), regions=regions(settings),
            stage=settings.stage, feed=Feed(epoch=store.epoch, position=store.position()), directory=directory,
            alarms=Alarms(clock=outside.clock, ring=self._ring), nursery=self._nursery, log=self._log,
            randbits=outside.randbits, trust=self.trust, trouble=Trouble(directory=directory, log=self._log),
        )  # fmt: skip

    def _engine(self, management: str) -> Engine:
        store, settings = self._outside.store, self._settings
        identity = Identity(
            install=store.install_id, secret=store.secret, management_account=management, role=settings.aws.role,
            image_account=settings.aws.image_account,
        )  # fmt: skip
        return Engine(
            call=self._call, clock=self._outside.clock, kinds=kinds.by_name(), settings=settings.engine,
            identity=identity, places=self.pool.places, held=self._held, randbits=self._outside.randbits,
        )  # fmt: skip

    def _held(self, kind: str) -> Mapping[str, Iterable[Row]]:
        return self.supervisor.rows_of(kind)

    def _ring(self, name: str) -> None:
        self.supervisor.ring(name)

    def _build_desk(self, health: things.Health) -> Desk:
        settings, shared = self._settings, self.shared
        dirs = [Path(settings.profiles.dir)] if settings.profiles.dir else []
        resolver = Resolver(
            call=self._call, kinds=shared.kinds, regions=shared.regions, stage=settings.stage,
            image_account=self._image_account, profile_dirs=dirs, role=settings.aws.role,
        )  # fmt: skip
        quotas = Quotas(preflight=Preflight(call=self._call, clock=shared.clock), role=settings.aws.role)
        commands = Commands(
            shared=shared, supervisor=self.supervisor, pool=self.pool, resolver=resolver, quotas=quotas,
            desktops=Desktops(call=self._call, role=settings.aws.role, valid=settings.desktop.valid),
            credentials=Credentials(call=self._call, role=settings.aws.role),
        )  # fmt: skip
        return Desk(
            shared=shared, supervisor=self.supervisor, pool=self.pool, commands=commands,
            plans=Plans(shared=shared, supervisor=self.supervisor, resolver=resolver, quotas=quotas), health=health,
            profiles=profile_views(dirs),
            ingresses=Ingresses(
                call=self._call, clock=shared.clock, role=settings.aws.role, timeout=settings.engine.call_timeout
            ),
        )  # fmt: skip

    # ---- whose organization
    async def management(self) -> str:
        """The account of the organization's calls; raise AwsError. It is known before anything is recovered."""
        account = self._settings.aws.management_account or await self._outside.identify()
        if self._management != account:
            self._management = account
            self.shared.engine = self._engine(account)
        return account

    async def _image_account(self) -> str:
        return self._settings.aws.image_account or await self.management()

    # ---- running
    def show(self) -> None:
        """Put what the store knows into the directory: from now on reads can be answered."""
        if not self._is_shown:
            self._is_shown = True
            self.supervisor.show()

    async def start(self) -> None:
        """Look at the organization once; take up what was in flight as soon as the store is known to be its own."""
        self.show()
        self._nursery.start_soon(self._recover, name="recovery")
        await self._first_look()

    async def _recover(self) -> None:
        await self.trust.given.wait()
        self._nursery.start_soon(self.shared.alarms.run, name="alarms")
        await self.supervisor.recover()
        resumed, blocked = self.supervisor.resumed, self.supervisor.blocked
        if resumed or blocked:
            self._log.info("resumed %d operations, blocked %d", resumed, blocked)

    async def keep(self) -> None:
        """Look at what is at rest, and whether somebody works for what is not, now and then, for ever."""
        await self.trust.given.wait()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.supervisor.check_owners, name="owners")
            nursery.start_soon(self.supervisor.collect, self._settings.engine.watch, name="watch")

    async def stop(self) -> None:
        """No news any more; let calls in progress come to their end and be recorded."""
        self.shared.feed.close()
        with trio.move_on_after(self._settings.drain):
            await self.supervisor.stop()

    async def _first_look(self) -> None:
        """Read the organization before the first command; where it cannot be read, say so and go on trying."""
        with trio.move_on_after(FIRST_LOOK):
            await self._look()
        if self.trust.lost is not None:
            self._log.error("degraded: %s", self.trust.lost)
        if self.pool.reason is not None:
            self._log.warning("degraded: %s", self.pool.reason)
            self._nursery.start_soon(self._keep_looking, name="organization")

    async def _look(self) -> None:
        try:
            await self.pool.refresh()
        except (Refusal, AwsError) as error:
            self._log.warning("the organization cannot be read: %s", error)

    async def _keep_looking(self) -> None:
        while self.pool.reason is not None:
            await trio.sleep(RETRY_ORGANIZATION)
            await self._look()
        self._log.info("the organization was read")


def _rules(settings: Settings, listed: prices.Prices) -> state.Settings:
    return state.Settings(
        relist_after=settings.engine.relist_after, watch=settings.engine.watch, prices=listed.per_hour,
        currency=listed.currency, kinds=kinds.specs(), prepared=tuple(_prepared(settings)),
    )  # fmt: skip


def _prepared(settings: Settings) -> Iterator[Node]:
    """What every account gets as soon as it is somebody's."""
    every, specs = regions(settings), kinds.specs()
    if settings.prepare.roles:
        yield from roles.service_roles(specs, every[0])
    if settings.prepare.regions:
        yield from roles.opted_in(specs, (one for one in every if one not in ALWAYS))
