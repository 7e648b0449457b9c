"""The composition root: gives the house its ports, opens the socket, runs until a signal, and takes all down in order.

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
from sandboxd.actors.views import stamp
from sandboxd.api.app import Api
from sandboxd.api.listen import serve_api
from sandboxd.aws.waist import AwsSettings, open_aws
from sandboxd.client.address import socket_path
from sandboxd.daemon.clock import PacedClock
from sandboxd.daemon.house import House, Outside
from sandboxd.daemon.sd_notify import ServiceManager
from sandboxd.daemon.settings import Settings, regions
from sandboxd.identity.peers import Callers
from sandboxd.model.ports import Clock
from sandboxd.store import SqliteStore, Writer
from sandboxd.wire import things

SIGNALS = (signal.SIGTERM, signal.SIGINT)
SERVICES = ("ec2", "sts", "ssm", "organizations")


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
        outside = Outside(
            call=aws.call, identify=aws.identity, clock=clock, store=store, writer=writer, randbits=secrets.randbits
        )
        async with trio.open_nursery() as nursery:
            house = House(
                settings=settings, outside=outside, nursery=nursery, log=log, health=_health(settings, clock, folder)
            )
            await _run(house, settings, nursery, log, stop)
            nursery.cancel_scope.cancel()


async def _run(house: House, settings: Settings, nursery: trio.Nursery, log: logging.Logger, stop: trio.Event) -> None:
    """Recover, serve, and stop in order."""
    manager = ServiceManager()
    await house.start()
    await _open_socket(house, settings, nursery, log, stop)
    manager.say("READY=1", f"STATUS=serving stage {settings.stage}")
    nursery.start_soon(manager.pat, name="watchdog")
    nursery.start_soon(house.keep, name="collector")
    await stop.wait()
    manager.say("STOPPING=1")
    await house.stop()


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
