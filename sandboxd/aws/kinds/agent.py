"""The agent of a machine, truly ready: registered since this boot, online, and a command comes back. It lives as long as the boot.

It registers by itself, and one describe tells it of all machines of a region. `Online` may be minutes old, so an echo is
sent and must return. An agent that is silent although the machine has a way out sleeps: one reboot wakes it, and nothing
runs on the machine before.
"""

from collections.abc import Mapping
from datetime import datetime

from sandboxd.aws import scripts
from sandboxd.aws.commands import EXPLAIN, GOES_ON, MISSING, machine_of, run_of, send
from sandboxd.aws.kind import Ask, Explain, Item, Kind, Move, Nudge, Parameters, Questions, Reading, Seen, Why
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Edge, Usual

REGISTERED, ONLINE = 1, 2
SILENCE = 600.0
"""seconds after which an agent is woken; usual are one to three minutes"""
ECHO = 60
"""seconds in which an echo must be taken and answered"""
SPEC = KindSpec(
    name="agent",
    states=("absent", "registered", "online"),
    roles=(Role("machine", 2),),
    edges=(Edge(ONLINE, 0, 0),),
    turns=True,
    up={REGISTERED: Usual(90, 114), ONLINE: Usual(3, 5)},
)
_RUN, _SEND = "GetCommandInvocation", "SendCommand"


def _machine(ask: Ask) -> Parameters:
    return {"InstanceIds": [machine_of(ask)]}


def _boot(ask: Ask) -> Parameters:
    """Which boot counts: pings that are older are of a former one."""
    return {**_machine(ask), "Boot": next((facts.get("boot", "") for facts in ask.ground.get("machine", ())), "")}


def _facts(ask: Ask) -> dict[str, str]:
    return {"id": machine_of(ask), "machine": machine_of(ask)}


def _echo(ask: Ask) -> Parameters:
    return send(ask, scripts.echo("ready"), seconds=ECHO, verb="echo", delivery=ECHO)


def _sent(answer: Item, ask: Ask) -> Seen:
    return Seen(text="online, waiting for its echo", facts=_facts(ask) | {"echo": answer["Command"]["CommandId"]})


def _questions(ask: Ask) -> Questions | None:
    """Until an echo is sent, the describe of all agents says everything."""
    return _echoed(ask, ask.facts["echo"]) if ask.facts.get("echo") else None


def _echoed(ask: Ask, echo: str) -> Questions:
    run = yield run_of(ask, echo)
    if ask.sent and run["Status"] not in ("Success", *GOES_ON):
        yield _SEND, _echo(ask)


def judge(item: Item, ask: Ask) -> Seen | None:
    """Registered by a ping of this boot; online when its echo has returned."""
    if _SEND in item:
        return _sent(item[_SEND], ask)
    if _RUN in item:
        state = ONLINE if item[_RUN]["Status"] == "Success" else None
        return Seen(state=state, text="online, waiting for its echo" if state is None else "online", facts=_facts(ask))
    return _registered(item, ask) if item else None


def _registered(agent: Item, ask: Ask) -> Seen:
    boot = str(ask.sent.get("Boot") or "")
    # pings are told in whole seconds
    if boot and agent["LastPingDateTime"] < datetime.fromisoformat(boot).replace(microsecond=0):
        return Seen(text="the agent is shown as it was before this boot", facts=_facts(ask))
    if agent["PingStatus"] != "Online":
        return Seen(text=f"the agent is {agent['PingStatus']}", facts=_facts(ask))
    return Seen(state=REGISTERED, text="registered", facts=_facts(ask))


def _why(answers: Mapping[str, Item], ask: Ask) -> Why:
    """What keeps it from an echo may pass, whatever it is: the machine is somebody else's business."""
    return EXPLAIN.judge(answers, ask)._replace(waits=True)


_WAKE = Nudge(after=SILENCE, service="ec2", operation="RebootInstances", parameters=_machine)
KIND = Kind(
    spec=SPEC,
    service="ssm",
    reading=Reading(
        operation="DescribeInstanceInformation",
        member="InstanceInformationList",
        identity="InstanceId",
        id_filter="InstanceIds",
        filter_name="Key",
    ),
    questions=_questions,
    unlisted=Seen(text="the agent has not registered yet"),
    missing=MISSING,
    tagged=False,
    watched=False,
    judge=judge,
    least=20.0,
    moves={
        ("raise", REGISTERED): Move(
            operation="", parameters=_boot, accepted=lambda _, ask: Seen(facts=_facts(ask)), nudge=_WAKE
        ),
        ("raise", ONLINE): Move(
            operation=_SEND,
            parameters=_echo,
            accepted=_sent,
            explain=Explain(codes=EXPLAIN.codes, questions=EXPLAIN.questions, judge=_why),
            nudge=_WAKE,
        ),
        ("lower", REGISTERED): Move(operation=""),
        ("lower", 0): Move(operation=""),
    },
)
