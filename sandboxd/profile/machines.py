"""Machines with their groups and identity. Pure."""

from collections.abc import Mapping

from sandboxd.model.keys import Key
from sandboxd.model.profile import Machine
from sandboxd.profile.draft import Draft


def identity(draft: Draft) -> Key:
    """What machines are allowed: first in the plan, because it takes minutes until EC2 knows a profile."""
    role = draft.add("instance-role", "instance-role", shared=True)
    return draft.add("instance-profile", "instance-profile", shared=True, links={"role": (role,)})


def group(draft: Draft, name: str) -> Key:
    """The security group of a machine."""
    vpc = draft.key("vpc", shared=True)
    return draft.add("security-group", f"{name}-sg", shared=False, links={"vpc": (vpc,)}, description=f"machine {name}")


def machine(
    draft: Draft, name: str, asked: Machine, images: Mapping[str, str], on: Mapping[str, tuple[Key, ...]]
) -> Key:
    """A machine; `on` says what else plays its roles."""
    links = {"subnet": (draft.key("subnet", shared=False),), **on}
    return draft.add(
        "machine",
        name,
        shared=False,
        links=links,
        image=images[asked.image.ref],
        type=asked.type,
        disk=asked.disk,
    )
