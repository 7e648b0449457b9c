"""What a command and its run on a machine look like in each of their states, as recorded at AWS."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sandboxd.simulator.ec2.shapes import private_dns
from sandboxd.simulator.rows import Row

Shape = dict[str, Any]
STATUS = {"DeliveryTimedOut": "TimedOut", "ExecutionTimedOut": "TimedOut", "Undeliverable": "Failed"}
"""detail -> status, where they differ"""
ENDED = ("Success", "Failed", "Cancelled", "ExecutionTimedOut")
NEVER_RAN = ("Pending", "DeliveryTimedOut", "Undeliverable")
MOST, MOST_LISTED = 24_000, 2_500
"""characters of output: of one run, and of a run in a list"""
TRUNCATED = "\n---Output truncated---"
PLUGIN = "aws:runShellScript"
_NOWHERE: Shape = {"CloudWatchLogGroupName": "", "CloudWatchOutputEnabled": False}


def _nobody() -> Shape:
    return {"NotificationArn": "", "NotificationEvents": [], "NotificationType": ""}


def status(row: Row, now: float) -> Shape:
    """Status and its details."""
    state = row.state(now)
    return {"Status": STATUS.get(state, state), "StatusDetails": state}


@lru_cache(4096)
def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(round(at, 3), UTC)


def command(row: Row, now: float) -> Shape:
    """One command."""
    data, state = row.data, row.state(now)
    over = state not in ("Pending", "InProgress", "Cancelling")
    return {
        "CommandId": row.id, "DocumentName": "AWS-RunShellScript", "DocumentVersion": "$DEFAULT", "Comment": data["comment"],
        "ExpiresAfter": _moment(data["times_out"]), "Parameters": {name: list(values) for name, values in data["parameters"].items()},
        "InstanceIds": [row.refs["machine"]], "Targets": [], "RequestedDateTime": _moment(row.created), **status(row, now),
        "OutputS3Region": row.region, "OutputS3BucketName": "", "OutputS3KeyPrefix": "", "MaxConcurrency": "50",
        "MaxErrors": "0", "TargetCount": 1, "CompletedCount": int(over),
        "ErrorCount": int(state in ("Failed", "Undeliverable", "ExecutionTimedOut")),
        "DeliveryTimedOutCount": int(state == "DeliveryTimedOut"), "ServiceRole": "", "NotificationConfig": _nobody(),
        "CloudWatchOutputConfig": dict(_NOWHERE), "TimeoutSeconds": int(data["delivery"]),
    }  # fmt: skip


def run(row: Row, now: float) -> Shape:
    """What GetCommandInvocation answers: nothing of the output before the end."""
    data, state = row.data, row.state(now)
    ran, ended = state not in NEVER_RAN and "began" in data, state in ENDED and "began" in data
    return {
        "CommandId": row.id, "InstanceId": row.refs["machine"], "Comment": data["comment"],
        "DocumentName": "AWS-RunShellScript", "DocumentVersion": "$DEFAULT", "PluginName": PLUGIN,
        "ResponseCode": data["code"] if state in ("Success", "Failed") else -1,
        "ExecutionStartDateTime": _text(data["began"]) if ran else "",
        "ExecutionElapsedTime": _elapsed(data["ended"] - data["began"]) if ended else "",
        "ExecutionEndDateTime": _text(data["ended"]) if ended else "", **status(row, now),
        "StandardOutputContent": data["output"][:MOST] if ended else "", "StandardOutputUrl": "",
        "StandardErrorContent": data["error"][:MOST] if ended else "", "StandardErrorUrl": "",
        "CloudWatchOutputConfig": dict(_NOWHERE),
    }  # fmt: skip


def listed(row: Row, now: float, *, details: bool) -> Shape:
    """What ListCommandInvocations shows of it."""
    return {
        "CommandId": row.id, "InstanceId": row.refs["machine"], "InstanceName": private_dns(row.data["ip"], row.region),
        "Comment": row.data["comment"], "DocumentName": "AWS-RunShellScript", "DocumentVersion": "$DEFAULT",
        "RequestedDateTime": _moment(row.created), **status(row, now), "StandardOutputUrl": "", "StandardErrorUrl": "",
        "CommandPlugins": [_plugin(row, now)] if details else [], "ServiceRole": "", "NotificationConfig": _nobody(),
        "CloudWatchOutputConfig": dict(_NOWHERE),
    }  # fmt: skip


def _plugin(row: Row, now: float) -> Shape:
    data, state = row.data, row.state(now)
    ended = state in ENDED and "began" in data
    output = data["output"] if ended else ""
    shape = {
        "Name": PLUGIN, **status(row, now), "ResponseCode": data["code"] if state in ("Success", "Failed") else -1,
        "Output": output if len(output) <= MOST_LISTED else output[:MOST_LISTED] + TRUNCATED, "StandardOutputUrl": "",
        "StandardErrorUrl": "", "OutputS3Region": row.region, "OutputS3BucketName": "", "OutputS3KeyPrefix": "",
    }  # fmt: skip
    if state not in NEVER_RAN and "began" in data:
        shape["ResponseStartDateTime"] = _moment(data["began"])
    return shape | ({"ResponseFinishDateTime": _moment(data["ended"])} if ended else {})


def _text(at: float) -> str:
    return _moment(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _elapsed(seconds: float) -> str:
    minutes, rest = divmod(round(max(0.0, seconds), 3), 60)
    return f"PT{f'{int(minutes)}M' if minutes else ''}{round(rest, 3):g}S"
