"""Reads of commands: known some seconds after they were accepted, the newest first."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.ssm.command_shapes import PLUGIN, command, listed, run, status
from sandboxd.simulator.world import World

Shape = dict[str, Any]
MOST = 50


def _seen(world: World, q: Request) -> list[Row]:
    return [row for row in world.rows.seen(q, "command") if q.now >= row.data["shown_at"]]


def get_command_invocation(world: World, q: Request) -> Shape:
    identifier, machine = q.parameters["CommandId"], q.parameters["InstanceId"]
    for row in _seen(world, q):
        if row.id == identifier and row.refs["machine"] == machine:
            if q.parameters.get("PluginName", PLUGIN) != PLUGIN:
                raise ApiError("InvalidPluginName", "")
            return run(row, q.now)
    raise ApiError("InvocationDoesNotExist", "")


_FILTERS: dict[str, Callable[[Row, str, float], bool]] = {
    "InvokedAfter": lambda row, value, _: row.created >= datetime.fromisoformat(value).timestamp(),
    "InvokedBefore": lambda row, value, _: row.created < datetime.fromisoformat(value).timestamp(),
    "Status": lambda row, value, now: status(row, now)["Status"] == value,
    "DocumentName": lambda _, value, __: value == "AWS-RunShellScript",
}


def _page(world: World, q: Request, member: str, shape: Callable[[Row], Shape]) -> Shape:
    rows = _seen(world, q)[::-1]
    if (identifier := q.parameters.get("CommandId")) is not None:
        rows = [row for row in rows if row.id == identifier]
    if (machine := q.parameters.get("InstanceId")) is not None:
        rows = [row for row in rows if row.refs["machine"] == machine]
    for one in q.parameters.get("Filters") or ():
        if one["key"] not in _FILTERS:
            raise ApiError("InvalidFilterKey", "")
        rows = [row for row in rows if _FILTERS[one["key"]](row, one["value"], q.now)]
    most, token = int(q.parameters.get("MaxResults", MOST)), q.parameters.get("NextToken") or "0"
    if not token.isdigit():
        raise ApiError("InvalidNextToken", "")
    start = int(token)
    more = {"NextToken": str(start + most)} if start + most < len(rows) else {}
    return {member: [shape(row) for row in rows[start : start + most]], **more}


def list_commands(world: World, q: Request) -> Shape:
    return _page(world, q, "Commands", partial(command, now=q.now))


def list_command_invocations(world: World, q: Request) -> Shape:
    details = bool(q.parameters.get("Details"))
    return _page(world, q, "CommandInvocations", partial(listed, now=q.now, details=details))


OPERATIONS = {
    "GetCommandInvocation": get_command_invocation, "ListCommands": list_commands,
    "ListCommandInvocations": list_command_invocations,
}  # fmt: skip
