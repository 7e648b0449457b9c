"""IAM: roles with their managed policies, and the instance profiles that hand them to machines. Global: one store for all regions.

What EC2 makes of a profile, and from when on it knows one, stands in `ec2/profiles.py`.
"""

import json
import random
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sandboxd.simulator import iam_service_roles as linked
from sandboxd.simulator.appstream import roles as appstream
from sandboxd.simulator.calls import Request
from sandboxd.simulator.durations import CALL, draw
from sandboxd.simulator.ec2.profiles import arn as profile_arn
from sandboxd.simulator.ec2.shapes import with_tags
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.iam_pages import page, under_path
from sandboxd.simulator.needs import IAM as GLOBAL
from sandboxd.simulator.needs import in_profile, known_to_appstream, known_to_ec2, policy_of
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

Shape = dict[str, Any]
POLICIES = tuple(
    f"arn:aws:iam::aws:policy/{name}"
    for name in (
        "AmazonSSMManagedInstanceCore",
        "AmazonS3ReadOnlyAccess",
        "CloudWatchAgentServerPolicy",
        "ReadOnlyAccess",
        "service-role/AmazonAppStreamServiceAccess",
    )
)
"""of AWS's own policies, those that are known here"""
SERVICE_PATH = "/service-role/"
"""what services ask for stays in an account: the console makes such a role by itself"""
REACH = 150.0
"""seconds by which bad weather lets EC2 know a new profile, at most"""
IN_PROFILE = "Cannot delete entity, must remove roles from instance profile first."
ATTACHED = "Cannot delete entity, must detach all policies first."
_SHORTEST_ARN = 20


def global_store(_: World, q: Request) -> None:
    """Whatever region a call was sent to, it is about the one store."""
    q.region = GLOBAL


# ---- finding
def _no_such(words: str) -> ApiError:
    return ApiError("NoSuchEntity", words, 404)


def _named(world: World, q: Request, kind: str, name: str) -> Row | None:
    rows = world.rows.of(q.account, GLOBAL, kind)
    return next((row for row in rows if row.data["name"] == name), None)


_WORDS = {"role": "The role with name {} cannot be found.", "instance-profile": "Instance Profile {} cannot be found."}


def _get(world: World, q: Request, kind: str, name: str) -> Row:
    """What a call that changes something finds."""
    row = _named(world, q, kind, name)
    if row is None or not row.shows(q):
        raise _no_such(_WORDS[kind].format(name))
    world.rows.touch(row, q)
    return row


def _role(world: World, q: Request) -> Row:
    return _get(world, q, "role", q.parameters["RoleName"])


def _profile(world: World, q: Request) -> Row:
    return _get(world, q, "instance-profile", q.parameters["InstanceProfileName"])


def _seen(world: World, q: Request, kind: str, name: str) -> Row:
    """What a read finds."""
    for row in world.rows.seen(q, kind):
        if row.data["name"] == name:
            return row
    raise _no_such(_WORDS[kind].format(name))


def _make(world: World, q: Request, kind: str, name: str, exists: str, prefix: str) -> Row:
    path = q.parameters.get("Path", "/")
    if not (path.startswith("/") and path.endswith("/")):
        words = "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."
        raise ApiError("ValidationError", words)
    if _named(world, q, kind, name) is not None:
        raise ApiError("EntityAlreadyExists", exists.format(name), 409)
    world.check_quota(f"{kind}s", len(world.rows.of(q.account, GLOBAL, kind)))
    row = world.rows.make(kind, q.account, GLOBAL, q.now, f"{prefix}{_stream(world, q, name).getrandbits(68):017X}")
    row.data = {"name": name, "path": path}
    row.tags = {tag["Key"]: tag["Value"] for tag in q.parameters.get("Tags", ())}
    q.made(row.id)
    return row


def _stream(world: World, q: Request, name: str) -> random.Random:
    """A stream of its own for each call: with or without IAM, the durations of everything else are the same."""
    return random.Random(f"{world.rows.seed} {q.account} {q.operation} {name} {q.now}")


# ---- roles
def _role_shape(row: Row) -> Shape:
    path, name = row.data["path"], row.data["name"]
    return {
        "Path": path, "RoleName": name, "RoleId": row.id, "Arn": f"arn:aws:iam::{row.account}:role{path}{name}",
        "CreateDate": datetime.fromtimestamp(int(row.created), UTC),
        "AssumeRolePolicyDocument": quote(row.data["trust"], safe=""),
    } | ({"Description": row.data["text"]} if row.data["text"] else {})  # fmt: skip


def create_role(world: World, q: Request) -> Shape:
    document = q.parameters["AssumeRolePolicyDocument"]
    try:
        understood = isinstance(json.loads(document), dict)
    except ValueError:
        understood = False
    if not understood:
        raise ApiError("MalformedPolicyDocument", "This policy contains invalid Json")
    row = _make(world, q, "role", q.parameters["RoleName"], "Role with name {} already exists.", "AROA")
    row.data |= {"trust": document, "text": q.parameters.get("Description", ""), "policies": []}
    row.data["default"] = row.data["path"] == SERVICE_PATH
    if row.data["name"] == appstream.NAME:
        q.made(known_to_appstream(row.id), appstream.REACH - CALL)
    row.data["longest"] = q.parameters.get("MaxSessionDuration", 3600)
    return {"Role": with_tags(row, _role_shape(row))}


