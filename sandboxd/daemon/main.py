"""`sandboxd serve`: reads settings, takes the lock, opens the store, and runs until a signal asks it to stop.

Every way in which a start can fail ends here in one sentence on stderr and a documented exit code, never a traceback.
"""

import argparse
import logging
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import trio
from msgspec import structs

from sandboxd.daemon.assembly import SIGNALS, Start, serve
from sandboxd.daemon.lock import StateLock
from sandboxd.daemon.log import set_up
from sandboxd.daemon.sd_notify import ServiceManager
from sandboxd.daemon.settings import Settings, roles, state_dir
from sandboxd.http import SocketRefused
from sandboxd.model.errors import ConfigurationError, Refusal, StoreError, StoreLost
from sandboxd.store import SqliteStore, open_in_memory, open_store
from sandboxd.toml import TomlError, load_settings

CONFIGURATION, LOCKED, IO_ERROR, SOCKET = 78, 75, 74, 78


def main(argv: list[str]) -> int:
    """Run the daemon in the foreground; return its exit code."""
    arguments = _parse(argv)
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        settings = _settings(arguments)
        return _run(settings, arguments)
    except (ConfigurationError, TomlError) as error:
        print(f"sandboxd: {error}", file=sys.stderr)
        return CONFIGURATION
    except StoreError as error:
        print(f"sandboxd: {error}", file=sys.stderr)
        return error.exit_code


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandboxd serve", description="The daemon, in the foreground.")
    parser.add_argument("--config", type=Path, help="settings (TOML); SANDBOXD_SECTION__KEY overrides them")
    parser.add_argument("--state-dir", default="", help="folder of the store and the lock")
    parser.add_argument("--socket", default="", help="path of the Unix socket")
    parser.add_argument(
        "--accept-rollback", action="store_true",
        help="go on with a store that is older than it was: what was made in AWS since is unknown to it",
    )  # fmt: skip
    parser.add_argument(
        "--accept-lost-store", action="store_true",
        help="go on without a store that is gone, damaged (it is set aside) or another's: what only it knew is left alone",
    )  # fmt: skip
    return parser.parse_args(argv)


def _settings(arguments: argparse.Namespace) -> Settings:
    settings = load_settings(Settings, arguments.config, os.environ)
    roles(settings.aws)  # what contradicts itself is said before anything is opened
    given = {"state_dir": arguments.state_dir, "socket": arguments.socket}
    return structs.replace(settings, **{name: value for name, value in given.items() if value})


def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    folder = state_dir(settings)
    lock = StateLock(folder)
    log, manager = set_up(settings.log.level), ServiceManager()
    try:
        with ExitStack() as stack:
            with manager.busy("checking the store"):
                store, lost = _open(folder / "sandboxd.db", arguments, stack, log)
            start = Start(
                settings=settings, store=store, folder=folder, log=log, manager=manager, lost=lost,
                accept_lost=arguments.accept_lost_store,
            )  # fmt: skip
            return _serve(start)
    finally:
        lock.close()


def _open(path: Path, arguments: argparse.Namespace, stack: ExitStack, log: logging.Logger) -> tuple[SqliteStore, str]:
    """The store; or, where it is lost, an empty one in memory, and what is wrong: that is said on the socket."""
    rollback, lost = arguments.accept_rollback, arguments.accept_lost_store
    try:
        store = stack.enter_context(open_store(path, accept_rollback=rollback, accept_lost=lost))
    except StoreLost as error:
        return stack.enter_context(open_in_memory(path)), str(error)
    if rollback:
        log.warning("accepted: %s as it is, up to event %d; its witness was written anew", path, store.position())
    if lost:
        log.warning("accepted: %s as it is; accounts of Customers that it does not know are left alone", path)
    return store, ""


def _serve(start: Start) -> int:
    code = 0
    try:
        code = trio.run(serve, start)
    except* SocketRefused as group:
        code = _say(group.exceptions[0], SOCKET)
    except* StoreError as group:
        code = _say(group.exceptions[0], IO_ERROR)
    except* Refusal as group:
        code = _say(group.exceptions[0], CONFIGURATION)
    return code


def _say(error: BaseException, code: int) -> int:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    print(f"sandboxd: {error}", file=sys.stderr)
    if isinstance(error, SocketRefused):
        return LOCKED if error.kind == "in_use" else CONFIGURATION
    return error.exit_code if isinstance(error, StoreError) else code
