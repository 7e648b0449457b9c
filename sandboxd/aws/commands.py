"""What kinds that run scripts on machines have in common: how a command is sent, marked, read and explained. Pure.

A command has no token. Its comment bears our authenticated mark, by which the outcome of a lost call is found.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandboxd.aws.kind import Ask, Explain, Item, Parameters, Questions, Seen, Why

DOCUMENT = "AWS-RunShellScript"
MAC = "sandboxd:mac"
COMMENT = 100
"""characters that AWS allows"""
GOES_ON = ("Pending", "InProgress", "Delayed", "Cancelling")
DELIVERY = 600
"""seconds in which an agent must take a command; after that it is sure that it never will"""


def machine_of(ask: Ask) -> str:
    """Return the machine that a command is for, as facts, the committed call or the ground say it."""
    sent = ask.sent.get("InstanceIds") or [""]
    return ask.facts.get("machine") or str(sent[0]) or ask.id_of("machine")


def mark(ask: Ask, verb: str = "") -> str:
    """Return the comment of a command: which resource, which of its lives, and a MAC over both."""
    mac = ask.tags.get(MAC, "")
    said = " ".join(filter(None, ("sandboxd", verb, f"{ask.node.key}#{ask.generation}")))
    return f"{said[: COMMENT - len(mac) - 1]} {mac}"


def send(ask: Ask, script: str, *, seconds: int, verb: str = "", delivery: int = DELIVERY) -> Parameters:
    """Return the parameters of SendCommand."""
    return {
        "DocumentName": DOCUMENT,
        "InstanceIds": [machine_of(ask)],
        "Comment": mark(ask, verb),
        "TimeoutSeconds": delivery,
        "Parameters": {"commands": script.split("\n"), "executionTimeout": [str(seconds)]},
    }


def sent(answer: Item, ask: Ask) -> Seen:
    """Return what the reply to SendCommand says."""
    return Seen(text="sent", facts={"id": answer["Command"]["CommandId"], "machine": machine_of(ask)})


def run_of(ask: Ask, identifier: str) -> tuple[str, Parameters]:
    """Return the question for one run."""
    return "GetCommandInvocation", {"CommandId": identifier, "InstanceId": machine_of(ask)}


def since(at: Any) -> list[Parameters]:
    """Return the filter of a listing for what was sent from a moment on."""
    moment = at if isinstance(at, datetime) else datetime.fromtimestamp(float(at or 0), UTC)
    return [{"key": "InvokedAfter", "value": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}]


def marked(items: Any, comment: str) -> list[Item]:
    """Return the commands with a comment, the newest first."""
    return [one for one in items or () if one.get("Comment") == comment]


def ended(run: Item, ask: Ask, what: str) -> Seen:
    """Return what a run that is over, and did not succeed, says; its own output is not told, it may hold anything."""
    facts = {"id": run["CommandId"], "machine": run["InstanceId"]}
    status, detail = run["Status"], run.get("StatusDetails") or run["Status"]
    name = ask.node.kind
    if status == "Failed" and run.get("ResponseCode", -1) >= 0:
        words = f"{what} ended with exit code {run['ResponseCode']}"
        return Seen(text=detail, failed=f"{name}_failed", reason=words, lasting=True, facts=facts)
    if detail.replace(" ", "") == "ExecutionTimedOut":
        words = f"{what} did not end in time, and was ended"
        return Seen(text=detail, failed=f"{name}_timed_out", reason=words, lasting=True, facts=facts)
    words = f"{what} was never carried out ({detail})"
    return Seen(text=detail, failed=f"{name}_undelivered", reason=words, facts=facts)


# ---- what InvalidInstanceId means
def _questions(ask: Ask) -> Questions:
    machine = machine_of(ask)
    yield "ec2:DescribeInstances", {"Filters": [{"Name": "instance-id", "Values": [machine]}]}
    yield "DescribeInstanceInformation", {"Filters": [{"Key": "InstanceIds", "Values": [machine]}]}


def _why(answers: Mapping[str, Item], ask: Ask) -> Why:
    machine = machine_of(ask)
    found = [one for outer in answers["ec2:DescribeInstances"].get("Reservations") or () for one in outer["Instances"]]
    if not found:
        return Why(f"the machine {machine} is not in account {ask.account}, or not visible yet", waits=True)
    state = found[0]["State"]["Name"]
    if state != "running":
        return Why(f"the machine {machine} is {state}", waits=state == "pending")
    if not found[0].get("IamInstanceProfile"):
        return Why(f"the machine {machine} has no instance profile, so its agent is not let in", waits=False)
    listed = answers["DescribeInstanceInformation"].get("InstanceInformationList") or ()
    if not listed:
        return Why(
            f"the agent of {machine} has not registered since the boot at {found[0]['LaunchTime']:%H:%M:%S} UTC",
            waits=True,
        )
    if listed[0]["LastPingDateTime"] < found[0]["LaunchTime"]:
        return Why(
            f"the agent of {machine} is shown as it was before the boot at {found[0]['LaunchTime']:%H:%M:%S} UTC",
            waits=True,
        )
    return Why(f"the agent of {machine} is {listed[0]['PingStatus']}, and AWS refuses commands for it", waits=True)


EXPLAIN = Explain(codes=frozenset({"InvalidInstanceId"}), questions=_questions, judge=_why)
"""one code for five things"""
MISSING = frozenset({"InvocationDoesNotExist", "InvalidCommandId"})
