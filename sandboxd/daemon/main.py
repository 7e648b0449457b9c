"""`sandboxd serve`: reads settings, takes the lock, opens the store, and runs until a signal asks it to stop.

Every way in which a start can fail ends here in one sentence on stderr and a documented exit code, never a traceback.
"""

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

import trio
from msgspec import structs

from sandboxd.daemon.assembly import SIGNALS, serve
from sandboxd.daemon.lock import StateLock
from sandboxd.daemon.log import set_up
from sandboxd.daemon.settings import Settings, state_dir
from sandboxd.http import SocketRefused
from sandboxd.model.errors import ConfigurationError, Refusal, StoreError
from sandboxd.store import SqliteStore, open_store
from sandboxd.toml import TomlError, load_settings

CONFIGURATION, LOCKED, IO_ERROR, SOCKET = 78, 75, 74, 78


def main(argv: list[str]) -> int:
    """Run the daemon in the foreground; return its exit code."""
    arguments = _parse(argv)
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        settings = _settings(arguments)
        return _run(settings)
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
    return parser.parse_args(argv)


def _settings(arguments: argparse.Namespace) -> Settings:
    settings = load_settings(Settings, arguments.config, os.environ)
    given = {"state_dir": arguments.state_dir, "socket": arguments.socket}
    return structs.replace(settings, **{name: value for name, value in given.items() if value})


def _run(settings: Settings) -> int:
    folder = state_dir(settings)
    lock = StateLock(folder)
    log = set_up(settings.log.level)
    try:
        with open_store(folder / "sandboxd.db") as store:
            return _serve(settings, store, folder, log)
    finally:
        lock.close()


def _serve(settings: Settings, store: SqliteStore, folder: Path, log: logging.Logger) -> int:
    code = 0
    try:
        code = trio.run(serve, settings, store, folder, log)
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
