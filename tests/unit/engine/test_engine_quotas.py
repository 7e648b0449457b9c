"""Quotas before anything is created: what is used, what is on its way, what is needed, and what nobody knows."""

import pytest
import trio
from enginelab import REGION, Lab, nodes

from sandboxd.engine.quotas import USED, VALUES, Asked, Preflight, is_standard
from sandboxd.model.ports import AwsError, Scope

ALL = [Asked(node, 0, len(node.states) - 1) for node in nodes()]


def nothing(_):
    return []


def preflight(lab, call=None):
    return Preflight(call=call or lab.call, clock=lab.clock)


async def lines(lab, need=None, coming=nothing, asked=None):
    found = await (asked or preflight(lab)).lines(Scope(lab.account, REGION), need or ALL, coming, "euc1-az1")
    return {line.name: line for line in found}


async def test_what_a_small_sandbox_takes(autojump_clock):
    """Two vCPUs, a VPC beside the default one, an address, a gateway; what it takes nothing of is not asked for."""
    lab = Lab()
    found = await lines(lab)
    told = {name: (one.limit, one.used, one.need) for name, one in found.items() if "Storage" not in name}
    assert told == {
        "Running On-Demand Standard instances": (64.0, 0.0, 2.0),
        "VPCs per Region": (5.0, 1.0, 1.0),
        "EC2-VPC Elastic IPs": (5.0, 0.0, 1.0),
        "NAT gateways per Availability Zone": (5.0, 0.0, 1.0),
    }
    assert not any(one.is_short for one in found.values())
    assert not lab.mutations


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [
        ("vcpus", 1, "Running On-Demand Standard instances"), ("vpcs", 1, "VPCs per Region"),
        ("elastic_ips", 0, "EC2-VPC Elastic IPs"), ("nat_gateways", 0, "NAT gateways per Availability Zone"),
    ],
)  # fmt: skip
async def test_each_quota_can_be_too_low(autojump_clock, key, value, name):
    """The one, and no other."""
    lab = Lab()
    lab.world.quotas[key] = value
    assert [one.name for one in (await lines(lab)).values() if one.is_short] == [name]


async def test_what_is_on_its_way_counts_too(autojump_clock):
    """Two sandboxes asked for at once do not both get the last vCPUs."""
    lab = Lab()
    lab.world.quotas["vcpus"] = 3
    machine = [one for one in ALL if one.node.kind == "machine"]
    found = await lines(lab, machine, lambda _: machine)
    one = found["Running On-Demand Standard instances"]
    assert (one.coming, one.need, one.is_short) == (2.0, 2.0, True)


async def test_a_stopped_machine_needs_vcpus_and_no_storage(autojump_clock):
    """Its disk is there."""
    (node,) = (one.node for one in ALL if one.node.kind == "machine")
    found = await lines(Lab(), [Asked(node, 1, 2)])
    assert list(found) == ["Running On-Demand Standard instances"]


async def test_an_unknown_quota_is_said_and_refuses_nothing(autojump_clock):
    """Not listed, denied, or a type that nobody describes."""
    lab = Lab()

    async def call(scope, service, operation, parameters):
        if parameters.get("QuotaCode") == "L-0263D0A3":
            raise AwsError("refused", "NoSuchResourceException", "no such quota")
        if operation in ("DescribeVpcs", "DescribeInstanceTypes"):
            raise AwsError("refused", "UnauthorizedOperation", "not authorized")
        return await lab.call(scope, service, operation, parameters)

    found = await lines(lab, asked=preflight(lab, call))
    assert found["EC2-VPC Elastic IPs"].unknown == "Service Quotas does not list it"
    assert "not authorized" in found["VPCs per Region"].unknown
    assert "t3.micro" in found["Running On-Demand instances"].unknown
    assert not any(one.is_short for one in found.values())


async def test_a_default_counts_where_nothing_was_applied(autojump_clock):
    """Service Quotas knows no applied value of what was never asked for."""
    lab = Lab()

    async def call(scope, service, operation, parameters):
        if operation == "GetServiceQuota":
            raise AwsError("refused", "NoSuchResourceException", "not applied")
        return await lab.call(scope, service, operation, parameters)

    found = await lines(lab, asked=preflight(lab, call))
    assert found["VPCs per Region"].limit == 5.0


async def test_answers_are_believed_for_a_while(autojump_clock):
    """Requests at the same moment look once; later ones look again at what is used, and later still at the quotas."""
    lab = Lab()
    asked = preflight(lab)
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(lines, lab, None, nothing, asked)
    first = len(lab.calls)
    assert first == len({(operation, str(parameters)) for operation, _, parameters in lab.calls})
    await trio.sleep(USED)
    await lines(lab, asked=asked)
    assert not [one for one in lab.reads[first:] if one == "GetServiceQuota"]
    assert "DescribeAddresses" in lab.reads[first:]
    await trio.sleep(VALUES)
    await lines(lab, asked=asked)
    assert "GetServiceQuota" in lab.reads[first:]


async def test_gateways_count_in_their_zone(autojump_clock):
    """The quota is one of a zone: a gateway elsewhere takes nothing of it."""
    lab = Lab()
    lab.world.quotas["nat_gateways"] = 1
    scope = Scope(lab.account, REGION)
    subnet = await lab.call(
        scope, "ec2", "DescribeSubnets", {"Filters": [{"Name": "availability-zone-id", "Values": ["euc1-az2"]}]}
    )
    address = await lab.call(scope, "ec2", "AllocateAddress", {"Domain": "vpc"})
    made = {"SubnetId": subnet["Subnets"][0]["SubnetId"], "AllocationId": address["AllocationId"], "ClientToken": "t"}
    await lab.call(scope, "ec2", "CreateNatGateway", made)
    here, there = [await preflight(lab).lines(scope, ALL, nothing, zone) for zone in ("euc1-az1", "euc1-az2")]
    assert [[one.used for one in found if one.name.startswith("NAT")] for found in (here, there)] == [[0.0], [1.0]]


def test_families_of_the_standard_quota():
    """Others have quotas of their own."""
    assert all(is_standard(one) for one in ("r6i.2xlarge", "m6i.4xlarge", "t3.micro", "c7g.large", "z1d.large"))
    assert not any(
        is_standard(one) for one in ("inf1.xlarge", "trn1.2xlarge", "g4dn.xlarge", "x2idn.large", "p4d.24xlarge")
    )
