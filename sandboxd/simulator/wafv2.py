"""AWS WAF, version 2, for load balancers of a region: web ACLs, their lock tokens, and which load balancer has which.

WAF learns of a new load balancer late, and of a new ACL too; what it says until then sounds like something that is gone.
"""

import copy
import random
import re
import uuid

from sandboxd.simulator.calls import Request
from sandboxd.simulator.durations import draw
from sandboxd.simulator.ec2.shapes import Shape, tag_list
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.wafv2_rules import capacity, invalid, nonexistent, shown
from sandboxd.simulator.world import World

MOST = 100
"""things on a page unless a call asks for fewer"""
ACL_LATE = 120.0
"""seconds by which bad weather lets a new ACL be known late, at most"""
_DUPLICATE = (
    "AWS WAF couldn’t perform the operation because some resource in your request is a duplicate of an existing one."
)
_IN_USE = (
    "AWS WAF couldn’t perform the operation because your resource is being used by another resource or it’s associated "
    "with another resource."
)
_LOCKED = (
    "AWS WAF couldn’t save your changes because someone changed the resource after you started to edit it. Reapply your "
    "changes."
)
_RETRY = "AWS WAF couldn’t retrieve the resource that you requested. Retry your request."


def _unavailable() -> ApiError:
    return ApiError("WAFUnavailableEntityException", _RETRY)


def _check_scope(q: Request) -> None:
    if q.parameters["Scope"] != "REGIONAL":
        raise invalid("The simulator knows the scope REGIONAL only.", "SCOPE_VALUE", q.parameters["Scope"])


# ---- web ACLs
def create_web_acl(world: World, q: Request) -> Shape:
    _check_scope(q)
    name, rules = q.parameters["Name"], q.parameters.get("Rules") or []
    if not re.fullmatch(r"[\w-]{1,128}", name):
        raise invalid("The name contains characters that are not valid.", "ENTITY_NAME", name)
    acls = world.rows.of(q.account, q.region, "web-acl")
    if any(row.data["name"] == name for row in acls):
        raise ApiError("WAFDuplicateItemException", _DUPLICATE)
    used = capacity(rules)
    world.check_quota("web_acls", len(acls))
    stream = random.Random(f"{world.rows.seed} {q.account} {q.region} {name} {q.now}")
    number = _uuid(stream)
    arn = f"arn:aws:wafv2:{q.region}:{q.account}:regional/webacl/{name}/{number}"
    row = world.rows.make("web-acl", q.account, q.region, q.now, arn)
    row.tags = {tag["Key"]: tag.get("Value", "") for tag in q.parameters.get("Tags") or ()}
    after = draw(stream, "waf.acl") + world.weather.late(q.now, ACL_LATE)
    row.data = copy.deepcopy({
        "name": name, "number": number, "lock": _uuid(stream), "text": q.parameters.get("Description", ""), "rules": rules,
        "action": q.parameters["DefaultAction"], "visibility": q.parameters["VisibilityConfig"], "capacity": used,
        "from": q.now + after,
    })  # fmt: skip
    q.made(row.id, after)
    return {"Summary": _summary(row)}


def _uuid(stream: random.Random) -> str:
    return str(uuid.UUID(int=stream.getrandbits(128), version=4))


def _summary(row: Row) -> Shape:
    data = row.data
    about = {"Description": data["text"], "LockToken": data["lock"], "ARN": row.id}
    return {"Name": data["name"], "Id": data["number"], **about}


def _acl(row: Row) -> Shape:
    data = copy.deepcopy(row.data)
    return {
        "Name": data["name"], "Id": data["number"], "ARN": row.id, "DefaultAction": data["action"],
        "Description": data["text"], "Rules": [shown(rule) for rule in data["rules"]], "VisibilityConfig": data["visibility"],
        "Capacity": data["capacity"], "ManagedByFirewallManager": False,
        "LabelNamespace": f"awswaf:{row.account}:webacl:{data['name']}:", "RetrofittedByFirewallManager": False,
        "OnSourceDDoSProtectionConfig": {"ALBLowReputationMode": "ACTIVE_UNDER_DDOS"},
    }  # fmt: skip


def _seen(world: World, q: Request, arn: str) -> Row:
    """What a read finds."""
    return world.rows.seen(q, "web-acl", [arn])[0]


def get_web_acl(world: World, q: Request) -> Shape:
    if arn := q.parameters.get("ARN"):
        row = _seen(world, q, arn)
    else:
        _check_scope(q)
        row = _seen(world, q, _arn(q))
    return {"WebACL": _acl(row), "LockToken": row.data["lock"]}


