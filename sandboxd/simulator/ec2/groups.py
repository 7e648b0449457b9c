"""Security groups and their rules. A rule is a row of its own; permissions are rules put together by protocol and ports."""

from typing import Any

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.making import new_group
from sandboxd.simulator.ec2.shapes import (
    Shape,
    arn,
    boolean,
    listed,
    member,
    page,
    requested_tags,
    required,
    select,
    tag_list,
    with_tags,
)
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

_SOURCES = (
    ("IpRanges", "CidrIp"),
    ("Ipv6Ranges", "CidrIpv6"),
    ("PrefixListIds", "PrefixListId"),
    ("UserIdGroupPairs", "GroupId"),
)


def create_security_group(world: World, q: Request) -> Shape:
    vpc = _vpc(world, q)
    name = required(q, "GroupName")
    required(q, "Description")
    if any(row.data["name"] == name for row in world.rows.holders(vpc.id, q.now, "security-group")):
        raise ApiError("InvalidGroup.Duplicate", f"The security group '{name}' already exists for VPC '{vpc.id}'")
    world.check_quota("security_groups", len(world.rows.of(q.account, q.region, "security-group")))
    group = new_group(world, vpc, q.now, name, q.parameters["Description"], default=False)
    group.tags = requested_tags(q, "security-group")
    q.made(group.id)
    out: Shape = {"GroupId": group.id, "SecurityGroupArn": arn(group, "security-group")}
    return with_tags(group, out)


def _vpc(world: World, q: Request) -> Row:
    if named := q.parameters.get("VpcId"):
        return world.rows.get("vpc", named, q)
    for row in world.rows.of(q.account, q.region, "vpc"):
        if row.data["default"]:
            return row
    raise ApiError("VPCIdNotSpecified", "No default VPC for this user")


def _group(world: World, row: Row, now: float) -> Shape:
    rules = [rule for rule in world.rows.holders(row.id, now, "rule") if rule.refs["group"] == row.id]
    return with_tags(row, {
        "GroupId": row.id, "GroupName": row.data["name"], "Description": row.data["description"],
        "OwnerId": row.account, "VpcId": row.refs["vpc"], "SecurityGroupArn": arn(row, "security-group"),
        "IpPermissions": _permissions([r for r in rules if not r.data["egress"]]),
        "IpPermissionsEgress": _permissions([r for r in rules if r.data["egress"]]),
    })  # fmt: skip


def _permissions(rules: list[Row]) -> list[Shape]:
    out: dict[tuple[Any, ...], Shape] = {}
    for rule in rules:
        data = rule.data
        key = (data["protocol"], data["from"], data["to"])
        permission = out.setdefault(key, {"IpProtocol": data["protocol"], **{name: [] for name, _ in _SOURCES}})
        if data["protocol"] != "-1":
            permission |= {"FromPort": data["from"], "ToPort": data["to"]}
        source: Shape = {data["member"]: data["source"]}
        if data["list"] == "UserIdGroupPairs":
            source |= {"UserId": rule.account}
        permission[data["list"]].append(source | ({"Description": data["text"]} if data["text"] else {}))
    return list(out.values())


def describe_security_groups(world: World, q: Request) -> Shape:
    rows = listed(world, q, "security-group", q.parameters.get("GroupIds"))
    if names := q.parameters.get("GroupNames"):
        rows = [row for row in rows if row.data["name"] in names]
    filters = {
        "group-id": member("GroupId"),
        "group-name": member("GroupName"),
        "vpc-id": member("VpcId"),
        "description": member("Description"),
        "owner-id": member("OwnerId"),
    }
    return page(q, select(q, rows, lambda row: _group(world, row, q.now), filters), "SecurityGroups")


