"""`sandboxd simulator`: the simulated AWS as an endpoint for any AWS client, in a process of its own."""

import argparse
import signal
import sys
from functools import partial
from pathlib import Path

import trio

from sandboxd.http import Limits, serve
from sandboxd.simulator import persist
from sandboxd.simulator.clock import SimClock
from sandboxd.simulator.faults import FaultFileError, read_script
from sandboxd.simulator.furnish import KEYS, furnish, open_world
from sandboxd.simulator.wire import Wire
from sandboxd.simulator.world import World

REGION = "eu-central-1"
SAVE_EVERY = 5.0


def main(argv: list[str]) -> int:
    """Run until a signal; return the exit code."""
    arguments = _parse(argv)
    try:
        world = _world(arguments)
    except FaultFileError as error:
        print(f"sandboxd simulator: {error}", file=sys.stderr)
        return 2
    host, _, port = arguments.listen.rpartition(":")
    if not port.isdigit():
        print(f"sandboxd simulator: --listen {arguments.listen!r} is not HOST:PORT", file=sys.stderr)
        return 2
    failed = 0
    try:
        trio.run(_run, world, host or "127.0.0.1", int(port), arguments.state_dir)
    except* OSError as group:
        print(f"sandboxd simulator: {arguments.listen}: {group.exceptions[0]}", file=sys.stderr)
        failed = 1
    return failed


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandboxd simulator", description="Only the simulated AWS.")
    parser.add_argument("--listen", default="127.0.0.1:0", metavar="HOST:PORT", help="where (default: a free port)")
    parser.add_argument(
        "--pace", type=_pace, default=20.0, help="how many times faster than AWS (default 20; 1 is real time)"
    )
    parser.add_argument("--pool", type=int, default=3, help="prepared accounts in the pool (default 3)")
    parser.add_argument("--seed", type=int, default=1, help="seed of ids and durations")
    parser.add_argument("--faults", type=Path, help="faults to happen (TOML)")
    parser.add_argument("--state-dir", type=Path, help="keep the world here, and go on with it")
    return parser.parse_args(argv)


def _pace(text: str) -> float:
    if not 0 < (value := float(text)) <= 100_000:  # noqa: PLR2004 - beyond this nothing is in time
        raise argparse.ArgumentTypeError("a pace lies between 0 and 100000")
    return value


def _world(arguments: argparse.Namespace) -> World:
    saved = persist.load(arguments.state_dir) if arguments.state_dir else None
    clock = SimClock(pace=arguments.pace)
    if saved is not None:
        clock.go_on_at(saved["now"])
    world = open_world(clock=clock, seed=arguments.seed)
    if saved is not None:
        persist.restore(world, saved)
    else:
        furnish(world, pool=arguments.pool)
    if arguments.faults:
        world.hook = read_script(arguments.faults)
    return world


async def _run(world: World, host: str, port: int, folder: Path | None) -> None:
    stop = trio.Event()
    listeners = await trio.open_tcp_listeners(port, host=host)
    address = listeners[0].socket.getsockname()
    app = Wire(world, narrate=lambda line: print(line, file=sys.stderr, flush=True))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_until_signal, stop)
        await nursery.start(partial(serve, app, listeners, stop=stop, limits=Limits(idle=600), drain=1.0))
        _announce(world, f"http://{address[0]}:{address[1]}")
        if folder is not None:
            nursery.start_soon(_keep, world, folder, stop)
        await stop.wait()
        nursery.cancel_scope.deadline = trio.current_time() + 2
    if folder is not None:
        persist.save(world, folder)


def _announce(world: World, endpoint: str) -> None:
    variables = {
        "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": KEYS[0], "AWS_SECRET_ACCESS_KEY": KEYS[1],
        "AWS_DEFAULT_REGION": REGION, "SANDBOXD_CLOCK__PACE": repr(world.clock.pace),
        "SANDBOXD_CLOCK__ORIGIN": repr(world.clock.origin),
    }  # fmt: skip
    print("export " + " ".join(f"{name}={value}" for name, value in variables.items()), flush=True)


async def _until_signal(stop: trio.Event) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            stop.set()
            return


async def _keep(world: World, folder: Path, stop: trio.Event) -> None:
    while not stop.is_set():
        with trio.move_on_after(SAVE_EVERY):
            await stop.wait()
        persist.save(world, folder)