def _arn(q: Request) -> str:
    name, number = q.parameters["Name"], q.parameters["Id"]
    return f"arn:aws:wafv2:{q.region}:{q.account}:regional/webacl/{name}/{number}"


def list_web_acls(world: World, q: Request) -> Shape:
    """Pages by name; the marker is the last name, on the last page too: only an empty page has none."""
    _check_scope(q)
    most, after = int(q.parameters.get("Limit") or MOST), q.parameters.get("NextMarker") or ""
    rows = sorted(world.rows.seen(q, "web-acl"), key=lambda row: str(row.data["name"]))
    shown = [row for row in rows if row.data["name"] > after][:most]
    marker = {"NextMarker": shown[-1].data["name"]} if shown else {}
    return {"WebACLs": [_summary(row) for row in shown], **marker}


def delete_web_acl(world: World, q: Request) -> Shape:
    _check_scope(q)
    row = world.rows.get("web-acl", _arn(q), q)
    if q.parameters["LockToken"] != row.data["lock"]:
        raise ApiError("WAFOptimisticLockException", _LOCKED)
    if world.rows.holders(row.id, q.now, "load-balancer"):
        raise ApiError("WAFAssociatedItemException", _IN_USE)
    world.rows.drop(row)
    q.unmade(row.id)
    return {}


def list_tags(world: World, q: Request) -> Shape:
    q.parameters.get("Limit")  # one page holds them all
    row = _seen(world, q, q.parameters["ResourceARN"])
    return {"NextMarker": "", "TagInfoForResource": {"ResourceARN": row.id, "TagList": tag_list(row)}}


# ---- which load balancer has which
def _balancer(world: World, q: Request) -> Row:
    """A load balancer as WAF knows it: only application load balancers have an ACL, and only once they are there."""
    arn = q.parameters["ResourceArn"]
    if ":loadbalancer/app/" not in arn:
        raise invalid(
            "The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons or slashes.",
            "RESOURCE_ARN", arn,
        )  # fmt: skip
    row = world.rows.find(arn)
    if row is None or (row.kind, row.account, row.region) != ("load-balancer", q.account, q.region):
        raise nonexistent()
    return row


def associate_web_acl(world: World, q: Request) -> Shape:
    """One ACL a load balancer: another one is replaced without a word."""
    acl, balancer = world.rows.get("web-acl", q.parameters["WebACLArn"], q), _balancer(world, q)
    if balancer.state(q.now) != "active":
        raise nonexistent()
    if q.now < max(balancer.data["waf_from"], acl.data["from"]):
        raise _unavailable()
    frees = () if "acl" not in balancer.refs else (balancer.refs["acl"],)
    world.rows.unrefer(balancer, "acl")
    world.rows.refer(balancer, acl=acl.id)
    after = world.draw("waf.applies") + world.weather.late(q.now)
    balancer.data["acl_from"] = q.now + after
    q.made(f"{balancer.id} acl", after, frees=frees)
    return {}


def disassociate_web_acl(world: World, q: Request) -> Shape:
    balancer = _balancer(world, q)
    if (acl := balancer.refs.get("acl")) is not None:
        world.rows.unrefer(balancer, "acl")
        q.unmade(f"{balancer.id} acl", frees=(acl, balancer.id))
    return {}


def get_web_acl_for_resource(world: World, q: Request) -> Shape:
    """Without an ACL the answer is empty."""
    balancer = _balancer(world, q)
    acl = world.rows.find(balancer.refs.get("acl", ""))
    return {"WebACL": _acl(acl)} if acl is not None and q.now >= balancer.data["acl_from"] else {}


def list_resources(world: World, q: Request) -> Shape:
    if (kind := q.parameters.get("ResourceType", "APPLICATION_LOAD_BALANCER")) != "APPLICATION_LOAD_BALANCER":
        raise invalid("The simulator knows load balancers only.", "RESOURCE_TYPE", kind)
    row = _seen(world, q, q.parameters["WebACLArn"])
    held = world.rows.holders(row.id, q.now, "load-balancer")
    return {"ResourceArns": [one.id for one in held if q.now >= one.data["acl_from"]]}


OPERATIONS = {
    "CreateWebACL": create_web_acl, "GetWebACL": get_web_acl, "ListWebACLs": list_web_acls, "DeleteWebACL": delete_web_acl,
    "AssociateWebACL": associate_web_acl, "DisassociateWebACL": disassociate_web_acl,
    "GetWebACLForResource": get_web_acl_for_resource, "ListResourcesForWebACL": list_resources,
    "ListTagsForResource": list_tags,
}  # fmt: skip
