"""About the daemon and this program: who, what, where, and what is wrong."""

import platform
import sys
import time
from argparse import Namespace
from datetime import datetime

from sandboxd import __version__
from sandboxd.cli.completion import script
from sandboxd.cli.main import FAILED, OK
from sandboxd.cli.output import form_of, narrate, plain, print_thing, untouched
from sandboxd.cli.words import connection_of
from sandboxd.client import ops
from sandboxd.client.errors import ClientError, DaemonDown
from sandboxd.client.stdlib import Connection
from sandboxd.model.errors import BadRequest
from sandboxd.wire.text import safe_text

MOST_APART = 30.0
"""seconds between the daemon's clock and ours"""
SHOWN = 5
"""sandboxes that are named"""


def whoami(arguments: Namespace) -> int:
    """Who the daemon believes the caller is."""
    print_thing(connection_of(arguments).call(ops.whoami()), "whoami", form_of(arguments))
    return OK


def info(arguments: Namespace) -> int:
    """Daemon, versions, paths."""
    connection = connection_of(arguments)
    about = plain(connection.call(ops.health()))
    paths = {"socket": str(connection.path), "client_version": __version__, "python": platform.python_version()}
    print_thing(about | paths, "info", form_of(arguments))
    return OK


def doctor(arguments: Namespace) -> int:
    """Look at everything that a start of the day needs."""
    connection, wrong = connection_of(arguments), 0
    for name, check in (
        ("socket", _socket),
        ("daemon", _daemon),
        ("versions", _versions),
        ("clock", _clock),
        ("profiles", _profiles),
        ("sandboxes", _sandboxes),
    ):
        try:
            print(f"✓ {name}: {check(connection)}")
        except (DaemonDown, ClientError, BadRequest) as error:
            wrong += 1
            print(f"✗ {name}: {safe_text(str(error))}")
            if hint := getattr(error, "hint", ""):
                print(f"    {safe_text(hint)}")
    return FAILED if wrong else OK


def _socket(connection: Connection) -> str:
    path = connection.path
    if not path.exists():
        raise BadRequest("no_socket", f"{path} does not exist", "Start the daemon, or name its socket.")
    return str(path)


def _daemon(connection: Connection) -> str:
    health = connection.call(ops.health())
    if health.reasons:
        raise BadRequest(
            "degraded", f"degraded: {'; '.join(health.reasons)}", "Nothing is changed in AWS until this is over."
        )
    return safe_text(f"version {health.version}, stage {health.stage}, pid {health.pid}")


def _versions(connection: Connection) -> str:
    theirs = connection.call(ops.health()).version
    if theirs != __version__:
        raise BadRequest(
            "version_skew",
            f"the daemon is {theirs}, this program {__version__}",
            "Restart the daemon with what is installed.",
        )
    return f"both {safe_text(theirs)}"


def _clock(connection: Connection) -> str:
    """A paced clock is meant; a real one must agree with ours, since expiries and signatures hang on it."""
    snapshot = connection.call(ops.snapshot())
    if snapshot.pace != 1.0:
        return f"paced: {snapshot.pace:g} times as fast as ours"
    apart = abs(datetime.fromisoformat(snapshot.now).timestamp() - time.time())
    if apart > MOST_APART:
        raise BadRequest("clock_skew", f"{apart:.0f} s away from ours", "Set the machine's time by NTP.")
    return f"{apart:.1f} s away from ours"


def _profiles(_: Connection) -> str:
    from sandboxd.profile import available

    return ", ".join(available([]))


def _sandboxes(connection: Connection) -> str:
    """What failed, and what is there and was lost or changed by somebody else."""
    found = connection.call(ops.snapshot()).sandboxes
    waiting = [one for one in found if one.health == "degraded"]
    if not waiting:
        return f"{sum(one.state != 'deleted' for one in found)}, none of them waits for a person"
    names = ", ".join(f"{one.tenant}/{one.name} ({one.state})" for one in waiting[:SHOWN])
    more = f" and {len(waiting) - SHOWN} more" if len(waiting) > SHOWN else ""
    raise BadRequest(
        "sandboxes_degraded",
        f"{len(waiting)} wait for a person: {names}{more}",
        "`sandboxd why TENANT/NAME` says for what.",
    )


def api(arguments: Namespace) -> int:
    """One request, its answer as it came."""
    body = sys.stdin.read() if arguments.body == "-" else arguments.body or ""
    method = arguments.method.upper()
    arguments.output = arguments.output or "json"  # what is asked for is what the API says, its refusals included
    if method not in ("GET", "POST", "DELETE"):
        raise BadRequest("method_invalid", f"{arguments.method!r} is no method of the API.", "GET, POST or DELETE.")
    out = connection_of(arguments).raw(method, arguments.path, body.encode(), again=method == "GET")
    print(untouched(out.decode("utf-8", "replace").rstrip("\n")))
    return OK


def completion(arguments: Namespace) -> int:
    """A completion script."""
    print(script(arguments.shell), end="")
    return OK


def organization(arguments: Namespace) -> int:
    """Make the OUs of a stage, with the daemon's settings and credentials."""
    from sandboxd.daemon.organization import init

    account, stage, made = init(arguments.stage, arguments.config)
    narrate(f"Organization of {account}, stage {stage}: " + ", ".join(f"{name} {ou}" for name, ou in made.items()))
    return OK
