"""What a create looks up once before it is accepted: image references become ids, machine types become zones.

Reads only. A reference that leads nowhere is a refusal that says what was looked for and where. The result of an image
is its id and the names of its disks, the root device first: a machine asks for each of them by name.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from sandboxd.engine.paging import pages
from sandboxd.model.errors import BadRequest, NotFound
from sandboxd.model.ports import AwsError, Call, Scope

Where: TypeAlias = Literal["management", "owner", "ssm", "desktop"]


class Wanted(Struct, frozen=True):
    """An image reference as a profile has it: exactly one way of saying which."""

    where: Where
    name: str
    """a name, with * and ?, or the path of an SSM parameter; of a desktop, an image of AppStream"""
    owner: str = ""


def wanted(reference: Any) -> Wanted:
    """Return what a reference asks for: a struct or mapping with `management`, `owner` and `name`, `desktop`, or `ssm`."""
    if path := _member(reference, "ssm"):
        return Wanted("ssm", path)
    if name := _member(reference, "desktop"):
        return Wanted("desktop", name)
    if name := _member(reference, "management"):
        return Wanted("management", name)
    return Wanted("owner", _member(reference, "name"), _member(reference, "owner"))


def _member(reference: Any, name: str) -> str:
    value = reference.get(name) if isinstance(reference, Mapping) else getattr(reference, name, None)
    return str(value or "")


_LOOK = "Look at the images of that account in this region, or change `image` in the profile."


async def resolve_images(call: Call, image_account: str, scope: Scope, references: Mapping[str, Any]) -> dict[str, str]:
    """Return the id (and root device) behind each reference, by its name; raise NotFound `image_not_found`, or AwsError.

    `scope` is the tenant's account and region. Images of the image account need not be shared yet: a sandbox does that.
    """
    return {name: await _image(call, image_account, scope, wanted(one)) for name, one in references.items()}


async def _image(call: Call, image_account: str, scope: Scope, asked: Wanted) -> str:
    if asked.where == "ssm":
        return await _by_parameter(call, scope, asked)
    if asked.where == "desktop":
        return await _desktop(call, Scope(image_account, scope.region, ""), asked.name)
    owner, found, hint = asked.owner, list[Mapping[str, Any]](), _LOOK
    if asked.where == "management":
        # what is not shared yet only its owner sees
        owner = image_account
        try:
            found = await _named(call, Scope(image_account, scope.region, ""), owner, asked.name)
        except AwsError as error:
            if error.code != "WrongAccount":
                raise
            hint = f"The daemon may not act in {owner}: set `aws.image_role`, or share the image with {scope.account} there."
    found = found or await _named(call, scope, owner, asked.name)
    if not found:
        words = f"No image {asked.name!r} of {owner} can be used by account {scope.account} in {scope.region}."
        raise NotFound("image_not_found", words, hint)
    newest = max(found, key=lambda image: (image.get("CreationDate", ""), image["ImageId"]))
    return _with_device(newest)


async def _desktop(call: Call, scope: Scope, name: str) -> str:
    """The ARN of the newest image of AppStream that its owner has by this name; a tenant sees it only once it is shared."""
    answers = await pages(call, scope, "appstream", "DescribeImages", {"Type": "PRIVATE"})
    every = [one for answer in answers for one in answer.get("Images") or () if one.get("State") == "AVAILABLE"]
    found = [one for one in every if fnmatchcase(one["Name"], name)]
    if not found:
        raise NotFound(
            "image_not_found",
            f"The account {scope.account} has no AppStream image {name!r} in {scope.region}.",
            "Copy the image to this region, or change the desktop's `image` in the profile.",
        )
    return str(max(found, key=lambda one: (str(one.get("CreatedTime", "")), one["Name"]))["Arn"])


async def _named(call: Call, scope: Scope, owner: str, name: str) -> list[Mapping[str, Any]]:
    filters = [{"Name": "name", "Values": [name]}, {"Name": "state", "Values": ["available"]}]
    answer = await call(scope, "ec2", "DescribeImages", {"Owners": [owner], "Filters": filters})
    return list(answer.get("Images") or ())


async def _by_parameter(call: Call, scope: Scope, asked: Wanted) -> str:
    try:
        answer = await call(scope, "ssm", "GetParameter", {"Name": asked.name})
    except AwsError as error:
        if error.code != "ParameterNotFound":
            raise
        raise NotFound(
            "image_not_found",
            f"There is no SSM parameter {asked.name!r} in {scope.region}.",
            "Look at `image` in the profile; public ones begin with /aws/service/.",
        ) from error
    identifier = str(answer["Parameter"]["Value"])
    answer = await call(scope, "ec2", "DescribeImages", {"ImageIds": [identifier]})
    return _with_device(answer["Images"][0]) if answer.get("Images") else identifier


def _with_device(image: Mapping[str, Any]) -> str:
    root = image.get("RootDeviceName") or ""
    others = [one["DeviceName"] for one in image.get("BlockDeviceMappings") or () if "Ebs" in one]
    return " ".join(filter(None, (image["ImageId"], *dict.fromkeys([root, *(others if root else ())]))))


async def zones(call: Call, scope: Scope, types: Iterable[str]) -> list[str]:
    """Return the ids of the zones that offer all these machine types, in order; raise BadRequest if none does."""
    kinds = list(dict.fromkeys(types))
    offered = await _zone_ids(call, scope)
    for kind in kinds:
        here = await _offering(call, scope, kind)
        offered = {name: identifier for name, identifier in offered.items() if identifier in here}
    if not offered:
        raise BadRequest(
            "zone_not_found",
            f"No zone of {scope.region} offers {' and '.join(kinds)} together.",
            "Choose other machine types in the profile, or another region.",
            "/region",
        )
    return sorted(offered.values())


async def subnets(call: Call, scope: Scope, network: str) -> list[str]:
    """Return the ranges of all subnets in a VPC, whoever made them; nothing without a VPC."""
    if not network:
        return []
    parameters = {"Filters": [{"Name": "vpc-id", "Values": [network]}]}
    found = await pages(call, scope, "ec2", "DescribeSubnets", parameters)
    return [str(one["CidrBlock"]) for page in found for one in page.get("Subnets") or ()]


async def _zone_ids(call: Call, scope: Scope) -> dict[str, str]:
    answer = await call(scope, "ec2", "DescribeAvailabilityZones", {})
    usable = [zone for zone in answer["AvailabilityZones"] if zone.get("State", "available") == "available"]
    return {
        zone["ZoneName"]: zone["ZoneId"] for zone in usable if zone.get("ZoneType", "") in ("", "availability-zone")
    }


async def _offering(call: Call, scope: Scope, kind: str) -> set[str]:
    filters = [{"Name": "instance-type", "Values": [kind]}]
    parameters = {"LocationType": "availability-zone-id", "Filters": filters}
    found = await pages(call, scope, "ec2", "DescribeInstanceTypeOfferings", parameters)
    return {one["Location"] for page in found for one in page.get("InstanceTypeOfferings") or ()}
