"""What a create needs of the image account, looked up before it is accepted: keys of disks, and container repositories.

Reads only. What cannot be given to another account is refused here, with what to do, before anything is made.
"""

import difflib
import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from sandboxd.engine.paging import pages
from sandboxd.model.errors import BadRequest, NotFound
from sandboxd.model.ports import AwsError, Call, Scope


class Given(Struct, frozen=True, kw_only=True):
    """What the image account must give to the tenant's account."""

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """id of an image of the image account -> ARNs of the keys that encrypt its disks"""
    repositories: tuple[str, ...] = ()


async def look_up(
    call: Call, image_account: str, region: str, images: Iterable[str], repositories: Sequence[str]
) -> Given:
    """Return what must be given away for these images (as they were resolved) and patterns of repositories.

    Raise NotFound, BadRequest or AwsError. Images of others (public ones, those of emulators) need nothing.
    """
    scope = Scope(image_account, region, "")
    identifiers = list(dict.fromkeys(image.partition(" ")[0] for image in images))
    keys = await _keys(call, scope, identifiers) if identifiers else {}
    return Given(keys=keys, repositories=await _repositories(call, scope, repositories) if repositories else ())


# ---- images
async def _keys(call: Call, scope: Scope, identifiers: list[str]) -> dict[str, tuple[str, ...]]:
    filters = [{"Name": "image-id", "Values": identifiers}]
    try:
        found = await pages(call, scope, "ec2", "DescribeImages", {"Owners": [scope.account], "Filters": filters})
    except AwsError as error:
        if error.code == "WrongAccount":  # the daemon cannot act there: whoever can has shared what is visible
            return {}
        raise
    images = [image for page in found for image in page.get("Images") or ()]
    by_snapshot = await _keys_of_snapshots(call, scope, [one for image in images for one in _snapshots(image)])
    keys = {
        image["ImageId"]: tuple(dict.fromkeys(by_snapshot[one] for one in _snapshots(image) if one in by_snapshot))
        for image in images
    }
    for image in images:
        for key in keys[image["ImageId"]]:
            await _check_key(call, scope, str(image.get("Name") or image["ImageId"]), key)
    return keys


def _snapshots(image: Mapping[str, Any]) -> list[str]:
    disks = [one["Ebs"] for one in image.get("BlockDeviceMappings") or () if "Ebs" in one]
    return [str(ebs["SnapshotId"]) for ebs in disks if ebs.get("Encrypted") and ebs.get("SnapshotId")]


async def _keys_of_snapshots(call: Call, scope: Scope, snapshots: list[str]) -> dict[str, str]:
    """Snapshot -> ARN of its key: images do not say it."""
    if not snapshots:
        return {}
    found = await pages(call, scope, "ec2", "DescribeSnapshots", {"SnapshotIds": list(dict.fromkeys(snapshots))})
    every = [one for page in found for one in page.get("Snapshots") or ()]
    return {one["SnapshotId"]: one["KmsKeyId"] for one in every if one.get("KmsKeyId")}


async def _check_key(call: Call, scope: Scope, image: str, key: str) -> None:
    """A key that can be granted: the image account's own, made by it, and enabled."""
    about = (await call(scope, "kms", "DescribeKey", {"KeyId": key}))["KeyMetadata"]
    if about.get("KeyManager") == "AWS":
        raise BadRequest(
            "image_not_shareable",
            f"The image {image!r} is encrypted with {key}, a key of AWS's own, and cannot be given to another account.",
            "Copy the image with a customer-managed key in the image account, and name the copy in the profile.",
        )
    if about.get("KeyState") != "Enabled":
        raise BadRequest(
            "image_key_unusable",
            f"The key {key} of the image {image!r} is {about.get('KeyState')}: no machine can be made of it.",
            "Enable the key in the image account, or name another image in the profile.",
        )


# ---- repositories
async def _repositories(call: Call, scope: Scope, patterns: Sequence[str]) -> tuple[str, ...]:
    found = await pages(call, scope, "ecr", "DescribeRepositories", {})
    names = sorted(one["repositoryName"] for page in found for one in page.get("repositories") or ())
    out: dict[str, None] = {}
    for pattern in patterns:
        matching = fnmatch.filter(names, pattern)
        if not matching:
            near = difflib.get_close_matches(pattern, names, n=1)
            raise NotFound(
                "repository_not_found",
                f"No container repository of {scope.account} in {scope.region} is called {pattern!r}.",
                f"Did you mean {near[0]!r}?"
                if near
                else "Make it in the image account, or change `repositories` in the profile.",
            )
        out |= dict.fromkeys(matching)
    return tuple(out)
