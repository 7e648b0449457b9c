"""What comes onto the machines and what must answer: agents, secrets, constellations and probes. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sandboxd.model.keys import Key
from sandboxd.model.profile import MACHINE, SECRET, Constellation, Profile
from sandboxd.model.resource import Need
from sandboxd.profile.draft import Draft
from sandboxd.profile.uses import wanted

ONLINE = 2
"""state of an agent"""


LATE = 900.0
"""seconds for which a command may wait for its agent, and its step for the end of the command"""


class Installed(NamedTuple):
    """What a started sandbox requires, and what a stopped one keeps: its values and what lies on its disks."""

    started: tuple[Need, ...]
    kept: tuple[Need, ...]


def agents(draft: Draft, machines: Mapping[str, Key]) -> dict[str, Key]:
    """An agent on each machine on which something is done: everything goes through it."""
    return {
        name: draft.add("agent", f"{name}-agent", shared=False, links={"machine": (key,)})
        for name, key in machines.items()
    }


def installed(
    draft: Draft, profile: Profile, parameters: Mapping[str, Any], machines: Mapping[str, Key], pulled: tuple[Key, ...],
    ready: tuple[Need, ...],
) -> Installed:  # fmt: skip
    """Add everything that happens on the machines.

    `pulled` is what opens the containers' repositories, `ready` what probes may only ask for once it is there.
    """
    asked = [one for one in profile.constellations if wanted(one.when, parameters)]
    busy = dict.fromkeys([*(one.machine for one in asked), *(one.machine for one in profile.probes)])
    at = agents(draft, {name: machines[name] for name in busy})
    secrets = tuple(
        draft.add("secret", f"secret-{one.name}", shared=False, path=draft.path(one.name), length=one.length)
        for one in profile.secrets
    )
    made = []
    for one in asked:
        peers = _peers(one)
        links = {
            "machine": (machines[one.machine],), "agent": (at[one.machine],), "secrets": secrets, "share": pulled,
            "peers": tuple(machines[name] for name in peers),
        }  # fmt: skip
        values = {name: _value(draft, value, peers) for name, value in one.values.items()}
        own: dict[str, Any] = {"command": one.command} if one.command else {}
        own |= _within(one.deadline)
        name = f"constellation-{one.name}"
        made.append(
            draft.add("constellation", name, shared=False, links=links, constellation=one.name, values=values, **own)
        )
    after = (*made, *(need.key for need in ready))
    probes = [
        draft.add(
            "probe", f"probe-{one.name}", shared=False, probe=one.kind, target=one.target, **_within(one.deadline),
            links={"machine": (machines[one.machine],), "agent": (at[one.machine],), "after": after},
        )
        for one in profile.probes
    ]  # fmt: skip
    lasting = tuple(Need(key, 1) for key in (*secrets, *made))
    passed = (*(Need(key, ONLINE) for key in at.values()), *(Need(key, 1) for key in probes))
    return Installed(started=(*passed, *lasting), kept=lasting)


def _peers(one: Constellation) -> tuple[str, ...]:
    """The machines whose addresses its values name."""
    named = [value.removeprefix(MACHINE) for value in one.values.values() if value.startswith(MACHINE)]
    return tuple(dict.fromkeys(named))


def _value(draft: Draft, value: str, peers: tuple[str, ...]) -> str | dict[str, str | int]:
    """A configuration value: as it stands; where a secret is kept, which only the machine reads; or whose address it is."""
    if value.startswith(SECRET):
        return {"secret": draft.path(value.removeprefix(SECRET))}
    if value.startswith(MACHINE):
        return {"address": peers.index(value.removeprefix(MACHINE))}
    return value


def _within(deadline: float) -> dict[str, float]:
    """The agent's deadline of what runs on a machine, and the longer one of its step."""
    return {"deadline": deadline, "patience": deadline + LATE}
