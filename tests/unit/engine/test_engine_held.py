"""What holds a resource of ours is named within a round or two, and what is not ours is asked about (A25, A51, A57)."""

import pytest
import trio
from enginelab import REGION, Driver, Lab, image_of, nodes, own, shared, zone_of

from sandboxd.lifecycle.messages import Progress


async def started(machines=("acp",)):
    lab = Lab()
    driver = Driver(lab, nodes(await image_of(lab), await zone_of(lab), machines))
    await driver.raise_all()
    return lab, driver


def by_hand(lab, operation, **parameters):
    """What somebody does in the tenant's account, without our tags."""
    return lab.world.call(lab.world.caller(lab.account), REGION, "ec2", operation, parameters)


def ids(lab, driver, key):
    return driver.rows[key].facts["id"]


async def lower_as_far_as_it_goes(driver, key):
    """All but a resource and what it stands on; then the resource itself."""
    keep = {shared("vpc"): 1, shared("igw"): 2, key: len(driver.rows[key].node.states) - 1}
    grounds = {need.key for needs in driver.rows[key].node.requires.values() for need in needs}
    await driver.lower_all(keep | {ground: len(driver.rows[ground].node.states) - 1 for ground in grounds})
    with trio.fail_after(3600):
        return await driver.step(key, "lower", 0)


def said(driver):
    return " ".join(message.text for message in driver.messages if isinstance(message, Progress))


