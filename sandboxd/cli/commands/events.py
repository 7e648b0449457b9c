"""What happened, and what happens: history from the store, then the stream, resumed where it was."""

import json
import time
from argparse import Namespace

from sandboxd.cli.main import OK
from sandboxd.cli.output import form_of, narrate, plain
from sandboxd.cli.words import connection_of
from sandboxd.client.errors import DaemonDown
from sandboxd.client.ops import Items, Op
from sandboxd.client.sse import Beat, Reset
from sandboxd.client.stdlib import Connection
from sandboxd.wire.text import safe_text
from sandboxd.wire.things import Event

PAUSE = 0.5


def events(arguments: Namespace) -> int:
    """History, and with --follow the stream from its end on."""
    connection, form = connection_of(arguments), form_of(arguments)
    if arguments.follow and not arguments.after:
        _follow(connection, "", form)
        return OK
    found = _history(connection, arguments.after, arguments.limit)
    if form == "json" and not arguments.follow:
        print(json.dumps([plain(event) for event in found], indent=2))
        return OK
    for event in found:
        _print(event, form)
    if arguments.follow:
        _follow(connection, found[-1].id if found else arguments.after, form)
    return OK


def watch(arguments: Namespace) -> int:
    """The stream, one line each."""
    _follow(connection_of(arguments), "", "table")
    return OK


def _history(connection: Connection, after: str | None, limit: int) -> list[Event]:
    path = f"/v1/events?limit={limit}" + (f"&after={after}" if after else "")
    body = connection.raw("GET", path, headers={"Accept": "application/json"}, again=True)
    items: Items[Event] = Op(method="GET", path=path, result=Items[Event]).decode(body)
    return items.items


def _follow(connection: Connection, last_id: str, form: str) -> None:
    """For ever; a lost stream is taken up where it was."""
    lost = False
    while True:
        try:
            for one in connection.events(last_id):
                if lost:
                    narrate("The daemon answers again.")
                    lost = False
                if isinstance(one, Reset):
                    narrate("Some events were missed: the daemon cannot continue from there.")
                elif not isinstance(one, Beat):
                    last_id = one.id
                    _print(one, form)
        except DaemonDown as error:
            if not last_id and not lost:
                raise
            if not lost:
                narrate(f"{error}; waiting for it.")
            lost = True
            time.sleep(PAUSE)


def _print(event: Event, form: str) -> None:
    if form in ("json", "jsonl"):
        print(json.dumps(plain(event)), flush=True)
    elif form == "name":
        print(safe_text(event.id), flush=True)
    else:
        print(f"{safe_text(event.at)}  {safe_text(event.type):<26} {safe_text(event.message)}", flush=True)