def get_role(world: World, q: Request) -> Shape:
    row = _seen(world, q, "role", q.parameters["RoleName"])
    about = {"MaxSessionDuration": row.data["longest"], "RoleLastUsed": {}}
    return {"Role": with_tags(row, _role_shape(row) | about)}


def list_roles(world: World, q: Request) -> Shape:
    rows = under_path(q, world.rows.seen(q, "role"))
    return page(q, [_role_shape(row) | {"MaxSessionDuration": row.data["longest"]} for row in rows], "Roles")


def create_service_linked_role(world: World, q: Request) -> Shape:
    return {"Role": _role_shape(linked.make(world, q))}


def delete_role(world: World, q: Request) -> Shape:
    row = _role(world, q)
    linked.check_modifiable(row)
    if world.rows.holders(row.id, q.now, "instance-profile"):
        raise ApiError("DeleteConflict", IN_PROFILE, 409)
    if row.data["policies"]:
        raise ApiError("DeleteConflict", ATTACHED, 409)
    world.rows.drop(row)
    q.unmade(row.id)
    return {}


# ---- managed policies
def _policy(q: Request) -> str:
    arn = str(q.parameters["PolicyArn"])
    if len(arn) < _SHORTEST_ARN or not arn.startswith("arn:"):
        raise ApiError("ValidationError", "Invalid ARN:  Could not be parsed!")
    return arn


def attach_role_policy(world: World, q: Request) -> Shape:
    row, arn = _role(world, q), _policy(q)
    if arn not in POLICIES:
        raise _no_such(f"Policy {arn} does not exist or is not attachable.")
    if arn not in row.data["policies"]:
        row.data["policies"] = [*row.data["policies"], arn]
        q.made(policy_of(row.id))
    return {}


def detach_role_policy(world: World, q: Request) -> Shape:
    row, arn = _role(world, q), _policy(q)
    if arn not in row.data["policies"]:
        raise _no_such(f"Policy {arn} was not found.")
    row.data["policies"] = [one for one in row.data["policies"] if one != arn]
    q.unmade(policy_of(row.id), frees=(row.id,))
    return {}


def list_attached_role_policies(world: World, q: Request) -> Shape:
    row = _seen(world, q, "role", q.parameters["RoleName"])
    every = [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in row.data["policies"]]
    return page(q, every, "AttachedPolicies")


# ---- instance profiles
def _profile_shape(world: World, row: Row) -> Shape:
    path, name = row.data["path"], row.data["name"]
    role = world.rows.find(row.refs.get("role", ""))
    return {
        "Path": path, "InstanceProfileName": name, "InstanceProfileId": row.id, "Arn": profile_arn(row),
        "CreateDate": datetime.fromtimestamp(int(row.created), UTC), "Roles": [_role_shape(role)] if role else [],
    }  # fmt: skip


def create_instance_profile(world: World, q: Request) -> Shape:
    name = q.parameters["InstanceProfileName"]
    row = _make(world, q, "instance-profile", name, "Instance Profile {} already exists.", "AIPA")
    after = max(draw(_stream(world, q, f"{name} reach"), "profile.reach"), world.weather.late(q.now, REACH))
    row.data["ec2_from"] = q.now + after
    q.made(known_to_ec2(row.id), after)
    return {"InstanceProfile": with_tags(row, _profile_shape(world, row))}


def get_instance_profile(world: World, q: Request) -> Shape:
    row = _seen(world, q, "instance-profile", q.parameters["InstanceProfileName"])
    return {"InstanceProfile": with_tags(row, _profile_shape(world, row))}


def list_instance_profiles(world: World, q: Request) -> Shape:
    rows = under_path(q, world.rows.seen(q, "instance-profile"))
    return page(q, [_profile_shape(world, row) for row in rows], "InstanceProfiles")


def delete_instance_profile(world: World, q: Request) -> Shape:
    row = _profile(world, q)
    if "role" in row.refs:
        raise ApiError("DeleteConflict", IN_PROFILE, 409)
    world.rows.drop(row)
    q.unmade(row.id)
    return {}


def add_role(world: World, q: Request) -> Shape:
    profile, role = _profile(world, q), _role(world, q)
    if "role" in profile.refs:
        words = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"
        raise ApiError("LimitExceeded", words, 409)
    world.rows.refer(profile, role=role.id)
    q.made(in_profile(profile.id))
    return {}


def remove_role(world: World, q: Request) -> Shape:
    profile, role = _profile(world, q), _role(world, q)
    if profile.refs.get("role") != role.id:
        raise _no_such(_WORDS["role"].format(role.data["name"]))
    world.rows.unrefer(profile, "role")
    q.unmade(in_profile(profile.id), frees=(profile.id, role.id))
    return {}


OPERATIONS = {
    "CreateRole": create_role, "GetRole": get_role, "ListRoles": list_roles, "DeleteRole": delete_role,
    "CreateServiceLinkedRole": create_service_linked_role,
    "AttachRolePolicy": attach_role_policy, "DetachRolePolicy": detach_role_policy,
    "ListAttachedRolePolicies": list_attached_role_policies,
    "CreateInstanceProfile": create_instance_profile, "GetInstanceProfile": get_instance_profile,
    "ListInstanceProfiles": list_instance_profiles, "DeleteInstanceProfile": delete_instance_profile,
    "AddRoleToInstanceProfile": add_role, "RemoveRoleFromInstanceProfile": remove_role,
}  # fmt: skip