async def test_a25_an_untagged_gateway_in_our_subnet_is_named(autojump_clock):
    """A25: half-made by somebody else, invisible to tags; the delete ends with its id within a poll round, and no loop."""
    lab, driver = await started()
    address = by_hand(lab, "AllocateAddress", Domain="vpc")["AllocationId"]
    subnet = ids(lab, driver, shared("public-a"))
    gateway = by_hand(lab, "CreateNatGateway", SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    ended = await lower_as_far_as_it_goes(driver, shared("public-a"))
    assert (ended.code, ended.how) == ("held_by_others", "permanent")
    assert gateway in ended.reason
    by_hand(lab, "DeleteNatGateway", NatGatewayId=gateway)
    await trio.sleep(120)
    assert (await driver.step(shared("public-a"), "lower", 0)).left == "done"


async def test_a51_interfaces_are_named_and_never_touched(autojump_clock):
    """A51: AWS's own are waited for; a machine of somebody else is asked about, and no interface is detached or deleted."""
    lab, driver = await started()
    subnet = ids(lab, driver, own("subnet"))
    image = await image_of(lab)
    machine = by_hand(
        lab, "RunInstances", SubnetId=subnet, ImageId=image.split()[0], InstanceType="t3.micro", MinCount=1, MaxCount=1
    )["Instances"][0]["InstanceId"]
    ended = await lower_as_far_as_it_goes(driver, own("subnet"))
    assert ended.code == "held_by_others"
    assert machine in ended.reason
    assert not {"DetachNetworkInterface", "DeleteNetworkInterface"} & set(lab.mutations)


async def test_a51_a_lingering_interface_of_a_gateway_is_waited_for(autojump_clock):
    """It goes by itself; meanwhile the reason names it."""
    lab, driver = await started()
    by_hand_linger(lab, 240.0)
    await driver.lower_all()
    assert lab.there() == {}
    assert "Interface for NAT Gateway" in said(driver)


def by_hand_linger(lab, seconds):
    """Interfaces of gateways stay this long after them."""
    draw = lab.world.draw
    lab.world.draw = lambda name: seconds if name == "interface.linger" else draw(name)


async def test_a57_groups_that_name_each_other_go(autojump_clock):
    """A57: our own references are resources of their own, and go first."""
    lab, driver = await started(("acp", "ocp"))
    for one, other in (("acp", "ocp"), ("ocp", "acp")):
        permission = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": ids(lab, driver, own(f"{other}-sg"))}]}
        asked = {"GroupId": ids(lab, driver, own(f"{one}-sg")), "IpPermissions": [permission]}
        made = by_hand(lab, "AuthorizeSecurityGroupIngress", **asked)["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        by_hand(lab, "RevokeSecurityGroupIngress", GroupId=asked["GroupId"], SecurityGroupRuleIds=[made])
    await driver.lower_all()
    assert lab.there() == {}


@pytest.mark.parametrize("where", ["theirs", "ours"])
async def test_a57_a_rule_of_somebody_else_that_names_our_group_is_told(autojump_clock, where):
    """A57: in a group of theirs, or by hand in a group of ours; never revoked silently, and the other rules stay."""
    lab, driver = await started(("acp", "ocp"))
    if where == "theirs":
        vpc = ids(lab, driver, shared("vpc"))
        holder = by_hand(lab, "CreateSecurityGroup", GroupName="c", Description="c", VpcId=vpc)["GroupId"]
    else:
        holder = ids(lab, driver, own("ocp-sg"))
    permission = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}
    pairs = [{"GroupId": ids(lab, driver, own("acp-sg"))}]
    made = by_hand(
        lab, "AuthorizeSecurityGroupIngress", GroupId=holder, IpPermissions=[permission | {"UserIdGroupPairs": pairs}]
    )
    rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    await driver.lower_all({own("ocp-sg"): 2, own("ocp-egress-1"): 1, own("acp-sg"): 2, shared("vpc"): 1})
    with trio.fail_after(3600):
        ended = await driver.step(own("acp-sg"), "lower", 0)
    assert (ended.code, ended.how) == ("held_by_others", "permanent")
    assert rule in ended.reason
    assert holder in ended.reason
    by_hand(lab, "RevokeSecurityGroupIngress", GroupId=holder, SecurityGroupRuleIds=[rule])
    assert (await driver.step(own("acp-sg"), "lower", 0)).left == "done"


# ---- A1, A5, A12: what the simulator and the kinds know since the first release
async def test_a1_a_release_that_names_a_vanished_interface_is_not_a_release(autojump_clock):
    """A1: NotFound of an interface says nothing about the address; it is released once, and only then gone."""
    lab, driver = await started()
    await driver.lower_all({shared("eip"): 1})
    lab.disturb("ReleaseAddress", *["InvalidNetworkInterfaceID.NotFound"] * 6)
    assert (await driver.step(shared("eip"), "lower", 0)).left == "done"
    assert lab.mutations.count("ReleaseAddress") == 7
    assert by_hand(lab, "DescribeAddresses")["Addresses"] == []


async def test_a5_a_failed_gateway_is_deleted_before_the_next_one(autojump_clock):
    """A5: it would keep the address for an hour; the retry has a new token, and never two live."""
    lab = Lab()
    driver = Driver(lab, nodes(await image_of(lab), await zone_of(lab)))
    await driver.raise_all({shared("nat"): 0, shared("private-default"): 0, own("acp"): 0})
    gateway = ids(lab, driver, shared("igw"))
    by_hand(lab, "DetachInternetGateway", InternetGatewayId=gateway, VpcId=ids(lab, driver, shared("vpc")))
    ended = await driver.step(shared("nat"), "raise", 1)
    assert (ended.left, ended.code) == ("spoiled", "Gateway.NotAttached")
    assert "no Internet gateway attached" in ended.reason
    by_hand(lab, "AttachInternetGateway", InternetGatewayId=gateway, VpcId=ids(lab, driver, shared("vpc")))
    assert (await driver.step(shared("nat"), "lower", 0)).left == "done"
    await trio.sleep(60)
    assert (await driver.step(shared("nat"), "raise", 1)).left == "done"
    tokens = [sent["ClientToken"] for operation, _, sent in lab.calls if operation == "CreateNatGateway"]
    assert len(set(tokens)) == 2


async def test_a12_a_route_to_a_gateway_that_is_gone_is_led_to_the_new_one(autojump_clock):
    """A12: a blackhole exists and leads nowhere; replaced, and active before anything boots behind it."""
    lab, driver = await started()
    tops = {key: len(row.node.states) - 1 for key, row in driver.rows.items()}
    await driver.lower_all(tops | {shared("nat"): 0, own("acp"): 1})
    table = driver.rows[shared("private-default")].facts["table"]
    assert way(lab, table)["State"] == "blackhole"
    await trio.sleep(60)
    assert (await driver.step(shared("nat"), "raise", 1)).left == "done"
    assert (await driver.step(shared("private-default"), "rebind", 1)).left == "done"
    assert way(lab, table) | {"Origin": ""} == way(lab, table) | {
        "State": "active",
        "NatGatewayId": ids(lab, driver, shared("nat")),
        "Origin": "",
    }
    assert lab.mutations.count("ReplaceRoute") == 1


def way(lab, table):
    (found,) = by_hand(lab, "DescribeRouteTables", RouteTableIds=[table])["RouteTables"]
    return next(route for route in found["Routes"] if route["DestinationCidrBlock"] == "0.0.0.0/0")


# ---- A48
async def test_a48_a_machine_that_hangs_in_stopping_is_forced_once(autojump_clock):
    """A48: after ten minutes, said, once; a machine beside it is stopped already."""
    lab, driver = await started(("acp", "ocp"))
    lab.world.scarcity.broken_hosts[ids(lab, driver, own("ocp"))] = True
    async with trio.open_nursery() as nursery:
        for name in ("acp", "ocp"):
            nursery.start_soon(driver.step, own(name), "lower", 1)
        await trio.sleep(300)
        assert (driver.rows[own("acp")].lo, driver.rows[own("ocp")].lo) == (1, 2)
    assert [driver.rows[own(name)].lo for name in ("acp", "ocp")] == [1, 1]
    forced = [
        sent["InstanceIds"] for operation, _, sent in lab.calls if operation == "StopInstances" and sent.get("Force")
    ]
    assert forced == [[ids(lab, driver, own("ocp"))]]
    assert "nothing for 10 min: StopInstances, once" in said(driver)


async def test_a48_a_stop_waits_for_a_machine_that_is_pending(autojump_clock):
    """A48: AWS refuses it until the machine has run, which is no failure."""
    lab, driver = await started()
    await driver.step(own("acp"), "lower", 1)
    by_hand(lab, "StartInstances", InstanceIds=[ids(lab, driver, own("acp"))])
    driver.rows[own("acp")].lo = driver.rows[own("acp")].hi = 2
    assert (await driver.step(own("acp"), "lower", 1)).left == "done"
    (machine,) = by_hand(lab, "DescribeInstances")["Reservations"][0]["Instances"]
    assert machine["State"]["Name"] == "stopped"
