"""Short scripts on machines, through Systems Manager: sent once, then read until they have come to an end.

Whoever sends one sees to it that a second delivery changes nothing: SendCommand has no token.
"""

from msgspec import Struct

from sandboxd.engine.send import send
from sandboxd.model.ports import AwsError, Call, Clock, Scope

DOCUMENT = "AWS-RunShellScript"
DELIVERY = 60
"""seconds that Systems Manager tries to reach the agent"""
FIRST, LONGEST = 4.0, 8.0
"""seconds between the sending and the first look, and most between two looks"""
UNSEEN = 120.0
"""seconds for which a command that was accepted may not be shown yet"""
GOING_ON = ("Pending", "InProgress", "Delayed", "Cancelling")


class Printed(Struct, frozen=True):
    """How a script ended."""

    status: str
    """AWS's word"""
    code: int
    text: str


async def run_script(
    call: Call, clock: Clock, scope: Scope, machine: str, script: str, *, comment: str, most: int, timeout: float
) -> Printed:
    """Run a script on a machine, for `most` seconds; raise AwsError. `timeout` is that of a call, in real seconds."""
    asked = {
        "InstanceIds": [machine],
        "DocumentName": DOCUMENT,
        "Comment": comment[:100],
        "TimeoutSeconds": DELIVERY,
        "Parameters": {"commands": [script], "executionTimeout": [str(most)]},
    }
    answer = await send(call, scope, "ssm", "SendCommand", asked, timeout)
    try:
        which = {"CommandId": answer["Command"]["CommandId"], "InstanceId": machine}
    except (KeyError, TypeError):
        raise AwsError("unknown", "Unparsable", "the answer to SendCommand names no command") from None
    return await _ended(call, clock, scope, which, clock.now() + DELIVERY + most)


async def _ended(call: Call, clock: Clock, scope: Scope, which: dict[str, str], until: float) -> Printed:
    pause, unseen = FIRST, clock.now() + UNSEEN
    while True:
        await clock.sleep(pause)
        pause = min(LONGEST, 1.5 * pause)
        try:
            seen = await call(scope, "ssm", "GetCommandInvocation", which)
        except AwsError as error:
            if error.code != "InvocationDoesNotExist" or clock.now() >= unseen:
                raise
            continue
        status = str(seen.get("Status", ""))
        if status not in GOING_ON:
            return Printed(status, int(seen.get("ResponseCode", -1)), str(seen.get("StandardOutputContent", "")))
        if clock.now() >= until:
            raise AwsError("unknown", "Timeout", f"the command {which['CommandId']} is still {status}")
