"""Secrets of sandboxes: where one is kept, and its value at this moment. Nothing here keeps, logs or repeats a value."""

import difflib

from sandboxd.lifecycle.state import State
from sandboxd.model.errors import NotFound, Unavailable
from sandboxd.model.keys import parts
from sandboxd.model.ports import AwsError, Call, Scope
from sandboxd.model.resource import Row
from sandboxd.wire import things

KIND = "secret"


def name_of(row: Row) -> str:
    """Return what people call a secret: the last part of its path."""
    return str(row.node.parameters.get("path", "")).rpartition("/")[2]


def place(state: State, sandbox: things.Sandbox, name: str) -> Row:
    """Return the row of a secret that is there; raise NotFound, saying which there are."""
    mine = {name_of(row): row for row in state.rows_of(sandbox.id) if row.node.kind == KIND and row.lo}
    if (found := mine.get(name)) is not None:
        return found
    near = difflib.get_close_matches(name, list(mine), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"It has: {', '.join(sorted(mine)) or 'none'}."
    raise NotFound("credential_not_found", f"{sandbox.tenant}/{sandbox.name} has no credential {name!r}.", hint)


class Credentials:
    """Reads secrets in the tenants' accounts."""

    def __init__(self, *, call: Call, role: str) -> None:
        self._call, self._role = call, role

    async def read(self, sandbox: things.Sandbox, row: Row) -> str:
        """Return the value as AWS has it now; raise NotFound or Unavailable."""
        scope = Scope(sandbox.account_id, parts(row.node.key).region, self._role)
        path = row.facts.get("id") or str(row.node.parameters.get("path"))
        try:
            answer = await self._call(scope, "ssm", "GetParameter", {"Name": path, "WithDecryption": True})
        except AwsError as error:
            if error.code == "ParameterNotFound":
                words = f"The parameter {path} is not in account {sandbox.account_id} any more."
                raise NotFound(
                    "credential_lost", words, "Somebody removed it; `sandboxd sandbox show` says more."
                ) from error
            words = f"AWS did not answer while the parameter {path} was read: {error}"
            raise Unavailable("aws_unavailable", words, "`sandboxd doctor` says what the daemon sees.") from error
        return str(answer["Parameter"]["Value"])
