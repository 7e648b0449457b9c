"""A ready organization: management account with images, the OUs of a stage, prepared accounts in its pool."""

import json

from sandboxd.simulator import ecr, keys, kms
from sandboxd.simulator.appstream.images import furnish_image
from sandboxd.simulator.clock import SimClock
from sandboxd.simulator.members import new_account
from sandboxd.simulator.organizations import new_ou
from sandboxd.simulator.policies import laid_out
from sandboxd.simulator.rows import Row
from sandboxd.simulator.services import SERVICES
from sandboxd.simulator.vending import new_number
from sandboxd.simulator.world import REGIONS, World

MANAGEMENT = "111122223333"
IMAGES_APART = "444455556666"
"""account of the images where they are not the management account's"""
AMAZON = "137112412989"
KEYS = ("AKIASIMULATED0000001", "simulated-secret-key")
IMAGES = (
    ("avaloq-core-2026.04", 200, "Oracle and Avaloq Core, April 2026", 90), ("avaloq-core-2026.10", 200, "Oracle and Avaloq Core, October 2026", 10),
    ("openshift-sno-4.17", 120, "Single-node OpenShift 4.17", 120), ("openshift-sno-4.18", 120, "Single-node OpenShift 4.18", 20),
    ("envoy-1.40", 8, "Envoy reverse proxy", 30),
)  # fmt: skip
DESKTOP = ("avaloq-desktop-2026.10", "Smart Client and integration server, October 2026", 10)
REPOSITORIES = tuple(
    f"constellations/{name}" for name in ("banking-apis", "web-banking", "activemq", "integration-server")
)
"""of containers, in the account of the images"""
PUBLIC_IMAGE = "al2023-ami-2023.9.20261111.0-kernel-6.1-x86_64"
ACCOUNTS = 100
"""accounts that the organization may have at least; AWS starts with 10, an organization that vends has had it raised"""
OUS = ("Pool", "Customers", "Expired", "Quarantine")


def open_world(*, clock: SimClock, seed: int = 1, regions: tuple[str, ...] = REGIONS) -> World:
    """An empty world that answers all services."""
    return World(clock=clock, seed=seed, regions=regions, services=SERVICES)


def furnish(world: World, *, pool: int, stage: str = "dev", shared: bool = False, apart: bool = False) -> None:
    """Fill an empty world; with `shared` the accounts of the pool may use the images without anybody's doing.

    `apart`: images, keys and repositories are in an account of their own, outside of the stage.
    """
    now = world.clock.now()
    world.keys[KEYS[0]] = MANAGEMENT
    world.organization = {
        "id": f"o-{world.rows.hex(10)}",
        "root": f"r-{world.rows.hex(4)}",
        "management": MANAGEMENT,
        "ous": {},
        "requests": {},
        "coming": [],
        "accounts": {},
    }
    _account(
        world, MANAGEMENT, "Model Bank Management", "aws@model-bank.example", world.organization["root"], "INVITED"
    )
    owner = world.organization["images"] = IMAGES_APART if apart else MANAGEMENT
    if apart:
        _account(
            world, owner, "Model Bank Images", "aws+images@model-bank.example", world.organization["root"], "CREATED"
        )
    top = new_ou(world, new_ou(world, world.organization["root"], "Sandbox"), stage)
    ous = {name: new_ou(world, top, name) for name in OUS}
    for n in range(1, pool + 1):
        _account(
            world,
            new_number(world),
            f"sandbox-pool-{n:03}",
            f"aws+pool-{n:03}@model-bank.example",
            ous["Pool"],
            "CREATED",
        )
    world.quotas["accounts"] = max(ACCOUNTS, 2 * pool)
    given = [number for number in world.organization["accounts"] if number not in {MANAGEMENT, owner}] if shared else []
    for region in world.regions:
        for name, size, text, days in IMAGES:
            at = now - days * 86400
            image = _image(world, region, owner, name, size, text, at, given)
            _key(world, image, text, at, shared=shared)
        for name in REPOSITORIES:
            ecr.make(world, owner, region, name, now - 30 * 86400)
        furnish_image(world, region, owner, *DESKTOP[:2], now - DESKTOP[2] * 86400)
        image = _image(world, region, AMAZON, PUBLIC_IMAGE, 8, "Amazon Linux 2023", now - 14 * 86400, [])
        image.data |= {"public": True, "encrypted": False, "alias": "amazon"}


def _account(world: World, number: str, name: str, email: str, parent: str, joined: str) -> None:
    world.organization["accounts"][number] = new_account(name, email, parent, joined, world.clock.now())


def _image(world: World, region: str, owner: str, name: str, size: int, text: str, at: float, shared: list[str]) -> Row:
    snapshot = world.rows.make("snapshot", owner, region, at)
    key = f"arn:aws:kms:{region}:{owner}:key/{world.rows.hex(8)}-{world.rows.hex(4)}-4{world.rows.hex(3)}-8{world.rows.hex(3)}-{world.rows.hex(12)}"
    snapshot.data = {"size": size, "encrypted": owner != AMAZON, "public": False, "shared_with": shared, "key": key}
    image = world.rows.make("image", owner, region, at)
    image.data = {
        "name": name,
        "size": size,
        "text": text,
        "root": "/dev/xvda",
        "snapshot": snapshot.id,
        "encrypted": True,
        "public": False,
        "shared_with": list(shared),
    }
    image.tags = {"Name": name}
    return image


def _key(world: World, image: Row, text: str, at: float, *, shared: bool) -> None:
    """The key that encrypts an image; where everything is shared its policy lets the organization in."""
    snapshot = world.rows.find(image.data["snapshot"])
    if snapshot is None:
        return
    key = keys.make(world, image.account, image.region, at, snapshot.data["key"].rpartition("/")[2], text=text)
    key.data["policy"] = kms.default_policy(image.account)
    if shared:
        mine = json.loads(key.data["policy"])
        everybody = {"Sid": "The organization", "Effect": "Allow", "Principal": {"AWS": "*"}, "Resource": "*"}
        condition = {"StringEquals": {"aws:PrincipalOrgID": world.organization["id"]}}
        mine["Statement"].append(everybody | {"Action": list(keys.FOR_VOLUMES), "Condition": condition})
        key.data["policy"] = laid_out(mine)
