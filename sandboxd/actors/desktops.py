"""The way to a sandbox's desktop: a URL that lets its bearer in for some minutes. Made when it is asked for, and kept nowhere.

The fleet and the stack of a region are shared by all sandboxes of the account that have the Smart Client.
"""

import re

from sandboxd.lifecycle.state import State
from sandboxd.model.errors import Conflict, Unavailable
from sandboxd.model.keys import SHARED, Key, make_key
from sandboxd.model.ports import AwsError, Call, Scope
from sandboxd.model.records import SandboxRecord
from sandboxd.model.resource import Facts

FLEET, STACK = "desktop-fleet", "desktop-stack"
"""names under which a region's shared desktops are kept"""
RUNNING = 2
LONGEST_USER = 32


class Desktops:
    """Asks AppStream for a way in."""

    def __init__(self, *, call: Call, role: str, valid: float) -> None:
        self._call, self._role, self._valid = call, role, valid

    async def url(self, state: State, record: SandboxRecord, account: str, user: str) -> tuple[str, float]:
        """Return a fresh URL, and until when it lets in; raise Conflict or Unavailable."""
        region = record.blueprint.region
        fleet, stack = ground(state, record)
        asked = {
            "FleetName": fleet["id"],
            "StackName": stack["id"],
            "UserId": _user(user),
            "Validity": int(self._valid),
        }
        try:
            scope = Scope(account, region, self._role)
            answer = await self._call(scope, "appstream", "CreateStreamingURL", asked)
        except AwsError as error:
            words = f"AppStream gave no way into {record.tenant}/{record.name}: {error}"
            raise Unavailable("desktop_unavailable", words, "Ask again in a minute; nothing was changed.") from error
        return answer["StreamingURL"], answer["Expires"].timestamp()


def ground(state: State, record: SandboxRecord) -> tuple[Facts, Facts]:
    """Return what is known of fleet and stack; raise Conflict where nobody can be let in, saying why."""
    name = f"{record.tenant}/{record.name}"
    if record.state != "started":
        words = f"The sandbox {name} is {record.state}."
        raise Conflict("sandbox_not_started", words, f"`sandboxd sandbox start {name}`, then ask again.")
    keys = {one: make_key(record.blueprint.region, SHARED, one) for one in (FLEET, STACK)}
    if keys[FLEET] not in {node.key for node in record.blueprint.nodes}:
        hint = "A sandbox gets it when it is created, for example with `--set smart_client=true`."
        raise Conflict("desktop_none", f"The sandbox {name} has no Smart Client.", hint)
    missing = [one for one, key in keys.items() if _state(state, key) < (RUNNING if one == FLEET else 1)]
    if missing:
        words = f"The desktop of {name} is not there at the moment: {' and '.join(missing)}."
        raise Conflict("desktop_not_ready", words, f"`sandboxd why {name}` says what it waits for.")
    return state.rows[keys[FLEET]].facts, state.rows[keys[STACK]].facts


def _state(state: State, key: Key) -> int:
    row = state.rows.get(key)
    return row.lo if row is not None else 0


def _user(name: str) -> str:
    """A person's name as AppStream takes it: 2 to 32 of some characters."""
    return re.sub(r"[^\w+=,.@-]", "-", name, flags=re.ASCII)[:LONGEST_USER].ljust(2, "-")
