"""Machines with their groups, rules and identity. Pure."""

from collections.abc import Mapping

from sandboxd.model.keys import Key
from sandboxd.model.profile import Machine, Rule
from sandboxd.profile.draft import Draft


def identity(draft: Draft) -> Key:
    """What machines are allowed: first in the plan, because it takes minutes until EC2 knows a profile."""
    role = draft.add("instance-role", "instance-role", shared=True)
    return draft.add("instance-profile", "instance-profile", shared=True, links={"role": (role,)})


def group(draft: Draft, name: str) -> Key:
    """The security group of a machine."""
    vpc = draft.key("vpc", shared=True)
    return draft.add("security-group", f"{name}-sg", shared=False, links={"vpc": (vpc,)}, description=f"machine {name}")


def rules(draft: Draft, name: str, machine: Machine, groups: Mapping[str, Key]) -> list[Key]:
    """The ways that the profile leaves open for a machine, one resource each."""
    out = []
    for direction in ("egress", "ingress"):
        asked: tuple[Rule, ...] = getattr(machine, direction)
        for number, rule in enumerate(asked, 1):
            links = {"group": (groups[name],)} | ({"peer": (groups[rule.peer],)} if rule.peer else {})
            key = draft.add(
                "security-group-rule", f"{name}-{direction}-{number}", shared=False, links=links, direction=direction,
                protocol="-1" if rule.protocol == "all" else rule.protocol, from_port=rule.port if rule.port is not None else -1,
                to_port=rule.to_port if rule.to_port is not None else rule.port if rule.port is not None else -1,
                cidr=rule.cidr, description=rule.description,
            )  # fmt: skip
            out.append(key)
    return out


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
