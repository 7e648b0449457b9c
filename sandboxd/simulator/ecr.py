"""ECR: repositories with their images, and the one policy of each that says who may pull.

A policy is replaced as a whole, the last one wins, and one principal that is not there makes AWS refuse all of it.
"""

import re
from datetime import UTC, datetime
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.keys import stream
from sandboxd.simulator.policies import allows, checked, denies, rewritten, unknown
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

Shape = dict[str, Any]
_NAME = r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*"


def make(world: World, account: str, region: str, name: str, now: float, tags: tuple[str, ...] = ("latest",)) -> Row:
    """A repository with one image."""
    row = world.rows.make("repository", account, region, now, f"arn:aws:ecr:{region}:{account}:repository/{name}")
    digest = f"{stream(world, row.id).getrandbits(256):064x}"
    image = {"digest": f"sha256:{digest}", "tags": list(tags), "size": 56_729_126, "pushed": now}
    row.data = {"name": name, "policy": "", "images": [image]}
    return row


def _repository(world: World, q: Request) -> Row:
    name = str(q.parameters["repositoryName"])
    if not re.fullmatch(_NAME, name):
        words = "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '"
        raise ApiError("InvalidParameterException", f"{words}{_NAME}''")
    owner = q.parameters.get("registryId", q.account)
    for row in world.rows.of(q.account, q.region, "repository"):
        if row.data["name"] == name and owner == q.account:
            return row
    raise _none(name, owner)


def _pulled(world: World, q: Request) -> Row:
    """The repository that somebody pulls from: his own, or another account's whose policy lets him.

    Assumed, for no recording has it: one that is not there is said to be not there, to strangers too.
    """
    owner, name = str(q.parameters.get("registryId") or q.account), str(q.parameters["repositoryName"])
    if owner == q.account:
        return _repository(world, q)
    row = next((one for one in world.rows.of(owner, q.region, "repository") if one.data["name"] == name), None)
    if row is None:
        raise _none(name, owner)
    action, text = f"ecr:{q.operation}", row.data["policy"]
    words = f"User: {q.caller.arn} is not authorized to perform: {action} on resource: {row.id}"
    if denies(world, text, q.account, action):
        raise ApiError("AccessDeniedException", f"{words} with an explicit deny in a resource-based policy")
    if not allows(world, text, q.account, action):
        raise ApiError("AccessDeniedException", f"{words} because no resource-based policy allows the {action} action")
    return row


def batch_get_image(world: World, q: Request) -> Shape:
    """What is not there is a failure in the answer, no error."""
    row, images, failures = _pulled(world, q), list[Shape](), list[Shape]()
    q.parameters.get("acceptedMediaTypes")
    for asked in q.parameters["imageIds"]:
        found = next((one for one in row.data["images"] if _is(one, asked)), None)
        if found is None:
            failures.append(
                {"imageId": asked, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"}
            )
            continue
        shape = _image(row, found)
        images.append({
            "registryId": row.account, "repositoryName": row.data["name"], "imageId": {**asked, "imageDigest": found["digest"]},
            "imageManifest": "{}", "imageManifestMediaType": shape["imageManifestMediaType"],
        })  # fmt: skip
    return {"images": images, "failures": failures}


def _is(image: Shape, asked: Shape) -> bool:
    tag, digest = asked.get("imageTag"), asked.get("imageDigest")
    return (tag is None or tag in image["tags"]) and digest in (None, image["digest"])


def _none(name: str, owner: str) -> ApiError:
    words = f"The repository with name '{name}' does not exist in the registry with id '{owner}'"
    return ApiError("RepositoryNotFoundException", words)


def describe_repositories(world: World, q: Request) -> Shape:
    q.parameters.get("registryId")
    rows = world.rows.seen(q, "repository")
    if wanted := q.parameters.get("repositoryNames"):
        known = {row.data["name"]: row for row in rows}
        if missing := [name for name in wanted if name not in known]:
            raise _none(missing[0], q.account)
        rows = [known[name] for name in wanted]
    return _page(q, [_shape(row) for row in rows], "repositories")


def _shape(row: Row) -> Shape:
    name = row.data["name"]
    return {
        "repositoryArn": row.id, "registryId": row.account, "repositoryName": name,
        "repositoryUri": f"{row.account}.dkr.ecr.{row.region}.amazonaws.com/{name}",
        "createdAt": datetime.fromtimestamp(int(row.created), UTC), "imageTagMutability": "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": False}, "encryptionConfiguration": {"encryptionType": "AES256"},
    }  # fmt: skip


def describe_images(world: World, q: Request) -> Shape:
    row = _repository(world, q)
    return _page(q, [_image(row, one) for one in row.data["images"]], "imageDetails")


def _image(row: Row, one: Shape) -> Shape:
    kind = "application/vnd.docker"
    return {
        "registryId": row.account, "repositoryName": row.data["name"], "imageDigest": one["digest"], "imageTags": list(one["tags"]),
        "imageSizeInBytes": one["size"], "imagePushedAt": datetime.fromtimestamp(int(one["pushed"]), UTC),
        "imageManifestMediaType": f"{kind}.distribution.manifest.v2+json",
        "artifactMediaType": f"{kind}.container.image.v1+json",
    }  # fmt: skip


# ---- the policy
def _policy(row: Row, text: str) -> Shape:
    return {"registryId": row.account, "repositoryName": row.data["name"], "policyText": text}


def _no_policy(row: Row) -> ApiError:
    words = f"Repository policy does not exist for the repository with name '{row.data['name']}'"
    return ApiError("RepositoryPolicyNotFoundException", f"{words} in the registry with id '{row.account}'")


def get_policy(world: World, q: Request) -> Shape:
    row = _repository(world, q)  # a policy is read as it was written: documented of nothing else, and assumed
    if not row.data["policy"]:
        raise _no_policy(row)
    return _policy(row, row.data["policy"])


def set_policy(world: World, q: Request) -> Shape:
    row = _repository(world, q)
    q.parameters.get("force")  # only for a policy that shuts its writer out
    document = checked(q.parameters["policyText"], "InvalidParameterException")
    if unknown(world, document, q.now):
        words = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'"
        raise ApiError("InvalidParameterException", words)
    row.data["policy"] = rewritten(document)
    q.made(f"{row.data['name']} policy")
    return _policy(row, row.data["policy"])


def delete_policy(world: World, q: Request) -> Shape:
    row = _repository(world, q)
    if not (text := row.data["policy"]):
        raise _no_policy(row)
    row.data["policy"] = ""
    q.unmade(f"{row.data['name']} policy")
    return _policy(row, text)


def _page(q: Request, items: list[Shape], member: str) -> Shape:
    most, token = int(q.parameters.get("maxResults", 100)), str(q.parameters.get("nextToken", "0"))
    if not token.isdigit():
        raise ApiError("InvalidParameterException", "Invalid parameter at 'nextToken'")
    start = int(token)
    more = {"nextToken": str(start + most)} if start + most < len(items) else {}
    return {member: items[start : start + most]} | more


OPERATIONS = {
    "DescribeRepositories": describe_repositories, "DescribeImages": describe_images, "BatchGetImage": batch_get_image,
    "GetRepositoryPolicy": get_policy, "SetRepositoryPolicy": set_policy, "DeleteRepositoryPolicy": delete_policy,
}  # fmt: skip