def delete_security_group(world: World, q: Request) -> Shape:
    group = world.rows.get("security-group", required(q, "GroupId"), q)
    if group.data["default"]:
        raise ApiError("CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user')
    own = [row for row in world.rows.holders(group.id, q.now, "rule") if row.refs["group"] == group.id]
    if len(own) < len(world.rows.holders(group.id, q.now)):
        raise ApiError("DependencyViolation", f"resource {group.id} has a dependent object")
    q.unmade(group.id, frees=(group.refs["vpc"], *(row.refs["peer"] for row in own if "peer" in row.refs)))
    for row in (*own, group):
        world.rows.drop(row)
    return {"Return": True, "GroupId": group.id}


# ---- rules
def describe_security_group_rules(world: World, q: Request) -> Shape:
    rows = listed(world, q, "rule", None)
    if ids := q.parameters.get("SecurityGroupRuleIds"):
        known = {row.id: row for row in rows}
        if missing := [one for one in ids if one not in known]:
            words = f"The security group rule ID '{missing[0]}' does not exist"
            raise ApiError("InvalidSecurityGroupRuleId.NotFound", words)
        rows = [known[one] for one in ids]
    filters = {
        "group-id": member("GroupId"),
        "security-group-rule-id": member("SecurityGroupRuleId"),
        "is-egress": boolean("IsEgress"),
    }
    shapes = select(q, rows, lambda row: _rule(row) | {"Tags": tag_list(row)}, filters)
    return page(q, shapes, "SecurityGroupRules")


def _rule(row: Row) -> Shape:
    data = row.data
    shape: Shape = {
        "SecurityGroupRuleId": row.id,
        "GroupId": row.refs["group"],
        "GroupOwnerId": row.account,
        "IsEgress": data["egress"],
        "IpProtocol": data["protocol"],
        "FromPort": data["from"],
        "ToPort": data["to"],
        "SecurityGroupRuleArn": arn(row, "security-group-rule"),
    }
    match data["list"]:
        case "IpRanges":
            shape["CidrIpv4"] = data["source"]
        case "Ipv6Ranges":
            shape["CidrIpv6"] = data["source"]
        case "PrefixListIds":
            shape["PrefixListId"] = data["source"]
        case _:
            shape["ReferencedGroupInfo"] = {"GroupId": data["source"], "UserId": row.account}
    return shape | ({"Description": data["text"]} if data["text"] else {})


def _authorize(world: World, q: Request, *, egress: bool) -> Shape:
    group = world.rows.get("security-group", required(q, "GroupId"), q)
    wanted = list(_wanted(world, q))
    have = [_identity(row) for row in _rules(world, group, q.now, egress)]
    for one in wanted:
        if _identity_of(one) in have:
            raise ApiError("InvalidPermission.Duplicate", _duplicate(one))
    world.check_quota("rules", len(have), len(wanted))
    made = [_make(world, q, group, one, egress) for one in wanted]
    return {"Return": True, "SecurityGroupRules": [with_tags(row, _rule(row)) for row in made]}


def _make(world: World, q: Request, group: Row, data: Shape, egress: bool) -> Row:
    row = world.rows.make("rule", q.account, q.region, q.now)
    row.data = data | {"egress": egress}
    row.tags = requested_tags(q, "security-group-rule")
    world.rows.refer(row, group=group.id)
    if data["list"] == "UserIdGroupPairs" and data["source"] != group.id:
        world.rows.refer(row, peer=data["source"])
    q.made(row.id)
    return row


def _wanted(world: World, q: Request) -> list[Shape]:
    out: list[Shape] = []
    for permission in required(q, "IpPermissions"):
        for name, key in _SOURCES:
            for source in permission.get(name, ()):
                if key == "GroupId":
                    world.rows.get("security-group", source[key], q)
                about = {"list": name, "member": key, "source": source[key], "text": source.get("Description", "")}
                out.append(_traffic(permission) | about)
    return out


_PROTOCOLS = {"-1": "-1", "6": "tcp", "17": "udp", "1": "icmp", "tcp": "tcp", "udp": "udp", "icmp": "icmp"}


def _traffic(permission: Shape) -> Shape:
    """Protocol and ports as AWS keeps them: names for the known numbers, no ports for all traffic."""
    asked = str(permission.get("IpProtocol", ""))
    if (protocol := _PROTOCOLS.get(asked.lower())) is None:
        words = f'Unsupported IP protocol "{asked}"  - supported: [tcp, udp, icmp]'
        raise ApiError("InvalidPermission.Malformed", words)
    if protocol == "-1":
        return {"protocol": "-1", "from": -1, "to": -1}
    if "FromPort" not in permission or "ToPort" not in permission:
        raise ApiError("InvalidParameterValue", f"Invalid value 'Must specify both from and to ports with {protocol}'.")
    return {"protocol": protocol, "from": permission["FromPort"], "to": permission["ToPort"]}


def _identity(row: Row) -> tuple[Any, ...]:
    return _identity_of(row.data)


def _identity_of(data: Shape) -> tuple[Any, ...]:
    return (data["protocol"], data["from"], data["to"], data["list"], data["source"])


def _duplicate(data: Shape) -> str:
    if data["protocol"] == "-1":
        return f'the specified rule "peer: {data["source"]}, ALL, ALLOW" already exists'
    ports = f"from port: {data['from']}, to port: {data['to']}"
    return f'the specified rule "peer: {data["source"]}, {data["protocol"].upper()}, {ports}, ALLOW" already exists'


def _rules(world: World, group: Row, now: float, egress: bool) -> list[Row]:
    rules = world.rows.holders(group.id, now, "rule")
    return [row for row in rules if row.refs["group"] == group.id and row.data["egress"] == egress]


def _revoke(world: World, q: Request, *, egress: bool) -> Shape:
    group = world.rows.get("security-group", required(q, "GroupId"), q)
    rules = _rules(world, group, q.now, egress)
    if ids := q.parameters.get("SecurityGroupRuleIds"):
        gone = [row for row in rules if row.id in ids]
        if len(gone) < len(ids):
            missing = next(one for one in ids if one not in {row.id for row in gone})
            words = f"The security group rule ID '{missing}' does not exist"
            raise ApiError("InvalidSecurityGroupRuleId.NotFound", words)
    else:
        wanted = [_identity_of(one) for one in _wanted(world, q)]
        gone = [row for row in rules if _identity(row) in wanted]
        if not gone:
            words = "The specified rule does not exist in this security group."
            raise ApiError("InvalidPermission.NotFound", words)
    for row in gone:
        world.rows.drop(row)
        q.unmade(row.id, frees=(row.refs["peer"],) if "peer" in row.refs else ())
    return {"Return": True, "RevokedSecurityGroupRules": [_revoked(row) for row in gone]}


def _revoked(row: Row) -> Shape:
    shape = _rule(row)
    if group := shape.pop("ReferencedGroupInfo", None):
        shape["ReferencedGroupId"] = group["GroupId"]
    return {k: v for k, v in shape.items() if k not in ("GroupOwnerId", "SecurityGroupRuleArn")}


OPERATIONS = {
    "CreateSecurityGroup": create_security_group, "DescribeSecurityGroups": describe_security_groups,
    "DeleteSecurityGroup": delete_security_group, "DescribeSecurityGroupRules": describe_security_group_rules,
    "AuthorizeSecurityGroupIngress": lambda world, q: _authorize(world, q, egress=False),
    "AuthorizeSecurityGroupEgress": lambda world, q: _authorize(world, q, egress=True),
    "RevokeSecurityGroupIngress": lambda world, q: _revoke(world, q, egress=False),
    "RevokeSecurityGroupEgress": lambda world, q: _revoke(world, q, egress=True),
}  # fmt: skip
