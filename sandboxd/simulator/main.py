"""`sandboxd simulator`: the simulated AWS as an endpoint for any AWS client, in a process of its own.

Stdout is one `export …` line, printed when connections are accepted; each call that changes something is a line of
stderr. A signal ends it cleanly; with a state folder the world is saved as it changes and at the end.
"""

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
from sandboxd.simulator.furnish import IMAGES_APART, KEYS, furnish, open_world
from sandboxd.simulator.persist import SavedWorldError
from sandboxd.simulator.sts import ROLE
from sandboxd.simulator.wire import Wire
from sandboxd.simulator.world import World

REGION = "eu-central-1"
SAVE_EVERY = 0.5
"""real seconds between two looks whether the world has changed"""
USAGE, FAILED, STATE = 2, 1, 78
FASTEST = 100_000
LARGEST = 10_000
LAST_PORT = 65_535


def main(argv: list[str]) -> int:
    """Run until a signal; return the exit code."""
    arguments = _parse(argv)
    host, port = arguments.listen
    try:
        world = _world(arguments)
    except FaultFileError as error:
        return _say(USAGE, str(error))
    except SavedWorldError as error:
        return _say(STATE, str(error))
    code = 0
    try:
        trio.run(_run, world, host, port, arguments.state_dir)
    except* OSError as group:
        code = _say(FAILED, _what_failed(group.exceptions[0], f"{host}:{port}"))
    return code


def _what_failed(error: BaseException, address: str) -> str:
    return str(error) if isinstance(error, OSError) and error.filename else f"{address}: {error}"


def _say(code: int, text: str) -> int:
    print(f"sandboxd simulator: {text}", file=sys.stderr)
    return code


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandboxd simulator", description="Only the simulated AWS.")
    parser.add_argument(
        "--listen", type=_address, default="127.0.0.1:0", metavar="HOST:PORT", help="where (default: a free port)"
    )
    parser.add_argument(
        "--pace", type=_pace, default=20.0, help="how many times faster than AWS (default 20; 1 is real time)"
    )
    parser.add_argument("--pool", type=_pool, default=3, help="prepared accounts in the pool (default 3)")
    parser.add_argument(
        "--images-apart", action="store_true",
        help="the images are in an account of their own, in which the daemon assumes a role",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="seed of ids and durations")
    parser.add_argument("--faults", type=Path, help="faults to happen (TOML)")
    parser.add_argument("--state-dir", type=Path, help="keep the world here, and go on with it")
    return parser.parse_args(argv)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def _pace(text: str) -> float:
    if not 0 < (value := float(text)) <= FASTEST:
        raise argparse.ArgumentTypeError(f"a pace lies between 0 and {FASTEST}")
    return value


def _pool(text: str) -> int:
    if not 0 <= (value := int(text)) <= LARGEST:
        raise argparse.ArgumentTypeError(f"a pool has at most {LARGEST} accounts")
    return value


def _world(arguments: argparse.Namespace) -> World:
    saved = persist.load(arguments.state_dir) if arguments.state_dir else None
    clock = SimClock(pace=arguments.pace)
    if saved is not None:
        try:
            clock.go_on_at(saved.now)
        except ValueError as error:
            raise SavedWorldError(f"{arguments.state_dir}: {error}") from None
    world = open_world(clock=clock, seed=arguments.seed)
    if saved is not None:
        persist.restore(world, saved)
    else:
        furnish(world, pool=arguments.pool, apart=arguments.images_apart)
    if arguments.faults:
        read_script(arguments.faults, opened=clock.now()).set_on(world)
    return world


async def _run(world: World, host: str, port: int, folder: Path | None) -> None:
    stop = trio.Event()
    listeners = await trio.open_tcp_listeners(port, host=host)
    app = Wire(world, narrate=partial(print, file=sys.stderr, flush=True))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_until_signal, stop)
        await nursery.start(partial(serve, app, listeners, stop=stop, limits=Limits(idle=600), drain=1.0))
        if folder is not None:
            await trio.to_thread.run_sync(persist.write, folder, persist.dump(world))
            nursery.start_soon(_keep, world, folder, stop)
        _announce(world, listeners[0])
    if folder is not None:
        persist.write(folder, persist.dump(world))


def _announce(world: World, listener: trio.SocketListener) -> None:
    host, port = listener.socket.getsockname()[:2]
    variables = {
        "AWS_ENDPOINT_URL": f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": KEYS[0],
        "AWS_SECRET_ACCESS_KEY": KEYS[1],
        "AWS_DEFAULT_REGION": REGION,
        "SANDBOXD_CLOCK__PACE": repr(world.clock.pace),
        "SANDBOXD_CLOCK__ORIGIN": repr(world.clock.origin),
    }
    if world.organization.get("images") == IMAGES_APART:
        variables |= {"SANDBOXD_AWS__IMAGE_ACCOUNT": IMAGES_APART, "SANDBOXD_AWS__IMAGE_ROLE": ROLE}
    print("export", *(f"{name}={value}" for name, value in variables.items()), flush=True)


async def _until_signal(stop: trio.Event) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            stop.set()
            return


async def _keep(world: World, folder: Path, stop: trio.Event) -> None:
    """Save the world soon after each change."""
    seen = world.log.count
    while not stop.is_set():
        with trio.move_on_after(SAVE_EVERY):
            await stop.wait()
        if any(entry.mutation for entry in world.log.since(seen)):
            seen = world.log.count
            await trio.to_thread.run_sync(persist.write, folder, persist.dump(world))
