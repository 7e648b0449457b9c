"""Elastic IPs and network interfaces, with the traps of their release."""

from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.making import group_name, public_ip
from sandboxd.simulator.ec2.shapes import (
    Shape,
    boolean,
    listed,
    member,
    moment,
    page,
    private_dns,
    requested_tags,
    select,
    tag_list,
    with_tags,
)
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World


def allocate_address(world: World, q: Request) -> Shape:
    if (domain := q.parameters.get("Domain", "vpc")) != "vpc":
        raise ApiError("InvalidParameterValue", f"Value ({domain}) for parameter domain is invalid.")
    world.check_quota("elastic_ips", len(world.rows.of(q.account, q.region, "elastic-ip")))
    address = world.rows.make("elastic-ip", q.account, q.region, q.now)
    address.data = {"ip": public_ip(world)}
    address.tags = requested_tags(q, "elastic-ip")
    q.made(address.id)
    return {
        "PublicIp": address.data["ip"],
        "AllocationId": address.id,
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": q.region,
        "Domain": "vpc",
    }


def _address(world: World, row: Row, now: float) -> Shape:
    shape: Shape = {
        "PublicIp": row.data["ip"],
        "AllocationId": row.id,
        "Domain": "vpc",
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": row.region,
    }
    if (interface := bound_to(world, row, now)) is not None:
        shape |= {
            "AssociationId": row.data["association"],
            "NetworkInterfaceId": interface.id,
            "NetworkInterfaceOwnerId": row.account,
            "PrivateIpAddress": interface.data["ip"],
        }
    return with_tags(row, shape)


def bound_to(world: World, address: Row, now: float) -> Row | None:
    """The interface that holds an address; it lets go some seconds after its gateway is gone."""
    if (held := address.refs.get("interface")) is None:
        return None
    if (free_at := address.data.get("free_at")) is not None and free_at <= now:
        world.rows.unrefer(address, "interface")
        return None
    return world.rows.find(held)


def describe_addresses(world: World, q: Request) -> Shape:
    rows = listed(world, q, "elastic-ip", q.parameters.get("AllocationIds"))
    if addresses := q.parameters.get("PublicIps"):
        rows = [row for row in rows if row.data["ip"] in addresses]
    filters = {
        "allocation-id": member("AllocationId"),
        "association-id": member("AssociationId"),
        "public-ip": member("PublicIp"),
        "domain": member("Domain"),
        "network-interface-id": member("NetworkInterfaceId"),
    }
    return {"Addresses": select(q, rows, lambda row: _address(world, row, q.now), filters)}


def release_address(world: World, q: Request) -> Shape:
    if "AllocationId" not in q.parameters:
        words = "You must specify an allocation id when releasing a VPC elastic IP address"
        raise ApiError("InvalidParameterValue", words)
    address = world.rows.get("elastic-ip", q.parameters["AllocationId"], q)
    if (interface := bound_to(world, address, q.now)) is not None:
        if interface.is_gone(q.now):
            words = f"The networkInterface ID '{interface.id}' does not exist"
            raise ApiError("InvalidNetworkInterfaceID.NotFound", words)
        raise ApiError("AuthFailure", "You do not have permission to access the specified resource.")
    world.rows.drop(address)
    q.unmade(address.id)
    return {}


# ---- interfaces
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
        "attachment.instance-id": lambda _, s: (
            [s["Attachment"]["InstanceId"]] if "InstanceId" in s["Attachment"] else []
        ),
    }
    return page(q, select(q, rows, lambda row: _interface(world, row), filters), "NetworkInterfaces")


def _interface(world: World, row: Row) -> Shape:
    data = row.data
    dns = private_dns(data["ip"], row.region)
    service = data["type"] != "interface" or "requester" in data or data.get("managed", False)
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
        "Status": "in-use",
        "TagSet": tag_list(row),
        "AvailabilityZone": data["zone"],
        "MacAddress": data["mac"],
        "Groups": [{"GroupId": g, "GroupName": group_name(world, g)} for g in data.get("groups", ())],
        "Attachment": _attachment(row),
    }
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
    "AllocateAddress": allocate_address, "DescribeAddresses": describe_addresses, "ReleaseAddress": release_address,
    "DescribeNetworkInterfaces": describe_network_interfaces,
}  # fmt: skip
