"""Keys of KMS and the grants on them as rows: how they are named, found, and whom they let in. The operations stand in `kms`.

A key of AWS's own, `alias/aws/ebs`, is there in every account and region as soon as somebody asks for it.
"""

import random
import uuid
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.policies import account_of, allows
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

EBS = "alias/aws/ebs"
FOR_VOLUMES = (
    "kms:Decrypt",
    "kms:CreateGrant",
    "kms:DescribeKey",
    "kms:ReEncryptFrom",
    "kms:GenerateDataKeyWithoutPlaintext",
)
"""what making a volume of an encrypted snapshot, or an encrypted volume, asks of a key"""


def arn(row: Row) -> str:
    """The ARN of a key."""
    return f"arn:aws:kms:{row.region}:{row.account}:key/{row.id}"


def stream(world: World, *about: object) -> random.Random:
    """A stream of its own for each name: with or without keys, everything else is drawn as before."""
    return random.Random(f"{world.rows.seed} {about}")


def new_id(world: World, *about: object) -> str:
    """An id as KMS gives them."""
    return str(uuid.UUID(int=stream(world, *about).getrandbits(128), version=4))


def make(world: World, account: str, region: str, now: float, identifier: str, **data: Any) -> Row:
    """A new key; in charge of it are its account's own policies unless a policy is given."""
    row = world.rows.make("key", account, region, now, identifier)
    row.data = {"state": "Enabled", "manager": "CUSTOMER", "text": "", "alias": "", "policy": ""} | data
    return row


def of_aws(world: World, account: str, region: str, now: float) -> Row:
    """The key of AWS's own for volumes in one account and region."""
    for row in world.rows.of(account, region, "key"):
        if row.data["alias"] == EBS:
            return row
    text = "Default key that protects my EBS volumes when no other key is defined"
    identifier = new_id(world, EBS, account, region)
    return make(world, account, region, now, identifier, manager="AWS", text=text, alias=EBS, default=True)


def find(world: World, account: str, region: str, name: str, now: float) -> Row | None:
    """A key by id, ARN or alias, as the account names it in a region; None if there is none."""
    short = name.rpartition(f":{account}:")[2] if name.startswith("arn:") and ":alias/" in name else name
    if short == EBS:
        return of_aws(world, account, region, now)
    if short.startswith("alias/"):
        return next((row for row in world.rows.of(account, region, "key") if row.data["alias"] == short), None)
    row = world.rows.find(name.rpartition("/")[2])
    there = row is not None and row.kind == "key" and row.region == region
    foreign = row is not None and row.account != account and not name.startswith("arn:")
    return row if there and not foreign else None


def no_key(q: Request, name: str) -> ApiError:
    """What KMS says of a key that is not there."""
    if "alias/" in name:
        whole = name if name.startswith("arn:") else f"arn:aws:kms:{q.region}:{q.account}:{name}"
        return ApiError("NotFoundException", f"Alias {whole} is not found.")
    if name.startswith("arn:") or name.count("-") == 4:  # noqa: PLR2004 - of a UUID
        whole = name if name.startswith("arn:") else f"arn:aws:kms:{q.region}:{q.account}:key/{name}"
        return ApiError("NotFoundException", f"Key '{whole}' does not exist")
    return ApiError("NotFoundException", f"Invalid keyId '{name}'")


def usable_by(world: World, key: Row, account: str, action: str, now: float) -> bool:
    """Whether an account may do something with a key: its own, by a grant that has reached everywhere, or by policy."""
    if account == key.account or allows(world, key.data["policy"], account, action):
        return True
    word = action.removeprefix("kms:")
    grants = world.rows.holders(key.id, now, "grant")
    return any(
        account_of(one.data["grantee"]) == account and word in one.data["operations"] and now >= one.data["from"]
        for one in grants
    )


def opens(world: World, key: Row, account: str, now: float) -> bool:
    """Whether an account can make volumes with a key."""
    return all(usable_by(world, key, account, action, now) for action in FOR_VOLUMES)
