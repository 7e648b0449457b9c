"""The composition root: builds every part once, passes them by keyword, runs until a signal, and takes them down in order.

At a stop the API ends first, then steps that only wait, then the writer, then AWS: no outcome becomes unknown by it.
"""

import logging
import os
import secrets
import signal
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import apsw
import trio

from sandboxd import __version__
from sandboxd.actors.alarms import Alarms
from sandboxd.actors.commands import Commands
from sandboxd.actors.desk import Desk
from sandboxd.actors.directory import Directory
from sandboxd.actors.feed import Feed
from sandboxd.actors.governor import Governor
from sandboxd.actors.plans import Plans
from sandboxd.actors.pool import Pool
from sandboxd.actors.resolving import Resolver
from sandboxd.actors.shared import Shared
from sandboxd.actors.supervisor import Supervisor
from sandboxd.actors.views import stamp
from sandboxd.api.app import Api
from sandboxd.api.listen import serve_api
from sandboxd.aws import kinds, prices
from sandboxd.aws.waist import Aws, AwsSettings, open_aws
from sandboxd.client.address import socket_path
from sandboxd.daemon.clock import PacedClock
from sandboxd.daemon.profiles import profile_views
from sandboxd.daemon.sd_notify import ServiceManager
from sandboxd.daemon.settings import Settings, regions
from sandboxd.engine.engine import Engine
from sandboxd.engine.ports import Identity
from sandboxd.identity.peers import Callers
from sandboxd.lifecycle import state
from sandboxd.model.errors import Refusal
from sandboxd.model.ports import AwsError
from sandboxd.store import SqliteStore, Writer
from sandboxd.wire import things

SIGNALS = (signal.SIGTERM, signal.SIGINT)
SERVICES = ("ec2", "sts", "ssm", "organizations")
RETRY_ORGANIZATION = 10.0
"""real seconds between attempts to read an organization that cannot be read"""


async def serve(settings: Settings, store: SqliteStore, folder: Path, log: logging.Logger) -> int:
    """Run the daemon; return its exit code."""
    stop = trio.Event()
    with trio.open_signal_receiver(*SIGNALS) as signals:
        # blocked until now, and from the end on: a signal is never lost at the start, and never kills a clean end
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        async with trio.open_nursery() as outer:
            outer.start_soon(_until_signal, signals, stop, name="signals")
            await _serve(settings, store, folder, log, stop, outer)
            outer.cancel_scope.cancel()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    return 0


async def _serve(
    settings: Settings, store: SqliteStore, folder: Path, log: logging.Logger, stop: trio.Event, outer: trio.Nursery
) -> None:
    clock, region = clock_of(settings, store), regions(settings)[0]
    async with Writer(store, nursery=outer) as writer, open_aws(AwsSettings(region=region), clock) as aws:
        await aws.warm(SERVICES, regions(settings))
        async with trio.open_nursery() as nursery:
            house = House(
                settings=settings, store=store, writer=writer, aws=aws, clock=clock, nursery=nursery, log=log, folder=folder
            )  # fmt: skip
            await house.run(ServiceManager(), stop)
            nursery.cancel_scope.cancel()


def clock_of(settings: Settings, store: SqliteStore) -> PacedClock:
    """The daemon's clock; its origin is kept, so that stored times go on to mean the same."""
    kept = store.meta("clock_origin")
    origin = settings.clock.origin if settings.clock.origin is not None else float(kept) if kept else 0.0
    if kept is None or float(kept) != origin:
        store.set_meta("clock_origin", repr(origin))
    return PacedClock(pace=settings.clock.pace, origin=origin)


