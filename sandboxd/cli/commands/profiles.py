"""Profiles: listed and shown by the daemon, checked and described without it."""

from argparse import Namespace
from pathlib import Path

from sandboxd.cli.main import OK
from sandboxd.cli.output import form_of, narrate, print_list, print_thing
from sandboxd.cli.words import connection_of
from sandboxd.client import ops
from sandboxd.model.errors import BadRequest, NotFound


def listing(arguments: Namespace) -> int:
    """All profiles."""
    print_list(connection_of(arguments).call(ops.listing("profiles")).items, "profile", form_of(arguments))
    return OK


def show(arguments: Namespace) -> int:
    """One profile."""
    found = {one.name: one for one in connection_of(arguments).call(ops.listing("profiles")).items}
    if arguments.ref not in found:
        raise NotFound(
            "profile_not_found", f"There is no profile {arguments.ref!r}.", f"There are: {', '.join(found)}."
        )
    print_thing(found[arguments.ref], "profile", form_of(arguments))
    return OK


def check(arguments: Namespace) -> int:
    """A profile's file, with every mistake at once."""
    from sandboxd.profile import load_file
    from sandboxd.toml import TomlError

    try:
        profile = load_file(Path(arguments.file))
    except TomlError as error:
        raise BadRequest("profile_invalid", str(error)) from error
    narrate(f"{arguments.file}: profile {profile.name}, {len(profile.machines)} machines: nothing is wrong")
    return OK


def schema(_: Namespace) -> int:
    """The JSON Schema."""
    from sandboxd.profile.schema import schema as made

    print(made(), end="")
    return OK
