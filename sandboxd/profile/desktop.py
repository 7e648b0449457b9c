"""The Smart Client: a fleet of Windows servers per account and region, let into each sandbox that has one. Pure.

The fleet runs while a started sandbox has the Smart Client, is stopped with the last of them, and goes with the last delete.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sandboxd.model.keys import Key
from sandboxd.model.profile import Profile
from sandboxd.model.resource import Need
from sandboxd.profile import ways as open_ways
from sandboxd.profile.draft import Draft
from sandboxd.profile.network import Network
from sandboxd.profile.uses import wanted
from sandboxd.profile.ways import Ports, Ways

STOPPED, RUNNING = 1, 2


class Desktop(NamedTuple):
    """What a started sandbox requires of it, and what a stopped one keeps."""

    started: tuple[Need, ...] = ()
    kept: tuple[Need, ...] = ()


def has_desktop(profile: Profile, parameters: Mapping[str, Any]) -> bool:
    """Whether a Smart Client is asked for."""
    return profile.smart_client is not None and wanted(profile.smart_client.when, parameters)


def desktop(
    draft: Draft, profile: Profile, network: Network, groups: Mapping[str, Key], ways: Ways, shares: tuple[Key, ...]
) -> Desktop:
    """Add fleet and stack, and the ways into this sandbox."""
    asked = profile.smart_client
    if asked is None:
        return Desktop()
    role = draft.add(
        "service-linked-role", "appstream-role", shared=True, service="appstream.application-autoscaling.amazonaws.com"
    )
    group = open_ways.shared_group(draft, "desktop", "Smart Client and integration server")
    links = {"subnets": network.desktop, "groups": (group,), "role": (role,), "share": shares}
    fleet = draft.add(
        "appstream-fleet", "desktop-fleet", shared=True, links=links, image=asked.image, type=asked.type,
        instances=asked.instances,
    )  # fmt: skip
    stack = draft.add("appstream-stack", "desktop-stack", shared=True)
    both = {"fleet": (fleet,), "stack": (stack,)}
    together = draft.add("appstream-association", "desktop-association", shared=True, links=both)
    for one in asked.access:
        ports = Ports("tcp", one.port, one.to_port or one.port)
        open_ways.desktop_ways(ways, group, groups[one.machine], one.machine, ports, "Smart Client")
    started = (Need(fleet, RUNNING), Need(together, 1), *(Need(key, 1) for key in network.desktop_ways))
    return Desktop(started, (Need(fleet, STOPPED), Need(together, 1)))