class House:
    """All parts of a running daemon."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: SqliteStore,
        writer: Writer,
        aws: Aws,
        clock: PacedClock,
        nursery: trio.Nursery,
        log: logging.Logger,
        folder: Path,
    ) -> None:
        self._settings, self._store, self._aws, self._nursery, self._log = settings, store, aws, nursery, log
        self._call, self._clock = Governor(aws.call), clock
        directory, listed = Directory(), prices.load()
        self._pool = Pool(
            call=self._call, clock=clock, directory=directory, management=self.management, stage=settings.stage
        )
        self._alarms = Alarms(clock=clock, ring=self._ring)
        self._shared = Shared(
            clock=clock, store=store, writer=writer, engine=self._engine(store.meta("management") or ""), kinds=kinds.specs(),
            prices=listed, rules=_rules(settings, listed), regions=regions(settings), stage=settings.stage,
            feed=Feed(epoch=store.epoch, position=store.position()), directory=directory, alarms=self._alarms, nursery=nursery,
            log=log, randbits=secrets.randbits,
        )  # fmt: skip
        self._supervisor = Supervisor(shared=self._shared)
        self._desk = self._build_desk(folder)

    def _engine(self, management: str) -> Engine:
        identity = Identity(
            install=self._store.install_id, secret=self._store.secret, management_account=management,
            role=self._settings.aws.role,
        )  # fmt: skip
        return Engine(
            call=self._call, clock=self._clock, kinds=kinds.by_name(), settings=self._settings.engine,
            identity=identity, places=self._pool.places,
        )  # fmt: skip

    def _ring(self, name: str) -> None:
        self._supervisor.ring(name)

    def _build_desk(self, folder: Path) -> Desk:
        settings, shared = self._settings, self._shared
        dirs = [Path(settings.profiles.dir)] if settings.profiles.dir else []
        resolver = Resolver(
            call=self._call, kinds=shared.kinds, regions=shared.regions, stage=settings.stage,
            image_account=self._image_account, profile_dirs=dirs, role=settings.aws.role,
        )  # fmt: skip
        commands = Commands(shared=shared, supervisor=self._supervisor, pool=self._pool, resolver=resolver)
        return Desk(
            shared=shared, supervisor=self._supervisor, pool=self._pool, commands=commands,
            plans=Plans(shared=shared, supervisor=self._supervisor, resolver=resolver),
            health=_health(settings, shared, folder), profiles=profile_views(dirs),
        )  # fmt: skip

    # ---- whose organization
    async def management(self) -> str:
        """The account of the organization's calls, kept once it is known; raise AwsError."""
        account = self._settings.aws.management_account or await self._aws.identity()
        if self._store.meta("management") != account:
            self._store.set_meta("management", account)
            self._shared.engine = self._engine(account)
        return account

    async def _image_account(self) -> str:
        return self._settings.aws.image_account or await self.management()

    # ---- running
    async def run(self, manager: ServiceManager, stop: trio.Event) -> None:
        """Recover, serve, and stop in order."""
        self._nursery.start_soon(self._alarms.run, name="alarms")
        self._supervisor.recover()
        await self._first_look()
        await self._serve(stop, manager)
        await stop.wait()
        manager.say("STOPPING=1")
        self._shared.feed.close()
        with trio.move_on_after(self._settings.drain):
            await self._supervisor.stop()

    async def _serve(self, stop: trio.Event, manager: ServiceManager) -> None:
        access = self._settings.access
        callers = Callers(own_uid=os.getuid(), write_group=access.write_group, read_group=access.read_group)
        api = Api(desk=self._desk, callers=callers, version=__version__)
        path = socket_path(self._settings.socket or None)
        run = partial(serve_api, api, path, mode=int(access.socket_mode, 8), version=__version__, stop=stop)
        await self._nursery.start(run)
        self._log.info("serving on %s", path)
        manager.say("READY=1", f"STATUS=serving stage {self._settings.stage}")
        self._nursery.start_soon(manager.pat, name="watchdog")
        self._nursery.start_soon(self._supervisor.collect, self._settings.engine.watch, name="collector")

    async def _first_look(self) -> None:
        """Read the organization before the first command; where it cannot be read, say so and go on trying."""
        with trio.move_on_after(5):
            await self._look()
        if self._pool.reason is not None:
            self._log.warning("degraded: %s", self._pool.reason)
            self._nursery.start_soon(self._keep_looking, name="organization")

    async def _look(self) -> None:
        try:
            await self._pool.refresh()
        except (Refusal, AwsError) as error:
            self._log.warning("the organization cannot be read: %s", error)

    async def _keep_looking(self) -> None:
        while self._pool.reason is not None:
            await trio.sleep(RETRY_ORGANIZATION)
            await self._look()
        self._log.info("the organization was read")


async def _until_signal(signals: AsyncIterator[int], stop: trio.Event) -> None:
    async for _ in signals:
        stop.set()


def _rules(settings: Settings, listed: prices.Prices) -> state.Settings:
    return state.Settings(
        relist_after=settings.engine.relist_after, prices=listed.per_hour, currency=listed.currency, kinds=kinds.specs()
    )


def _health(settings: Settings, shared: Shared, folder: Path) -> things.Health:
    return things.Health(
        status="ok", version=__version__, since=stamp(shared.clock.now()), stage=settings.stage,
        endpoint=os.environ.get("AWS_ENDPOINT_URL", ""), pid=os.getpid(), state_dir=str(folder), sqlite=apsw.sqlite_lib_version(),
    )  # fmt: skip
