"""What a sandbox needs of the image account: its images, the keys of their disks, and container repositories. Pure.

Shares are shared by all sandboxes of the account in a region, and named by what they give: two sandboxes of one image have
one share, and an image of a newer month has its own. They go when no sandbox of the account reaches them any more.
"""

from collections.abc import Iterable, Mapping

from sandboxd.model.keys import Key
from sandboxd.profile.draft import Draft


def shares(
    draft: Draft, images: Iterable[str], keys: Mapping[str, Iterable[str]], repositories: Iterable[str]
) -> dict[str, tuple[Key, ...]]:
    """Add what lets the account use these images (as they were resolved) and repositories.

    `keys` says, by the id of an image of the image account, which keys encrypt its disks; other images need no share.
    Return, by image as it was resolved, what a machine of it must enter; under `repositories`, what pulls containers.
    """
    out: dict[str, tuple[Key, ...]] = {}
    for image in dict.fromkeys(images):
        identifier = image.partition(" ")[0]
        if identifier in keys:
            given = draft.once("image-share", f"image-{identifier}", image=identifier)
            out[image] = (given, *(_grant(draft, key) for key in keys[identifier]))
    out["repositories"] = tuple(_pull(draft, name) for name in dict.fromkeys(repositories))
    return out


def _grant(draft: Draft, key: str) -> Key:
    return draft.once("key-grant", f"key-{key.rpartition('/')[2]}", kms_key=key)


def _pull(draft: Draft, name: str) -> Key:
    return draft.once("repository-share", f"repository-{name.replace('/', '+')}", repository=name)
