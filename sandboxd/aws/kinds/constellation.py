"""A constellation on the OpenShift machine: installed by one command that runs for minutes. What it makes lies on the machine's disk.

No second run, whatever happens: a lost call is looked for by the mark in its comment, and a lock and a marker file on the
machine make a command that comes twice wait for the first, or do nothing. Values stand in the command, secrets never do:
the machine fetches them by name. One that hangs is ended by the agent before the step's own deadline, so that a retry
begins anew. Turned round or given up, the command is cancelled.
"""

from collections.abc import Mapping
from typing import Any

from sandboxd.aws import scripts
from sandboxd.aws.commands import (
    EXPLAIN,
    GOES_ON,
    MISSING,
    ended,
    machine_of,
    mark,
    marked,
    run_of,
    send,
    sent,
    since,
)
from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen, deleted
from sandboxd.model.keys import parts
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import MADE_AT, Usual

INSTALLED = 1
DEADLINE = 2820
"""seconds after which the agent ends a run, where a blueprint of an older version does not say it"""
COMMAND = '/opt/avaloq/installer/install.sh "$CONSTELLATION" "$VALUES"'
"""assumed: no public document shows how the installer is called; the profile says it"""
TAIL = 30
EVERY, BRIEF = 30.0, 8.0
SPEC = KindSpec(
    name="constellation",
    states=("absent", "installed"),
    roles=(
        Role("machine", 1),
        Role("agent", 2, entry=True),
        Role("secrets", 1, entry=True),
        Role("share", 1, entry=True),
        Role("peers", 1, entry=True),
    ),
    turns=True,
    free=True,
    skippable=True,
    up={INSTALLED: Usual(720, 800)},
    down={INSTALLED: Usual(0.5, 1)},
)
_RUN, _TAILS = "GetCommandInvocation", "ListCommandInvocations"


def _name(ask: Ask) -> str:
    return str(ask.parameter("constellation", ask.parameter("name", "")))


def _install(ask: Ask) -> Parameters:
    values: dict[str, Any] = ask.parameter("values", {})
    addresses = [facts.get("address", "") for facts in ask.ground.get("peers", ())]
    plain, secret = dict[str, str](), dict[str, str]()
    for key, value in values.items():
        match value:
            case {"secret": path}:
                secret[key] = str(path)
            case {"address": peer}:
                plain[key] = addresses[peer]
            case _:
                plain[key] = str(value)
    command = str(ask.parameter("command", COMMAND))
    script = scripts.install(_name(ask), command, plain, secret, parts(ask.node.key).region)
    return send(ask, script, seconds=int(ask.parameter("deadline", DEADLINE)))


def _questions(ask: Ask) -> Questions:
    identifier = ask.id
    if not identifier:
        listed = yield "ListCommands", {"InstanceId": machine_of(ask)}
        identifier = marked(listed.get("Commands"), mark(ask))[-1]["CommandId"]
    run = yield run_of(ask, identifier)
    if run["Status"] != "InProgress" or not ask.sent or ask.brief:
        return
    asked = {"InstanceId": machine_of(ask), "Details": True, "Filters": since(ask.facts.get(MADE_AT))}
    answer = yield _TAILS, asked
    tails = marked(answer.get("CommandInvocations"), mark(ask, "tail"))
    if not any(one["Status"] in GOES_ON for one in tails):
        yield "SendCommand", send(ask, scripts.tail(_name(ask)), seconds=TAIL, verb="tail", delivery=2 * TAIL)


def judge(answers: Mapping[str, Item], ask: Ask) -> Seen:
    """Installed when the command has succeeded; meanwhile the last line of its log is the progress."""
    run = answers[_RUN]
    facts = {"id": run["CommandId"], "machine": run["InstanceId"]}
    if run["Status"] == "Success":
        return Seen(state=INSTALLED, text="installed", facts=facts)
    if run["Status"] in GOES_ON:
        return Seen(text=_progress(answers, ask) or run["Status"].lower(), facts=facts)
    return ended(run, ask, f"the installer of {_name(ask)}")


def _progress(answers: Mapping[str, Item], ask: Ask) -> str:
    for one in marked(answers.get(_TAILS, {}).get("CommandInvocations"), mark(ask, "tail")):
        for plugin in one.get("CommandPlugins") or ():
            if one["Status"] == "Success" and (text := (plugin.get("Output") or "").strip()):
                return f"{_name(ask)}: {text.splitlines()[-1][:200]}"
    return ""


KIND = Kind(
    spec=SPEC,
    service="ssm",
    reading=Reading(operation=_RUN, member="CommandId", identity="CommandId", id_filter=""),
    questions=_questions,
    missing=MISSING,
    tagged=False,
    watched=False,
    judge=judge,
    every=EVERY,
    brief=BRIEF,
    moves={
        ("raise", INSTALLED): Move(
            operation="SendCommand", parameters=_install, accepted=sent, resolves="comment", explain=EXPLAIN, ends=True
        ),
        ("lower", 0): Move(
            operation="CancelCommand",
            parameters=lambda ask: {"CommandId": ask.id},
            accepted=deleted,
            gone=frozenset({"InvalidCommandId", "InvalidInstanceId"}),
        ),
    },
)
