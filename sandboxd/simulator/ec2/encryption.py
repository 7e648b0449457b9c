"""What encrypts volumes: the defaults of an account in a region, the key that a launch comes to, and what forbids it.

EC2 accepts a launch whose keys or quota will fail it; only the reason of the terminated machine says so.
"""

from typing import Any, NamedTuple

from sandboxd.simulator import keys
from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.shapes import Shape, required
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

DENIED = ("Client.InternalError", "Client.InternalError: Client error on launch")
BAD_KEY = (
    "Client.InvalidKMSKey.InvalidState",
    "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state",
)
FULL = ("Client.VolumeLimitExceeded", "Client.VolumeLimitExceeded: Volume limit exceeded")
"""reasons of launches that come to nothing, as public reports have them"""


class Disk(NamedTuple):
    """One disk of a launch: what the image says of it, changed by what the launch says."""

    device: str
    size: int
    type: str
    snapshot: str
    deletes: bool
    encrypted: bool
    key: str
    """ARN of what it is encrypted with; empty if it is not"""


# ---- the defaults of an account
def defaults(world: World, account: str, region: str, now: float) -> Row:
    """What is so in an account and region unless somebody says otherwise."""
    identifier = f"ebs-defaults {account} {region}"
    row = world.rows.find(identifier)
    if row is None:
        row = world.rows.make("ebs-defaults", account, region, now, identifier)
        row.data = {"encrypts": False, "key": "", "default": True}
    return row


def _mine(world: World, q: Request) -> Row:
    return defaults(world, q.account, q.region, q.now)


def get_encryption(world: World, q: Request) -> Shape:
    return {"EbsEncryptionByDefault": _mine(world, q).data["encrypts"]}


def switch_encryption(world: World, q: Request) -> Shape:
    row = _mine(world, q)
    row.data["encrypts"] = q.operation.startswith("Enable")
    q.made(row.id)
    return {"EbsEncryptionByDefault": row.data["encrypts"]}


def get_default_key(world: World, q: Request) -> Shape:
    return {"KmsKeyId": _default_key(world, q)}


def modify_default_key(world: World, q: Request) -> Shape:
    # whether the key is there and may be used is found out by launches only
    row = _mine(world, q)
    row.data["key"] = required(q, "KmsKeyId")
    q.made(row.id)
    return {"KmsKeyId": _default_key(world, q)}


def reset_default_key(world: World, q: Request) -> Shape:
    row = _mine(world, q)
    row.data["key"] = ""
    q.made(row.id)
    return {"KmsKeyId": _default_key(world, q)}


def _default_key(world: World, q: Request) -> str:
    return _arn(world, q, _mine(world, q).data["key"] or keys.EBS)


def _arn(world: World, q: Request, name: str) -> str:
    row = keys.find(world, q.account, q.region, name, q.now)
    return keys.arn(row) if row else name


# ---- the disks of a launch
def disks(world: World, q: Request, image: Row) -> list[Disk]:
    """What a launch comes to, device by device."""
    asked = {one.get("DeviceName"): one.get("Ebs", {}) for one in q.parameters.get("BlockDeviceMappings", ())}
    extra = image.data.get("disks", ())
    of_image = [{"device": image.data["root"], "snapshot": image.data["snapshot"], "size": image.data["size"]}, *extra]
    there = [one["device"] for one in of_image]
    if unknown := [name for name in asked if name not in there]:
        raise ApiError("UnsupportedOperation", f"The simulator attaches what the image has, no {unknown[0]}.")
    return [_disk(world, q, image, one, asked.get(one["device"], {})) for one in of_image]


def _disk(world: World, q: Request, image: Row, one: Shape, ebs: Shape) -> Disk:
    if image.data["encrypted"] and ebs.get("Encrypted") is False:
        raise ApiError("InvalidParameterCombination", "An encrypted snapshot cannot become an unencrypted volume.")
    account = _mine(world, q)
    encrypted = bool(ebs.get("Encrypted") or image.data["encrypted"] or account.data["encrypts"])
    named = ebs.get("KmsKeyId", "")
    if named and not ebs.get("Encrypted"):
        words = "The parameter KmsKeyId requires the parameter Encrypted to be set."
        raise ApiError("InvalidParameterDependency", words)
    key = named or account.data["key"] or keys.EBS
    if not named and account.data["key"] == "" and image.account == q.account and image.data["encrypted"]:
        key = _key_of(world, image)
    return Disk(
        one["device"],
        int(ebs.get("VolumeSize") or one["size"]),
        ebs.get("VolumeType", "gp3"),
        one["snapshot"],
        bool(ebs.get("DeleteOnTermination", one.get("deletes", True))),
        encrypted,
        _arn(world, q, key) if encrypted else "",
    )


def _key_of(world: World, image: Row) -> str:
    snapshot = world.rows.find(image.data["snapshot"])
    return str(snapshot.data.get("key", "")) if snapshot and image.data["encrypted"] else ""


def flaw(world: World, q: Request, image: Row, wanted: list[Disk]) -> tuple[str, str] | None:
    """Why a launch that is accepted comes to nothing; None: it does not."""
    there = world.rows.of(q.account, q.region, "volume")
    used = sum(row.data["size"] for row in there if not row.is_gone(q.now))
    if used + sum(one.size for one in wanted) > world.quota("storage"):
        return FULL
    named = [_key_of(world, image), *(one.key for one in wanted)]
    return next((reason for name in dict.fromkeys(named) if name and (reason := _flaw_of(world, q, name))), None)


def _flaw_of(world: World, q: Request, name: str) -> tuple[str, str] | None:
    key = keys.find(world, q.account, q.region, name, q.now)
    if key is None or not keys.opens(world, key, q.account, q.now):
        return DENIED
    return BAD_KEY if key.data["state"] != "Enabled" else None


OPERATIONS: dict[str, Any] = {
    "GetEbsEncryptionByDefault": get_encryption, "EnableEbsEncryptionByDefault": switch_encryption,
    "DisableEbsEncryptionByDefault": switch_encryption, "GetEbsDefaultKmsKeyId": get_default_key,
    "ModifyEbsDefaultKmsKeyId": modify_default_key, "ResetEbsDefaultKmsKeyId": reset_default_key,
}  # fmt: skip
