"""The composition root: gives the house its ports, opens the socket, runs until a signal, and takes all down in order.

At a stop the API ends first, then steps that only wait, then the writer, then AWS: no outcome becomes unknown by it.
"""

import logging
import os
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import apsw
import trio
from msgspec import Struct

from sandboxd import __version__
from sandboxd.actors.views import stamp
from sandboxd.api.app import Api
from sandboxd.api.listen import serve_api
from sandboxd.aws.clients import SERVICES
from sandboxd.aws.waist import AwsSettings, open_aws
from sandboxd.client.address import socket_path
from sandboxd.daemon.clock import PacedClock
from sandboxd.daemon.house import House, Outside
from sandboxd.daemon.sd_notify import ServiceManager
from sandboxd.daemon.settings import Settings, regions, roles
from sandboxd.identity.peers import Callers
from sandboxd.model.ports import Clock
from sandboxd.store import SqliteStore, Writer
from sandboxd.wire import things

SIGNALS = (signal.SIGTERM, signal.SIGINT)
MARGIN = 15.0
"""real seconds that a stop may take beside the drain"""


class Start(Struct, frozen=True, kw_only=True):
    """What a start of the daemon found and was told, beside its settings."""

    settings: Settings
    store: SqliteStore
    folder: Path
    log: logging.Logger
    manager: ServiceManager
    lost: str = ""
    """why the store that should be here cannot be used; `store` is an empty one in memory then"""
    accept_lost: bool = False


async def serve(start: Start) -> int:
    """Run the daemon; return its exit code."""
    stop = trio.Event()
    with trio.open_signal_receiver(*SIGNALS) as signals:
        # blocked until now, and from the end on: a signal is never lost at the start, and never kills a clean end
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        async with trio.open_nursery() as outer:
            outer.start_soon(_until_signal, signals, stop, name="signals")
            await _serve(start, stop, outer)
            outer.cancel_scope.cancel()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    return 0


async def _serve(start: Start, stop: trio.Event, outer: trio.Nursery) -> None:
    settings, store = start.settings, start.store
    clock, region = clock_of(settings, store), regions(settings)[0]
    where = AwsSettings(region=region, roles=roles(settings.aws))
    async with Writer(store, nursery=outer) as writer, open_aws(where, clock) as aws:
        outside = Outside(
            call=aws.call, identify=aws.identity, clock=clock, store=store, writer=writer, randbits=secrets.randbits,
            lost=start.lost, accept_lost=start.accept_lost,
        )  # fmt: skip
        async with trio.open_nursery() as nursery:
            health = _health(settings, clock, start.folder)
            house = House(settings=settings, outside=outside, nursery=nursery, log=start.log, health=health)
            nursery.start_soon(start.manager.pat, writer.is_alive, name="watchdog")
            nursery.start_soon(aws.clients.keep_tidy, name="clients")
            await _run(house, start, partial(aws.warm, SERVICES, [region]), nursery, stop)
            nursery.cancel_scope.cancel()


async def _run(
    house: House, start: Start, warm: Callable[[], Awaitable[None]], nursery: trio.Nursery, stop: trio.Event
) -> None:
    """Answer reads first, then look at the organization and recover; and stop in order."""
    settings, manager = start.settings, start.manager
    house.show()
    await _open_socket(house, settings, nursery, start.log, stop)
    manager.say("READY=1", f"STATUS=serving stage {settings.stage}, recovering")
    nursery.start_soon(_begin, house, warm, manager, settings.stage, name="start")
    await stop.wait()
    manager.say("STOPPING=1", f"EXTEND_TIMEOUT_USEC={int((settings.drain + MARGIN) * 1_000_000)}")
    await house.stop()


async def _begin(house: House, warm: Callable[[], Awaitable[None]], manager: ServiceManager, stage: str) -> None:
    await warm()
    await house.start()
    manager.say(f"STATUS=degraded: {house.trust.lost}" if house.trust.lost else f"STATUS=serving stage {stage}")
    await house.keep()


async def _open_socket(
    house: House, settings: Settings, nursery: trio.Nursery, log: logging.Logger, stop: trio.Event
) -> None:
    access = settings.access
    callers = Callers(own_uid=os.getuid(), write_group=access.write_group, read_group=access.read_group)
    api = Api(desk=house.desk, callers=callers, version=__version__)
    path = socket_path(settings.socket or None)
    run = partial(serve_api, api, path, mode=int(access.socket_mode, 8), version=__version__, stop=stop)
    await nursery.start(run)
    log.info("serving on %s", path)


def clock_of(settings: Settings, store: SqliteStore) -> PacedClock:
    """The daemon's clock; its origin is kept, so that stored times go on to mean the same."""
    kept = store.meta("clock_origin")
    origin = settings.clock.origin if settings.clock.origin is not None else float(kept) if kept else 0.0
    if kept is None or float(kept) != origin:
        store.set_meta("clock_origin", repr(origin))
    return PacedClock(pace=settings.clock.pace, origin=origin)


async def _until_signal(signals: AsyncIterator[int], stop: trio.Event) -> None:
    async for _ in signals:
        stop.set()


def _health(settings: Settings, clock: Clock, folder: Path) -> things.Health:
    return things.Health(
        status="ok", version=__version__, since=stamp(clock.now()), stage=settings.stage,
        endpoint=os.environ.get("AWS_ENDPOINT_URL", ""), pid=os.getpid(), state_dir=str(folder), sqlite=apsw.sqlite_lib_version(),
    )  # fmt: skip
