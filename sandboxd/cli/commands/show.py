"""Reads: lists, single things, reasons."""

from argparse import Namespace

from sandboxd.cli.main import OK
from sandboxd.cli.output import cell, form_of, narrate, print_list, print_thing
from sandboxd.cli.words import connection_of
from sandboxd.client import ops
from sandboxd.wire.text import safe_text

_PLURALS = {"tenant": "tenants", "account": "accounts", "sandbox": "sandboxes", "operation": "operations"}


def listing(arguments: Namespace) -> int:
    """All things of a kind that match."""
    connection, after = connection_of(arguments), None
    items = []
    while True:
        page = connection.call(ops.listing(_PLURALS[arguments.kind], filter_=arguments.filter, after=after, limit=500))
        items += page.items
        if (after := page.next) is None:
            break
    print_list(items, arguments.kind, form_of(arguments))
    if not items and form_of(arguments) in ("table", "wide"):
        narrate(f"There is no {arguments.kind}{' that matches' if arguments.filter else ' yet'}.")
    return OK


def thing(arguments: Namespace) -> int:
    """One thing."""
    found = connection_of(arguments).call(ops.thing(_PLURALS[arguments.kind], arguments.ref))
    print_thing(found, arguments.kind, form_of(arguments))
    return OK


def ingress(arguments: Namespace) -> int:
    """The Envoy configuration of an account: a line for each machine and each route."""
    found = connection_of(arguments).call(ops.ingress(arguments.ref))
    print_thing(found, "ingress", form_of(arguments))
    if not found.machines and form_of(arguments) == "table":
        narrate("There is no ingress in this account now: it is there while a sandbox that needs it is started.")
    return OK


def pool(arguments: Namespace) -> int:
    """The pool."""
    print_thing(connection_of(arguments).call(ops.pool()), "pool", form_of(arguments))
    return OK


def credential(arguments: Namespace) -> int:
    """One secret: the value alone, so that it can be piped, or a form for programs."""
    found = connection_of(arguments).call(ops.credential(arguments.sandbox, arguments.name))
    if form_of(arguments) in ("table", "wide"):
        print(safe_text(found.value, limit=10_000))
    else:
        print_thing(found, "credential", form_of(arguments))
    return OK


def why(arguments: Namespace) -> int:
    """A chain of reasons."""
    found = connection_of(arguments).call(ops.why(arguments.ref))
    if form_of(arguments) != "table":
        print_thing(found, "why", form_of(arguments))
        return OK
    print(f"{safe_text(found.subject)}: {safe_text(found.answer)}")
    for depth, link in enumerate(found.chain):
        usual = f" (usually {link.usual:.0f} s)" if link.usual else ""
        again = f" (again at {safe_text(link.next_attempt_at)})" if link.next_attempt_at else ""
        print(f"{'  ' * depth}└ {safe_text(link.subject)}: {cell(link.text)}{usual}{again}")
    return OK
