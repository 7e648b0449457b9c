"""`sandboxd serve`: reads settings, takes the lock, opens the store, and runs until a signal asks it to stop.

Every way in which a start can fail ends here in one sentence on stderr and a documented exit code, never a traceback.
"""

import argparse
import os
import sys
from pathlib import Path

import trio
from msgspec import structs

from sandboxd.daemon.assembly import serve
from sandboxd.daemon.lock import StateLock
from sandboxd.daemon.log import set_up
from sandboxd.daemon.settings import Settings, state_dir
from sandboxd.model.errors import ConfigurationError, StoreError
from sandboxd.store import open_store
from sandboxd.toml import load_settings

CONFIGURATION = 78


def main(argv: list[str]) -> int:
    """Run the daemon in the foreground; return its exit code."""
    arguments = _parse(argv)
    try:
        settings = _settings(arguments)
        return _run(settings)
    except ConfigurationError as error:
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
            return trio.run(serve, settings, store, folder, log)
    finally:
        lock.close()
