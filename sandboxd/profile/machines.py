"""Machines with their groups and identity. Pure."""

from collections.abc import Mapping

from sandboxd.model.keys import Key
from sandboxd.model.profile import Profile
from sandboxd.profile.draft import Draft


def identity(draft: Draft) -> Key:
    """What machines are allowed: first in the plan, because it takes minutes until EC2 knows a profile."""
    role = draft.add("instance-role", "instance-role", shared=True)
    return draft.add("instance-profile", "instance-profile", shared=True, links={"role": (role,)})


def group(draft: Draft, name: str) -> Key:
    """The security group of a machine."""
    vpc = draft.key("vpc", shared=True)
    return draft.add("security-group", f"{name}-sg", shared=False, links={"vpc": (vpc,)}, description=f"machine {name}")


def made(
    draft: Draft, profile: Profile, groups: Mapping[str, Key], images: Mapping[str, str],
    shares: Mapping[str, tuple[Key, ...]], on: Mapping[str, tuple[Key, ...]],
) -> dict[str, Key]:  # fmt: skip
    """The machines of a sandbox by name; `on` says what plays their other roles.

    Where containers are pulled nothing is launched, and paid for, before its account can pull them.
    """
    pulls = dict.fromkeys((one.machine for one in profile.constellations), shares["repositories"])
    subnet = {"subnet": (draft.key("subnet", shared=False),)}
    return {
        name: draft.add(
            "machine", name, shared=False, image=images[asked.image.ref], type=asked.type, disk=asked.disk,
            links={
                **subnet, "groups": (groups[name],), **on, "share": shares.get(images[asked.image.ref], ()),
                "pulls": pulls.get(name, ()),
            },
        )
        for name, asked in profile.machines.items()
    }  # fmt: skip
