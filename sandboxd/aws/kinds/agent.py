"""The agent of a machine, truly ready: registered since this boot, online, and a command comes back. It lives as long as the boot.

Nothing is called to make it; it comes by itself. `Online` may be minutes old, so an echo is sent and must return. An agent
that is silent although the machine has a way out sleeps: one reboot wakes it, and nothing runs on the machine before.
"""

from collections.abc import Mapping
from typing import Any

from sandboxd.aws import scripts
from sandboxd.aws.commands import machine_of, mark, marked, send, since
from sandboxd.aws.kind import Ask, Item, Kind, Move, Nudge, Parameters, Questions, Reading, Seen
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

ONLINE = 1
SILENCE = 600.0
"""seconds after which an agent is woken; usual are one to three minutes"""
ECHO = 60
"""seconds in which an echo must be taken and answered"""
SPEC = KindSpec(
    name="agent", states=("absent", "online"), roles=(Role("machine", 2),), turns=True, up={ONLINE: Usual(95, 125)}
)
_MACHINES, _AGENTS, _ECHOES = "ec2:DescribeInstances", "DescribeInstanceInformation", "ListCommandInvocations"


def _machine(ask: Ask) -> Parameters:
    return {"InstanceIds": [machine_of(ask)]}


def _questions(ask: Ask) -> Questions:
    machine = machine_of(ask)
    found = yield _MACHINES, {"Filters": [{"Name": "instance-id", "Values": [machine]}]}
    listed = yield _AGENTS, {"Filters": [{"Key": "InstanceIds", "Values": [machine]}]}
    about, agent = _one(found), _first(listed, "InstanceInformationList")
    if _waits_for(about, agent):
        return
    # seconds: the listing of commands knows no finer moment
    answer = yield _ECHOES, {"InstanceId": machine, "Filters": since(about["LaunchTime"])}
    echoes = marked(answer.get("CommandInvocations"), mark(ask, "echo"))
    if ask.sent and not any(one["Status"] in ("Success", "Pending", "InProgress", "Delayed") for one in echoes):
        yield "SendCommand", send(ask, scripts.echo("ready"), seconds=ECHO, verb="echo", delivery=ECHO)


def _one(answer: Item) -> Item:
    return next((one for outer in answer.get("Reservations") or () for one in outer["Instances"]), {})


def _first(answer: Item, member: str) -> Item:
    found: Any = answer.get(member)
    return found[0] if found else {}


def _waits_for(machine: Item, agent: Item) -> str:
    """What is missing before an echo makes sense."""
    if not machine:
        return "the machine is not visible yet"
    if (state := machine["State"]["Name"]) != "running":
        return f"the machine is {state}"
    if not agent:
        return "the agent has not registered yet"
    if agent["LastPingDateTime"] < machine["LaunchTime"].replace(microsecond=0):
        return "the agent is shown as it was before this boot"
    return "" if agent["PingStatus"] == "Online" else f"the agent is {agent['PingStatus']}"


def judge(answers: Mapping[str, Item], ask: Ask) -> Seen:
    """Ready when its echo has returned since this boot."""
    facts = {"id": machine_of(ask), "machine": machine_of(ask)}
    missing = _waits_for(_one(answers[_MACHINES]), _first(answers[_AGENTS], "InstanceInformationList"))
    if missing:
        return Seen(text=missing, facts=facts)
    echoes = marked(answers[_ECHOES].get("CommandInvocations"), mark(ask, "echo"))
    if any(one["Status"] == "Success" for one in echoes):
        return Seen(state=ONLINE, text="online", facts=facts)
    return Seen(text="online, waiting for its echo", facts=facts)


KIND = Kind(
    spec=SPEC,
    service="ssm",
    reading=Reading(operation=_AGENTS, member="InstanceInformationList", identity="InstanceId", id_filter=""),
    questions=_questions,
    missing=frozenset({"InvalidInstanceId"}),
    tagged=False,
    watched=False,
    judge=judge,
    moves={
        ("raise", ONLINE): Move(
            operation="",
            parameters=_machine,
            nudge=Nudge(after=SILENCE, service="ec2", operation="RebootInstances", parameters=_machine),
        ),
        ("lower", 0): Move(operation=""),
    },
)
