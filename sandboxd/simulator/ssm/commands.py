"""Commands: sent without a token, accepted only for an agent that is registered, and run by the guest.

What the guest does is begun with the call; the row's timeline says when it is delivered and how it ends. One machine a
command: who sends to several sends several.
"""

import random
import uuid
from typing import Any

from sandboxd.simulator import guest
from sandboxd.simulator.calls import Request
from sandboxd.simulator.consistency import NEVER
from sandboxd.simulator.durations import draw
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.ssm.agents import listens
from sandboxd.simulator.ssm.command_shapes import command
from sandboxd.simulator.world import World

DOCUMENT = "AWS-RunShellScript"
LONGEST = 3600.0
"""seconds for delivery, and for execution, unless a command says otherwise"""
COMMENT = 100
SHORTEST_DELIVERY = 30
OVER = ("Success", "Failed", "Cancelled", "Cancelling", "DeliveryTimedOut", "ExecutionTimedOut", "Undeliverable")


def send_command(world: World, q: Request) -> dict[str, Any]:
    machine = _machine(world, q)
    given = _given(q)
    stream = random.Random(
        f"{world.rows.seed} {machine.id} {q.now} {len(world.rows.of(q.account, q.region, 'command'))}"
    )
    row = world.rows.make("command", q.account, q.region, q.now, str(uuid.UUID(int=stream.getrandbits(128), version=4)))
    world.rows.refer(row, machine=machine.id)
    row.data = given | {
        "ip": machine.data["ip"],
        "shown_at": q.now + draw(stream, "command.listed"),
        "code": -1,
        "output": "",
        "error": "",
    }
    delivered = draw(stream, "command.deliver")
    row.data["times_out"] = q.now + given["delivery"] + given["execution"]
    if listens(world, machine, q.now):
        _run(world, q, row, machine, delivered)
    else:
        row.goes(q.now, (0, "Pending"), (given["delivery"], "DeliveryTimedOut"), (guest.KEPT, "deleted"))
        q.made(row.id)
    return {"Command": command(row, q.now)}


def _machine(world: World, q: Request) -> Row:
    """The machine that a command is for; one code for whatever is wrong with it."""
    ids = list(q.parameters.get("InstanceIds") or [])
    if len(ids) != 1:
        raise ApiError("UnsupportedOperation", "The simulator sends a command to one machine, named by InstanceIds.")
    row = world.rows.find(ids[0])
    known = row is not None and (row.kind, row.account, row.region) == ("machine", q.account, q.region)
    if row is None or not known or row.state(q.now) != "running" or q.now < row.data["agent_at"]:
        words = f"Instances [[{ids[0]}]] not in a valid state for account {q.account}"
        raise ApiError("InvalidInstanceId", words)
    return row


def _given(q: Request) -> dict[str, Any]:
    """What a command says, as it is listed again: parameters are no place for secrets."""
    name, said = q.parameters["DocumentName"], q.parameters.get("Parameters") or {}
    if name != DOCUMENT:
        raise ApiError("InvalidDocument", f"Document with name {name} does not exist.")
    comment, delivery = str(q.parameters.get("Comment", "")), float(q.parameters.get("TimeoutSeconds", LONGEST))
    if len(comment) > COMMENT:
        raise _invalid("comment", comment, f"Member must have length less than or equal to {COMMENT}")
    if delivery < SHORTEST_DELIVERY:
        raise _invalid(
            "timeoutSeconds", delivery, f"Member must have value greater than or equal to {SHORTEST_DELIVERY}"
        )
    if not {*said} <= {"commands", "executionTimeout", "workingDirectory"} or not said.get("commands"):
        raise ApiError("InvalidParameters", "")
    execution = float((said.get("executionTimeout") or [LONGEST])[0])
    return {
        "comment": comment,
        "parameters": {name: list(values) for name, values in said.items()},
        "delivery": delivery,
        "execution": execution,
    }


def _invalid(member: str, value: Any, words: str) -> ApiError:
    said = f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {words}"
    return ApiError("ValidationException", said)


def _run(world: World, q: Request, row: Row, machine: Row, delivered: float) -> None:
    script = "\n".join(row.data["parameters"]["commands"])
    work = guest.run(world, machine, script, q.now + delivered, row.id)
    longest = row.data["execution"]
    end, seconds = "Success" if work.code == 0 else "Failed", work.seconds
    if seconds > longest:
        end, seconds = "ExecutionTimedOut", longest
        guest.kill(machine, q.now + delivered + longest, row.id)
    row.data |= {"code": work.code, "output": work.output, "error": work.error, "began": q.now + delivered}
    row.data["ended"] = q.now + delivered + seconds
    row.goes(q.now, (0, "Pending"), (delivered, "InProgress"), (delivered + seconds, end), (guest.KEPT, "deleted"))
    q.made(row.id, delivered + (seconds if work.seconds < NEVER else 0.0))


def cancel_command(world: World, q: Request) -> dict[str, Any]:
    """An attempt to end it; what is over stays as it is."""
    row = world.rows.find(q.parameters["CommandId"])
    if row is None or (row.kind, row.account, row.region) != ("command", q.account, q.region):
        raise ApiError("InvalidCommandId", "")
    named = q.parameters.get("InstanceIds") or [row.refs["machine"]]
    if named != [row.refs["machine"]]:
        raise ApiError("InvalidInstanceId", "")
    if row.state(q.now) not in OVER:
        stream = random.Random(f"{row.id} cancelled {q.now}")
        after = draw(stream, "command.cancel")
        row.goes(q.now, (0, "Cancelling"), (after, "Cancelled"), (guest.KEPT, "deleted"))
        row.data |= {"code": -1, "ended": q.now + after}
        if (machine := world.rows.find(row.refs["machine"])) is not None:
            guest.kill(machine, q.now, row.id)
        q.unmade(row.id, after)
    return {}


OPERATIONS = {"SendCommand": send_command, "CancelCommand": cancel_command}
