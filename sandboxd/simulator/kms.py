"""KMS: keys, their policies, and grants on them, as far as images that are shared and volumes that are encrypted need.

A grant reaches all of KMS some seconds after it was made, in bad weather minutes; until then what it allows is refused.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.durations import draw
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.keys import EBS, arn, find, make, new_id, no_key, of_aws, stream, usable_by
from sandboxd.simulator.needs import open_to
from sandboxd.simulator.policies import account_of, checked, laid_out, root, unknown
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

Shape = dict[str, Any]
REACH = 300.0
"""seconds after which bad weather lets a grant reach everywhere, at most; documented: usually less than five minutes"""
OPERATIONS_OF_GRANTS = frozenset({
    "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo",
    "CreateGrant", "RetireGrant", "DescribeKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
})  # fmt: skip
"""what a grant on a key for encryption may allow"""


def default_policy(account: str) -> str:
    """The policy of a key that was made without one."""
    allow = {"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": root(account)}}
    return laid_out(
        {"Version": "2012-10-17", "Id": "key-default-1", "Statement": [allow | {"Action": "kms:*", "Resource": "*"}]}
    )


# ---- keys
def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _shape(row: Row) -> Shape:
    state = row.data["state"]
    return {
        "AWSAccountId": row.account, "KeyId": row.id, "Arn": arn(row), "CreationDate": _time(row.created),
        "Enabled": state == "Enabled", "Description": row.data["text"], "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": state,
        "Origin": "AWS_KMS", "KeyManager": row.data["manager"], "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT", "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"], "MultiRegion": False,
        "CurrentKeyMaterialId": hashlib.sha256(row.id.encode()).hexdigest(),
    }  # fmt: skip


def _key(world: World, q: Request) -> Row:
    """The key that a call names, where its caller may do what it asks."""
    name = str(q.parameters["KeyId"])
    row = find(world, q.account, q.region, name, q.now)
    if row is None:
        raise no_key(q, name)
    action = f"kms:{q.operation}"
    if not usable_by(world, row, q.account, action, q.now):
        words = f"User: {q.caller.arn} is not authorized to perform: {action} on resource: {arn(row)}"
        raise ApiError("AccessDeniedException", f"{words} because no resource-based policy allows the {action} action")
    return row


def create_key(world: World, q: Request) -> Shape:
    identifier = new_id(world, q.account, q.region, q.now, len(world.rows.of(q.account, q.region, "key")))
    row = make(world, q.account, q.region, q.now, identifier, text=q.parameters.get("Description", ""))
    row.data["policy"] = q.parameters.get("Policy") or default_policy(q.account)
    row.tags = {tag["TagKey"]: tag["TagValue"] for tag in q.parameters.get("Tags", ())}
    q.made(row.id)
    return {"KeyMetadata": _shape(row)}


def describe_key(world: World, q: Request) -> Shape:
    return {"KeyMetadata": _shape(_key(world, q))}


def list_keys(world: World, q: Request) -> Shape:
    rows = world.rows.seen(q, "key")
    return _page(q, [{"KeyId": row.id, "KeyArn": arn(row)} for row in rows], "Keys")


def list_aliases(world: World, q: Request) -> Shape:
    of_aws(world, q.account, q.region, q.now)
    wanted = q.parameters.get("KeyId", "")
    aliases = [
        {
            "AliasName": row.data["alias"], "AliasArn": f"arn:aws:kms:{q.region}:{q.account}:{row.data['alias']}",
            "TargetKeyId": row.id, "CreationDate": _time(row.created), "LastUpdatedDate": _time(row.created),
        }
        for row in world.rows.seen(q, "key") if row.data["alias"] and wanted in ("", row.id, arn(row))
    ]  # fmt: skip
    return _page(q, aliases, "Aliases")


def _switch(world: World, q: Request) -> Shape:
    row = _key(world, q)
    row.data["state"] = {"DisableKey": "Disabled", "EnableKey": "Enabled"}[q.operation]
    q.made(f"{row.id} state")
    return {}


def get_key_policy(world: World, q: Request) -> Shape:
    q.parameters.get("PolicyName")  # there is one, `default`
    row = _key(world, q)
    return {"Policy": row.data["policy"] or default_policy(row.account), "PolicyName": "default"}


def put_key_policy(world: World, q: Request) -> Shape:
    row, document = _key(world, q), checked(q.parameters["Policy"], "MalformedPolicyDocumentException")
    q.parameters.get("PolicyName")
    if unknown(world, document, q.now):
        words = "Policy contains a statement with one or more invalid principals."
        raise ApiError("MalformedPolicyDocumentException", words)
    row.data["policy"] = q.parameters["Policy"]
    q.made(f"{row.id} policy")
    return {}


# ---- grants
def create_grant(world: World, q: Request) -> Shape:
    key, grantee = _key(world, q), str(q.parameters.get("GranteePrincipal", ""))
    operations = list(q.parameters["Operations"])
    _check_grant(world, q, key, grantee, operations)
    name, asked = str(q.parameters.get("Name", "")), {"grantee": grantee, "operations": sorted(operations)}
    for known in world.rows.holders(key.id, q.now, "grant"):
        if name and known.data["name"] == name and {one: known.data[one] for one in asked} == asked:
            return {"GrantId": known.id, "GrantToken": _token(world, q, known.id)}
    rng = stream(world, key.id, name, q.now, len(world.rows.holders(key.id, q.now, "grant")))
    row = world.rows.make("grant", key.account, key.region, q.now, f"{rng.getrandbits(256):064x}")
    after = max(draw(rng, "grant.reach"), world.weather.late(q.now, REACH))
    row.data = asked | {"name": name, "issuer": q.account, "from": q.now + after}
    world.rows.refer(row, key=key.id)
    q.made(row.id)
    q.made(open_to(key.id, account_of(grantee)), after)
    return {"GrantId": row.id, "GrantToken": _token(world, q, row.id)}


def _check_grant(world: World, q: Request, key: Row, grantee: str, operations: list[str]) -> None:
    if key.data["state"] != "Enabled":
        raise ApiError("DisabledException", f"{arn(key)} is disabled.")
    if unfit := sorted(set(operations) - OPERATIONS_OF_GRANTS):
        raise ApiError("ValidationException", f"Operations {unfit} are not valid for the grant.")
    if unknown(world, {"Statement": [{"Principal": {"AWS": [grantee]}}]}, q.now):
        raise ApiError("InvalidArnException", f"Invalid principal: {grantee}")  # words assumed, the code is documented


def _token(world: World, q: Request, grant: str) -> str:
    return f"{stream(world, grant, q.now).getrandbits(512):0128x}"


def list_grants(world: World, q: Request) -> Shape:
    key = _key(world, q)
    rows = [row for row in world.rows.seen(q, "grant") if row.refs.get("key") == key.id]
    if wanted := q.parameters.get("GrantId"):
        rows = [row for row in rows if row.id == wanted]
    if grantee := q.parameters.get("GranteePrincipal"):
        rows = [row for row in rows if row.data["grantee"] == grantee]
    return _page(q, [_grant(key, row) for row in rows], "Grants")


def _grant(key: Row, row: Row) -> Shape:
    return {
        "KeyId": arn(key), "GrantId": row.id, "CreationDate": _time(row.created), "GranteePrincipal": row.data["grantee"],
        "IssuingAccount": root(row.data["issuer"]), "Operations": list(row.data["operations"]),
    } | ({"Name": row.data["name"]} if row.data["name"] else {})  # fmt: skip


def revoke_grant(world: World, q: Request) -> Shape:
    key, wanted = _key(world, q), q.parameters["GrantId"]
    row = next((one for one in world.rows.holders(key.id, q.now, "grant") if one.id == wanted and one.shows(q)), None)
    if row is None:
        raise ApiError("NotFoundException", f"Grant ID {wanted} not found")  # words assumed, the code is documented
    world.rows.drop(row)
    q.unmade(row.id)
    return {}


def _page(q: Request, items: list[Shape], member: str) -> Shape:
    """One page; `Truncated` is always said, the marker only where it leads on."""
    most, marker = int(q.parameters.get("Limit", 50)), q.parameters.get("Marker", "page-0")
    if not marker.startswith("page-") or not marker[5:].isdigit():
        raise ApiError("InvalidMarkerException", "Could not deserialize marker")
    start = int(marker[5:])
    more = start + most < len(items)
    return {member: items[start : start + most], "Truncated": more} | (
        {"NextMarker": f"page-{start + most}"} if more else {}
    )


OPERATIONS = {
    "CreateKey": create_key, "DescribeKey": describe_key, "ListKeys": list_keys, "ListAliases": list_aliases,
    "DisableKey": _switch, "EnableKey": _switch, "GetKeyPolicy": get_key_policy, "PutKeyPolicy": put_key_policy,
    "CreateGrant": create_grant, "ListGrants": list_grants, "RevokeGrant": revoke_grant,
}  # fmt: skip
__all__ = ["EBS", "OPERATIONS", "default_policy"]
