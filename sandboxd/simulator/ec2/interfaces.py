"""Network interfaces: those of services and machines go with them, plain ones stay until somebody deletes them."""

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.making import check_address, group_name, new_interface
from sandboxd.simulator.ec2.shapes import (
    Shape,
    boolean,
    listed,
    member,
    moment,
    page,
    private_dns,
    requested_tags,
    required,
    select,
    tag_list,
)
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World


def create_network_interface(world: World, q: Request) -> Shape:
    subnet = world.rows.get("subnet", required(q, "SubnetId"), q)
    groups = [world.rows.get("security-group", one, q) for one in q.parameters.get("Groups", ())]
    if any(one.refs["vpc"] != subnet.refs["vpc"] for one in groups):
        raise ApiError("InvalidParameterValue", "You have specified two resources that belong to different networks.")
    world.check_quota("interfaces", len(world.rows.of(q.account, q.region, "interface")))
    if address := q.parameters.get("PrivateIpAddress", ""):
        check_address(world, subnet, q.now, address, 1)
    text = q.parameters.get("Description", "")
    row = new_interface(world, subnet, q.now, text, "interface", [one.id for one in groups], address=address)
    row.tags = requested_tags(q, "network-interface")
    row.data["plain"] = True
    q.made(row.id)
    return {"NetworkInterface": _at_first(_interface(world, row))}


def _at_first(shape: Shape) -> Shape:
    """What the very reply says: not there yet, and without the names that a look shows."""
    places = [{name: one[name] for name in one if name != "PrivateDnsName"} for one in shape["PrivateIpAddresses"]]
    bare = {name: value for name, value in shape.items() if name != "PrivateDnsName"}
    return bare | {"Status": "pending", "PrivateIpAddresses": places}


def delete_network_interface(world: World, q: Request) -> Shape:
    """What is attached stays, and what a service manages."""
    row = world.rows.get("interface", required(q, "NetworkInterfaceId"), q)
    if not is_free(row):
        raise ApiError("InvalidParameterValue", f"Network interface '{row.id}' is currently in use.")
    if is_managed(row):
        raise ApiError("OperationNotPermitted", f"You are not allowed to manage the network interface '{row.id}'.")
    world.rows.drop(row)
    q.unmade(row.id, frees=tuple(row.refs.values()))
    return {}


def is_managed(row: Row) -> bool:
    """Whether a service made it."""
    return row.data["type"] != "interface" or "requester" in row.data or row.data.get("managed", False)


def is_free(row: Row) -> bool:
    """Whether it was made by itself and is attached to nothing."""
    return "plain" in row.data and "machine" not in row.refs


def describe_network_interfaces(world: World, q: Request) -> Shape:
    rows = listed(world, q, "interface", q.parameters.get("NetworkInterfaceIds"))
    filters = {
        "network-interface-id": member("NetworkInterfaceId"),
        "subnet-id": member("SubnetId"),
        "vpc-id": member("VpcId"),
        "status": member("Status"),
        "description": member("Description"),
        "interface-type": member("InterfaceType"),
        "requester-managed": boolean("RequesterManaged"),
        "group-id": lambda _, s: [group["GroupId"] for group in s["Groups"]],
        "attachment.instance-id": lambda _, s: [
            one["InstanceId"] for one in [s.get("Attachment", {})] if "InstanceId" in one
        ],
    }
    return page(q, select(q, rows, lambda row: _interface(world, row), filters), "NetworkInterfaces")


def _interface(world: World, row: Row) -> Shape:
    data = row.data
    dns = private_dns(data["ip"], row.region)
    service = is_managed(row)
    shape: Shape = {
        "NetworkInterfaceId": row.id,
        "SubnetId": row.refs["subnet"],
        "VpcId": data["vpc"],
        "Description": data["text"],
        "InterfaceType": data["type"],
        "OwnerId": row.account,
        "PrivateIpAddress": data["ip"],
        "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": data["ip"], "PrivateDnsName": dns}],
        "PrivateDnsName": dns,
        "Ipv6Addresses": [],
        "RequesterManaged": service,
        "SourceDestCheck": data["type"] == "interface",
        "Status": "available" if is_free(row) else "in-use",
        "TagSet": tag_list(row),
        "AvailabilityZone": data["zone"],
        "MacAddress": data["mac"],
        "Groups": [{"GroupId": g, "GroupName": group_name(world, g)} for g in data.get("groups", ())],
    }
    if not is_free(row):
        shape["Attachment"] = _attachment(row)
    if service:
        shape["RequesterId"] = data.get("requester", "058264280000")
    if public := data.get("public"):
        own = {"IpOwnerId": row.account, "AllocationId": data["allocation"]} if "allocation" in data else {}
        address = world.rows.find(data.get("allocation", ""))
        bound = (
            {"AssociationId": address.data["association"]}
            if address is not None and "association" in address.data
            else {}
        )
        shape["Association"] = {"PublicIp": public, "PublicDnsName": "", "IpOwnerId": "amazon"} | own | bound
        shape["PrivateIpAddresses"][0]["Association"] = shape["Association"]
    return shape


def _attachment(row: Row) -> Shape:
    data = row.data
    base: Shape = {"AttachmentId": data["attachment"], "Status": "attached"}
    if machine := row.refs.get("machine"):
        return base | {
            "AttachTime": moment(row.created),
            "DeviceIndex": 0,
            "NetworkCardIndex": 0,
            "InstanceId": machine,
            "InstanceOwnerId": row.account,
            "DeleteOnTermination": True,
        }
    if data["type"] == "interface":  # of a service that puts it into a network for each of its machines
        owner = {"InstanceOwnerId": data.get("requester", "amazon-aws"), "AttachTime": moment(row.created)}
        return base | owner | {"NetworkCardIndex": 0, "DeviceIndex": 1, "DeleteOnTermination": False}
    base["AttachmentId"] = data["attachment"].replace("eni-attach-", "ela-attach-")
    return base | {"DeviceIndex": 1, "InstanceOwnerId": "amazon-aws", "DeleteOnTermination": False}


OPERATIONS = {
    "CreateNetworkInterface": create_network_interface,
    "DeleteNetworkInterface": delete_network_interface,
    "DescribeNetworkInterfaces": describe_network_interfaces,
}
