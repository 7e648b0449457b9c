"""Who is calling, and sessions in member accounts."""

from datetime import UTC, datetime
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.members import state_of
from sandboxd.simulator.world import World
from sandboxd.simulator.young import lets_in

ROLE = "OrganizationAccountAccessRole"
SESSION = 3600.0
_SHORTEST = 900.0
_LONGEST = 12 * 3600.0


def get_caller_identity(_: World, q: Request) -> dict[str, Any]:
    return {"UserId": q.caller.user_id, "Account": q.account, "Arn": q.caller.arn}


def assume_role(world: World, q: Request) -> dict[str, Any]:
    arn, name = q.parameters["RoleArn"], q.parameters["RoleSessionName"]
    account, _, role = arn.removeprefix("arn:aws:iam::").partition(":role/")
    member = world.organization["accounts"].get(account)
    allowed = q.account == world.organization["management"] and role == ROLE
    ready = member is not None and state_of(member, q.now) == "ACTIVE" and lets_in(member, q.now)
    if not allowed or not ready or account == q.account:
        words = f"User: {q.caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise ApiError("AccessDenied", words, 403)
    seconds = float(q.parameters.get("DurationSeconds", SESSION))
    if not _SHORTEST <= seconds <= _LONGEST:
        words = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise ApiError("ValidationError", words)
    key = "ASIA" + world.rows.hex(16).upper()
    role_id = "AROA" + account + "ABCDE"
    world.sessions[key] = (account, f"arn:aws:sts::{account}:assumed-role/{role}/{name}", q.now + seconds)
    return {
        "Credentials": {
            "AccessKeyId": key, "SecretAccessKey": world.rows.hex(40), "SessionToken": world.rows.hex(200),
            "Expiration": datetime.fromtimestamp(int(q.now + seconds), UTC),
        },
        "AssumedRoleUser": {"AssumedRoleId": f"{role_id}:{name}", "Arn": world.sessions[key][1]},
    }  # fmt: skip


OPERATIONS = {"GetCallerIdentity": get_caller_identity, "AssumeRole": assume_role}
