"""Zones that do not offer a type or have none left, addresses of one's own choice, and what Service Quotas says."""

import pytest

from sandboxd.simulator import ApiError

HERE, THERE = ("eu-central-1a", "euc1-az1"), ("eu-central-1b", "euc1-az2")


def offered(desk, by):
    filters = [{"Name": "instance-type", "Values": ["t3.micro"]}]
    answer = desk.call("DescribeInstanceTypeOfferings", LocationType=by, Filters=filters)
    return [one["Location"] for one in answer["InstanceTypeOfferings"]]


def test_a_type_that_one_zone_does_not_offer(desk):
    """A22: the offerings leave the zone out, and a launch there is refused with the zones that would do."""
    desk.world.scarcity.not_offered["t3.micro"] = (HERE[1],)
    assert offered(desk, "availability-zone-id") == ["euc1-az2", "euc1-az3"]
    assert offered(desk, "availability-zone") == ["eu-central-1b", "eu-central-1c"]
    assert offered(desk, "region") == ["eu-central-1"]
    with pytest.raises(ApiError) as caught:
        desk.run(desk.network()["subnet"])
    assert (caught.value.code, caught.value.status) == ("Unsupported", 400)
    assert caught.value.message.endswith("choosing eu-central-1b, eu-central-1c.")


def test_a_zone_that_has_none_left_says_so_with_500(desk):
    """A7: nothing was launched, and the other zone has some."""
    vpc = desk.network()["vpc"]
    desk.world.scarcity.exhausted["t3.micro"] = (THERE[1],)
    here, there = (
        desk.call("CreateSubnet", VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZoneId=zone[1])["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate((HERE, THERE), 1)
    )
    with pytest.raises(ApiError, match=r"sufficient t3\.micro capacity") as caught:
        desk.run(there)
    assert (caught.value.code, caught.value.status) == ("InsufficientInstanceCapacity", 500)
    assert desk.run(here, "u")["State"]["Name"] == "pending"
    assert len(desk.world.rows.of(desk.account, "eu-central-1", "machine")) == 1


def test_a_machine_has_the_address_that_was_asked_for(desk):
    """Kept as long as it lives; another one cannot have it."""
    subnet = desk.network()["subnet"]
    machine = desk.run(subnet, PrivateIpAddress="10.0.0.10")
    assert machine["PrivateIpAddress"] == "10.0.0.10"
    assert desk.run(subnet, "u")["PrivateIpAddress"] != "10.0.0.10"
    assert desk.refused("RunInstances", **desk.launch(subnet, "v", PrivateIpAddress="10.0.0.10")) == (
        "InvalidIPAddress.InUse"
    )
    desk.later(40)
    desk.call("TerminateInstances", InstanceIds=[machine["InstanceId"]])
    desk.later(100)
    assert desk.run(subnet, "w", PrivateIpAddress="10.0.0.10")["PrivateIpAddress"] == "10.0.0.10"


@pytest.mark.parametrize(
    ("address", "words"),
    [("10.0.0.3", "reserved"), ("10.0.0.255", "reserved"), ("10.0.1.5", "does not fall within")],
)
def test_addresses_that_no_machine_can_have(desk, address, words):
    """AWS's own, and those of other subnets."""
    with pytest.raises(ApiError, match=words) as caught:
        desk.run(desk.network()["subnet"], PrivateIpAddress=address)
    assert caught.value.code == "InvalidParameterValue"


def test_quotas_as_applied_and_by_default(desk):
    """A raised quota is the applied one; the default stays what it was."""
    desk.world.quotas["vcpus"] = 5
    asked = {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}
    assert desk.call("GetServiceQuota", "service-quotas", **asked)["Quota"]["Value"] == 5.0
    assert desk.call("GetAWSDefaultServiceQuota", "service-quotas", **asked)["Quota"]["Value"] == 64.0
    other = {"ServiceCode": "ec2", "QuotaCode": "L-00000000"}
    assert desk.refused("GetServiceQuota", "service-quotas", **other) == "NoSuchResourceException"
