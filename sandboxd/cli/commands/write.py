"""Writes: each becomes operations, which are waited for unless asked otherwise."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from sandboxd.cli.failures import Failed, problem_of, say
from sandboxd.cli.main import OK
from sandboxd.cli.output import form_of, print_thing
from sandboxd.cli.waiting import finish
from sandboxd.cli.words import connection_of, parameters, profile_ref, seconds
from sandboxd.client import ops
from sandboxd.client.ops import Op
from sandboxd.client.stdlib import Connection
from sandboxd.model.errors import BadRequest
from sandboxd.model.ids import is_name
from sandboxd.wire.requests import NewSandbox, NewTenant
from sandboxd.wire.things import Operation, Sandbox


def _check_name(name: str) -> None:
    if not is_name(name):
        raise BadRequest(
            "name_invalid",
            f"{name!r} is no name.",
            "Names begin with a lower-case letter; then letters, digits, hyphens; at most 31.",
        )


def onboard(arguments: Namespace) -> int:
    """A tenant gets an account of the pool."""
    _check_name(arguments.name)
    connection = connection_of(arguments)
    accepted = connection.call(ops.onboard(NewTenant(name=arguments.name, email=arguments.email)))
    return finish(arguments, connection, [accepted])


def create(arguments: Namespace) -> int:
    """One sandbox or several."""
    for name in arguments.name:
        _check_name(name)
    return _each(arguments, [ops.create(new_sandbox(arguments, name)) for name in arguments.name])


def new_sandbox(arguments: Namespace, name: str) -> NewSandbox:
    """The request that the options describe."""
    return NewSandbox(
        name=name, tenant=arguments.tenant, profile=profile_ref(arguments.profile), parameters=parameters(arguments.set),
        region=arguments.region, ttl=seconds(arguments.ttl),
    )  # fmt: skip


def command(arguments: Namespace) -> int:
    """Start or stop."""
    return _each(arguments, [ops.command(arguments.verb, ref) for ref in arguments.sandbox])


def _each(arguments: Namespace, wanted: Sequence[Op[Operation]]) -> int:
    """Ask for one thing, or for several of which some may be refused: those are told, the others go on."""
    connection = connection_of(arguments)
    if len(wanted) == 1:
        return finish(arguments, connection, [connection.call(wanted[0])])
    accepted: list[Operation] = []
    refused: list[Exception] = []
    for op in wanted:
        try:
            accepted.append(connection.call(op))
        except Failed as error:
            refused.append(error)
            say(problem_of(error))
    return finish(arguments, connection, accepted, refused=refused, many=True)


def delete(arguments: Namespace) -> int:
    """Delete, after the names were confirmed."""
    connection = connection_of(arguments)
    found = [connection.call(ops.thing("sandboxes", ref)) for ref in arguments.sandbox]
    for sandbox in found:
        _confirm(sandbox, arguments.confirm)
    return _each(arguments, [ops.command("delete", sandbox.id) for sandbox in found])


def _confirm(sandbox: Sandbox, confirmed: list[str]) -> None:
    wanted = sandbox.name
    if wanted in confirmed or f"{sandbox.tenant}/{wanted}" in confirmed:
        return
    if confirmed:
        raise BadRequest(
            "not_confirmed", f"{', '.join(confirmed)} is not the sandbox's name.", f"It is --confirm {wanted}"
        )
    if not sys.stdin.isatty():
        raise BadRequest("not_confirmed", "Deleting asks for the sandbox's name.", f"Add --confirm {wanted}")
    print(
        f"This deletes {sandbox.tenant}/{wanted} with its disks. Its name, to go on: ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    if sys.stdin.readline().strip() != wanted:
        raise BadRequest("not_confirmed", "That is not its name; nothing was deleted.")


def extend(arguments: Namespace) -> int:
    """Let a sandbox live longer."""
    found = connection_of(arguments).call(ops.extend(arguments.sandbox, seconds(arguments.by) or 0.0))
    print_thing(found, "sandbox", form_of(arguments))
    return OK


def desktop(arguments: Namespace) -> int:
    """A way into the desktop, for whoever has it."""
    found = connection_of(arguments).call(ops.desktop(arguments.sandbox))
    print_thing(found, "desktop", form_of(arguments))
    return OK


# ---- operations
def wait(arguments: Namespace) -> int:
    """Wait for an operation."""
    connection = connection_of(arguments)
    operation = connection.call(ops.thing("operations", arguments.operation))
    return finish(arguments, connection, [operation], timeout=seconds(arguments.timeout))


def cancel(arguments: Namespace) -> int:
    """Cancel; waiting for the end, `cancelled` is what was wanted."""
    connection = connection_of(arguments)
    accepted = connection.call(ops.cancel(arguments.operation))
    code = finish(arguments, connection, [accepted])
    return OK if not arguments.no_wait and _state(connection, accepted.id) == "cancelled" else code


def _state(connection: Connection, operation: str) -> str:
    return str(connection.call(ops.thing("operations", operation)).state)


def retry(arguments: Namespace) -> int:
    """Try again."""
    connection = connection_of(arguments)
    return finish(arguments, connection, [connection.call(ops.retry(arguments.operation, arguments.step))])


def skip(arguments: Namespace) -> int:
    """Go on without a step."""
    connection = connection_of(arguments)
    accepted = connection.call(ops.skip(arguments.operation, arguments.step, arguments.reason))
    return finish(arguments, connection, [accepted])
