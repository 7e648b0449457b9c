"""About the daemon and this program: who, what, where, and what is wrong."""

import platform
import sys
from argparse import Namespace

from sandboxd import __version__
from sandboxd.cli.completion import script
from sandboxd.cli.main import FAILED, OK
from sandboxd.cli.output import form_of, narrate, plain, print_thing, untouched
from sandboxd.cli.words import connection_of
from sandboxd.client import ops
from sandboxd.client.errors import ClientError, DaemonDown
from sandboxd.model.errors import BadRequest


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
    for name, check in (("socket", _socket), ("daemon", _daemon), ("profiles", _profiles)):
        try:
            print(f"✓ {name}: {check(connection)}")
        except (DaemonDown, ClientError, BadRequest) as error:
            wrong += 1
            print(f"✗ {name}: {error}")
            if hint := getattr(error, "hint", ""):
                print(f"    {hint}")
    return FAILED if wrong else OK


def _socket(connection: object) -> str:
    path = connection.path  # type: ignore[attr-defined]
    if not path.exists():
        raise BadRequest("no_socket", f"{path} does not exist", "Start the daemon, or name its socket.")
    return str(path)


def _daemon(connection: object) -> str:
    health = connection.call(ops.health())  # type: ignore[attr-defined]
    if health.reasons:
        raise BadRequest(
            "degraded", f"degraded: {'; '.join(health.reasons)}", "Nothing is changed in AWS until this is over."
        )
    return f"version {health.version}, stage {health.stage}, pid {health.pid}"


def _profiles(_: object) -> str:
    from sandboxd.profile import available

    return ", ".join(available([]))


def api(arguments: Namespace) -> int:
    """One request, its answer as it came."""
    body = sys.stdin.read() if arguments.body == "-" else arguments.body or ""
    method = arguments.method.upper()
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
    """Make the OUs of a stage, with the daemon's own credentials."""
    from sandboxd.daemon.organization import init

    account, made = init(arguments.stage)
    narrate(f"Organization of {account}: " + ", ".join(f"{name} {ou}" for name, ou in made.items()))
    return OK
