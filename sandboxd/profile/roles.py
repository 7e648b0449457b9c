"""What an account has for ever: the roles by which AWS's services act in it, and the regions that it opted in to. Pure.

A blueprint names the roles that it needs; a claimed account gets all of them before the first sandbox asks, as the same
resources. All of it is free, and nothing of it is ever deleted.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sandboxd.model.keys import GLOBAL, SHARED, Key, make_key
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Node
from sandboxd.profile.draft import Draft


class Role(NamedTuple):
    """A role of a service, under the name that AWS prescribes."""

    kind: str
    key: str
    service: str
    name: str


BALANCING = Role(
    "service-linked-role",
    "balancer-role",
    "elasticloadbalancing.amazonaws.com",
    "AWSServiceRoleForElasticLoadBalancing",
)
DESKTOPS = Role("service-role", "desktop-role", "appstream.amazonaws.com", "AmazonAppStreamServiceAccess")
SCALING = Role(
    "service-linked-role",
    "desktop-scaling-role",
    "appstream.application-autoscaling.amazonaws.com",
    "AWSServiceRoleForApplicationAutoScaling_AppStreamFleet",
)
ROLES = (BALANCING, DESKTOPS, SCALING)


def add(draft: Draft, role: Role) -> Key:
    """Name a role that this blueprint needs. Return its key."""
    return draft.once(role.kind, role.key, service=role.service, name=role.name)


def service_roles(kinds: Mapping[str, KindSpec], region: str) -> tuple[Node, ...]:
    """All roles, as the blueprints of this region name them."""
    return tuple(
        kinds[one.kind].node(make_key(region, SHARED, one.key), {}, name=one.name, service=one.service) for one in ROLES
    )


def region_key(region: str) -> Key:
    """The key of a region that an account opted in to; what is in it has keys of its own."""
    return make_key(GLOBAL, SHARED, f"region-{region}")


def opted_in(kinds: Mapping[str, KindSpec], regions: Iterable[str]) -> tuple[Node, ...]:
    """These regions, open."""
    return tuple(kinds["region"].node(region_key(name), {}, name=name, region=name) for name in regions)
