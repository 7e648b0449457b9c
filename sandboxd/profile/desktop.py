"""The Smart Client: a fleet of Windows servers per account and region, let into each sandbox that has one. Pure.

The fleet runs while a started sandbox has the Smart Client, is stopped with the last of them, and goes with the last delete.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sandboxd.model.keys import Key
from sandboxd.model.profile import SmartClient
from sandboxd.model.resource import Need
from sandboxd.profile import roles
from sandboxd.profile import ways as open_ways
from sandboxd.profile.draft import Draft
from sandboxd.profile.network import Network
from sandboxd.profile.ways import Ports, Ways

STOPPED, RUNNING = 1, 2


class Desktop(NamedTuple):
    """What a started sandbox requires of it, and what a stopped one keeps."""

    started: tuple[Need, ...] = ()
    kept: tuple[Need, ...] = ()


def desktop(
    draft: Draft, asked: SmartClient | None, network: Network, groups: Mapping[str, Key], image: str
) -> Desktop:
    """Add fleet and stack, and the ways into this sandbox."""
    if asked is None:
        return Desktop()
    role, scaling = roles.add(draft, roles.DESKTOPS), roles.add(draft, roles.SCALING)
    share = draft.once("desktop-share", f"desktop-{image.rpartition('/')[2]}", image=image)
    group = open_ways.shared_group(draft, "desktop", "Smart Client and integration server")
    ways = Ways(draft)
    for one in asked.access:
        ports = Ports("tcp", one.port, one.to_port or one.port)
        open_ways.desktop_ways(ways, group, groups[one.machine], one.machine, ports, "Smart Client")
    rules = ways.add()
    links = {
        "subnets": network.desktop,
        "groups": (group,),
        "role": (role,),
        "image": (share,),
        "way": network.desktop_ways,
    }
    fleet = draft.add(
        "appstream-fleet", "desktop-fleet", shared=True, links=links, image=image, type=asked.type,
        instances=asked.instances,
    )  # fmt: skip
    stack = draft.add("appstream-stack", "desktop-stack", shared=True)
    both = {"fleet": (fleet,), "stack": (stack,)}
    together = draft.add("appstream-association", "desktop-association", shared=True, links=both)
    ready = (*network.desktop_ways, *rules, together, scaling)
    started = (Need(fleet, RUNNING), *(Need(key, 1) for key in ready))
    return Desktop(started, (Need(fleet, STOPPED), Need(together, 1), Need(share, 1)))
