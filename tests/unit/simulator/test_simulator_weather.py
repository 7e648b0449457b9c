"""Eventual consistency: what reads see late, and that all of it is over within the promised time."""

import pytest
from simdesk import Desk
from simweather import ScriptedWeather

from sandboxd.simulator import open_world
from sandboxd.simulator.chaos import VISIBLE, Chaos
from sandboxd.simulator.clock import SimClock
from sandboxd.simulator.consistency import BLINK, Weather
from sandboxd.simulator.furnish import MANAGEMENT
from sandboxd.simulator.inventory import inventory
from sandboxd.simulator.persist import dump, load, restore, write

TAGS = [{"ResourceType": "vpc", "Tags": [{"Key": "k", "Value": "v"}]}]
BY_TAG = [{"Name": "tag:k", "Values": ["v"]}]


def vpc_of(desk):
    return desk.call("CreateVpc", CidrBlock="10.0.0.0/16", TagSpecifications=TAGS)["Vpc"]["VpcId"]


def sees(desk, vpc):
    """Whether a listing has it, whether a read by id does, and whether the filter by tag does."""
    listed = vpc in [one["VpcId"] for one in desk.call("DescribeVpcs")["Vpcs"]]
    try:
        by_id = bool(desk.call("DescribeVpcs", VpcIds=[vpc])["Vpcs"])
    except Exception as error:  # noqa: BLE001 - the code is what is tested
        assert error.code == "InvalidVpcID.NotFound"
        by_id = False
    return listed, by_id, bool(desk.call("DescribeVpcs", Filters=BY_TAG)["Vpcs"])


def test_a_fresh_resource_is_invisible_for_a_while(desk):
    """To listings, reads by id and filters, and to calls that name it; the world has it all the time."""
    desk.world.weather = ScriptedWeather({"seen_from": 60})
    vpc = vpc_of(desk)
    assert sees(desk, vpc) == (False, False, False)
    assert desk.refused("CreateSubnet", VpcId=vpc, CidrBlock="10.0.0.0/24") == "InvalidVpcID.NotFound"
    assert desk.refused("DeleteVpc", VpcId=vpc) == "InvalidVpcID.NotFound"
    assert desk.refused("CreateTags", Resources=[vpc], Tags=TAGS[0]["Tags"]) == "InvalidVpcID.NotFound"
    assert [item["id"] for item in inventory(desk.world)] == [vpc]
    desk.later(60)
    assert sees(desk, vpc) == (True, True, True)
    desk.call("DeleteVpc", VpcId=vpc)


def test_tags_come_later_still(desk):
    """The resource is there without them; then they are."""
    desk.world.weather = ScriptedWeather({"seen_from": 10, "tags_from": 50})
    vpc = vpc_of(desk)
    desk.later(10)
    assert sees(desk, vpc) == (True, True, False)
    assert "Tags" not in desk.call("DescribeVpcs", VpcIds=[vpc])["Vpcs"][0]
    assert desk.call("DescribeTags", Filters=[{"Name": "resource-id", "Values": [vpc]}])["Tags"] == []
    desk.later(40)
    assert sees(desk, vpc) == (True, True, True)
    assert len(desk.call("DescribeTags", Filters=[{"Name": "resource-id", "Values": [vpc]}])["Tags"]) == 1


def test_a_read_loses_sight_of_it_once(desk):
    """Seen, unseen for some seconds, seen; calls that change something find it meanwhile."""
    desk.world.weather = ScriptedWeather({"blinks_from": 20, "blinks_until": 30})
    vpc = vpc_of(desk)
    seen = []
    for _ in range(8):
        seen.append(sees(desk, vpc)[0])
        if not seen[-1]:
            desk.call("CreateTags", Resources=[vpc], Tags=TAGS[0]["Tags"])
        desk.later(5)
    assert seen == [True] * 4 + [False] * 2 + [True] * 2


def test_changes_of_state_are_seen_late(desk):
    """A machine that has stopped still reads stopping; what it allows is the truth."""
    desk.world.weather = ScriptedWeather({"lag": 20})
    machine = desk.run(desk.network()["subnet"])["InstanceId"]
    desk.later(100)

    def state():
        return desk.call("DescribeInstances", InstanceIds=[machine])["Reservations"][0]["Instances"][0]["State"]["Name"]

    assert state() == "running"
    desk.call("StopInstances", InstanceIds=[machine])
    assert state() == "running"
    while desk.world.rows.find(machine).state(desk.at) != "stopped":
        desk.later(0.5)
    assert state() == "stopping"
    desk.later(20)
    assert state() == "stopped"


def test_changes_of_members_are_seen_late(desk):
    """A route, an attachment, tags: as they were, for some seconds."""
    net = desk.network()
    table = desk.call("CreateRouteTable", VpcId=net["vpc"])["RouteTable"]["RouteTableId"]
    desk.world.weather = ScriptedWeather(late=15)
    desk.call("CreateRoute", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=net["gateway"])
    desk.call("CreateTags", Resources=[table], Tags=[{"Key": "k", "Value": "v"}])

    def seen():
        (found,) = desk.call("DescribeRouteTables", RouteTableIds=[table])["RouteTables"]
        return len(found["Routes"]), found["Tags"]

    desk.call("CreateTags", Resources=[net["vpc"]], Tags=[{"Key": "k", "Value": "v"}])
    assert "Tags" not in desk.call("DescribeVpcs", VpcIds=[net["vpc"]])["Vpcs"][0]
    assert seen() == (2, [])
    desk.later(15)
    assert seen() == (2, [{"Key": "k", "Value": "v"}])


@pytest.mark.parametrize("kind", ["vpc", "route-table", "security-group", "elastic-ip"])
def test_what_was_deleted_is_still_listed_for_a_while(desk, kind):
    """As it was; a call that names it hears that it is gone."""
    net = desk.network()
    table = desk.call("CreateRouteTable", VpcId=net["vpc"])["RouteTable"]["RouteTableId"]
    group = desk.call("CreateSecurityGroup", VpcId=net["vpc"], GroupName="g", Description="d")["GroupId"]
    vpc = desk.call("CreateVpc", CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    delete, named, describe, identifier = {
        "vpc": ("DeleteVpc", "VpcId", "DescribeVpcs", vpc),
        "route-table": ("DeleteRouteTable", "RouteTableId", "DescribeRouteTables", table),
        "security-group": ("DeleteSecurityGroup", "GroupId", "DescribeSecurityGroups", group),
        "elastic-ip": ("ReleaseAddress", "AllocationId", "DescribeAddresses", net["address"]),
    }[kind]
    desk.world.weather = ScriptedWeather(late=25)
    desk.call(delete, **{named: identifier})
    assert identifier in str(desk.call(describe))
    assert desk.refused(delete, **{named: identifier}).endswith("NotFound")
    assert identifier not in [item["id"] for item in inventory(desk.world)]
    desk.later(25)
    assert identifier not in str(desk.call(describe))


def test_an_interface_that_is_gone_is_listed_for_a_while(desk):
    """What goes by itself goes late, too."""
    net = desk.network()
    desk.world.weather = ScriptedWeather({"lag": 20})
    machine = desk.run(net["subnet"])["InstanceId"]
    desk.later(60)
    desk.call("TerminateInstances", InstanceIds=[machine])
    while desk.world.rows.find(machine).state(desk.at) != "terminated":
        desk.later(0.5)
    by_subnet = {"Filters": [{"Name": "subnet-id", "Values": [net["subnet"]]}]}
    (interface,) = desk.call("DescribeNetworkInterfaces", **by_subnet)["NetworkInterfaces"]
    one = {"NetworkInterfaceIds": [interface["NetworkInterfaceId"]]}
    assert len(desk.call("DescribeNetworkInterfaces", **one)["NetworkInterfaces"]) == 1
    desk.call("DeleteSubnet", SubnetId=net["subnet"])
    desk.later(20)
    assert desk.refused("DescribeNetworkInterfaces", **one) == "InvalidNetworkInterfaceID.NotFound"


def test_a_token_is_answered_before_its_resource_is_seen(desk):
    """The retry of a create that nobody sees yet is the same create."""
    net = desk.network()
    desk.world.weather = ScriptedWeather({"seen_from": 60})
    asked = {"SubnetId": net["subnet"], "AllocationId": net["address"], "ClientToken": "n"}
    first = desk.call("CreateNatGateway", **asked)["NatGateway"]["NatGatewayId"]
    assert desk.call("DescribeNatGateways")["NatGateways"] == []
    assert desk.call("CreateNatGateway", **asked)["NatGateway"]["NatGatewayId"] == first
    table = {"VpcId": net["vpc"], "ClientToken": "t"}
    first = desk.call("CreateRouteTable", **table)["RouteTable"]["RouteTableId"]
    assert desk.call("CreateRouteTable", **table)["RouteTable"]["RouteTableId"] == first


def test_a_just_allocated_address_is_unknown_to_a_gateway(desk):
    """In words of its own, and only for a while."""
    net = desk.network()
    desk.call("ReleaseAddress", AllocationId=net["address"])
    desk.world.weather = ScriptedWeather({"seen_from": 8})
    address = desk.call("AllocateAddress")["AllocationId"]
    desk.world.weather = ScriptedWeather()
    asked = {"SubnetId": net["subnet"], "AllocationId": address, "ClientToken": "n"}
    assert desk.refused("CreateNatGateway", **asked) == "InvalidElasticIpID.NotFound"
    desk.later(8)
    desk.call("CreateNatGateway", **asked)


def test_the_default_network_has_been_there_for_long(desk):
    """Bad weather concerns what is made in it."""
    desk.world.weather = ScriptedWeather({"seen_from": 60})
    assert len(desk.call("DescribeVpcs")["Vpcs"]) == 1
    assert len(desk.call("DescribeSubnets")["Subnets"]) == 3


@pytest.mark.parametrize("seed", range(5))
def test_everything_is_seen_after_the_promised_time(seed):
    """The worst weather: what reads see `VISIBLE` seconds after the last change came true is what there is."""
    desk = Desk(seed=seed)
    desk.world.weather = Weather(seed, chance=1.0)
    made = [desk.call("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"] for _ in range(4)]
    vpcs = [vpc_of(desk) for _ in range(3)]
    desk.later(VISIBLE)
    for vpc in vpcs:
        assert sees(desk, vpc) == (True, True, True)
    desk.call("DeleteInternetGateway", InternetGatewayId=made[0])
    desk.call("DeleteVpc", VpcId=vpcs[0])
    desk.call("CreateTags", Resources=[vpcs[1]], Tags=[{"Key": "new", "Value": "1"}])
    desk.later(VISIBLE)
    listed = {one["VpcId"]: one for one in desk.call("DescribeVpcs")["Vpcs"] if not one["IsDefault"]}
    assert set(listed) == set(vpcs[1:])
    assert {"Key": "new", "Value": "1"} in listed[vpcs[1]]["Tags"]
    assert len(desk.call("DescribeInternetGateways")["InternetGateways"]) == 1 + 3


def test_weather_is_drawn_from_a_stream_of_its_own_and_ends():
    """Ids and durations are those of calm; some rows are hazy, some are not; none is from `until` on."""
    calm, hazy = Desk(seed=2), Desk(seed=2)
    hazy.world.weather = Weather(9, chance=0.5, until=hazy.at + 10)
    calls = [desk.call("CreateVpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"] for desk in (calm, hazy)]
    assert calls[0] == calls[1]
    later = []
    for desk in (calm, hazy):
        desk.world.quotas |= {"internet_gateways": 100, "vpcs": 100}
        made = [desk.call("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"] for _ in range(30)]
        desk.later(10)
        later.append((made, [vpc_of(desk) for _ in range(3)]))
    assert later[0] == later[1]
    seen = len(hazy.call("DescribeInternetGateways")["InternetGateways"])
    assert 5 < seen < 31
    for vpc in later[1][1]:
        assert sees(hazy, vpc) == (True, True, True)
    weather = Weather(9, chance=0.5)
    drawn = [weather.haze(0.0) for _ in range(500)]
    assert all(0 <= one.seen_from <= VISIBLE and one.seen_from <= max(one.tags_from, one.seen_from) for one in drawn)
    assert all(one.blinks_until - one.blinks_from <= BLINK and one.tags_from <= VISIBLE for one in drawn)
    assert {one.lag > 0 for one in drawn} == {one.blinks_from < VISIBLE for one in drawn} == {True, False}


def test_weather_is_saved_with_the_world(desk, tmp_path):
    """A hazy row is hazy in the next life of the simulator."""
    desk.world.weather = ScriptedWeather({"seen_from": 60, "tags_from": 80})
    vpc = vpc_of(desk)
    write(tmp_path, dump(desk.world))
    desk.world = open_world(clock=SimClock(pace=1, origin=0, real=lambda: desk.at))
    restore(desk.world, load(tmp_path))
    assert sees(desk, vpc) == (False, False, False)
    desk.later(60)
    assert sees(desk, vpc) == (True, True, False)
    desk.later(20)
    assert sees(desk, vpc) == (True, True, True)


def test_chaos_brings_its_weather_and_takes_it_away(desk):
    """Set on a world, it ends when the chaos ends."""
    chaos = Chaos(1, rate=0.0, weather=Weather(1, chance=1.0), until=desk.at + 10)
    chaos.set_on(desk.world)
    assert desk.world.hook is chaos and desk.world.weather.until == desk.at + 10
    hidden = vpc_of(desk)
    desk.later(10)
    assert sees(desk, vpc_of(desk))[:2] == (True, True)
    desk.later(VISIBLE)
    assert sees(desk, hidden) == (True, True, True)


# ---- Organizations
def org(desk, operation, **parameters):
    return desk.call(operation, "organizations", MANAGEMENT, **parameters)


def test_an_empty_page_is_not_the_last_one(desk):
    """In bad weather a listing begins with nothing and a token; whoever follows it sees everything."""
    desk.world.weather = ScriptedWeather(happens=True)
    page = org(desk, "ListAccounts")
    assert page["Accounts"] == [] and page["NextToken"]
    desk.world.weather = ScriptedWeather()
    assert len(org(desk, "ListAccounts", NextToken=page["NextToken"])["Accounts"]) == 4


@pytest.mark.parametrize("seed", range(3))
def test_whoever_follows_tokens_sees_every_account(seed):
    """Whatever the pages hold."""
    desk = Desk(seed=seed)
    desk.world.weather = Weather(seed, chance=1.0)
    found, token, pages = [], {}, 0
    while pages == 0 or token:
        page = org(desk, "ListAccounts", MaxResults=1, **token)
        found += page["Accounts"]
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
        pages += 1
    assert len({one["Id"] for one in found}) == len(found) == 4 < pages


def test_a_move_is_seen_late_and_holds_at_once(desk):
    """ListParents and ListAccountsForParent lag; the compare-and-swap does not."""
    root = org(desk, "ListRoots")["Roots"][0]["Id"]
    (source,) = (one["Id"] for one in org(desk, "ListParents", ChildId=desk.account)["Parents"])
    desk.world.weather = ScriptedWeather(late=20)
    org(desk, "MoveAccount", AccountId=desk.account, SourceParentId=source, DestinationParentId=root)

    def where():
        (parent,) = org(desk, "ListParents", ChildId=desk.account)["Parents"]
        here = [one["Id"] for one in org(desk, "ListAccountsForParent", ParentId=parent["Id"])["Accounts"]]
        children = [
            one["Id"] for one in org(desk, "ListChildren", ParentId=parent["Id"], ChildType="ACCOUNT")["Children"]
        ]
        assert desk.account in here and desk.account in children
        return parent["Id"]

    assert where() == source
    again = {"AccountId": desk.account, "SourceParentId": source, "DestinationParentId": root}
    assert desk.refused("MoveAccount", "organizations", MANAGEMENT, **again) == "DuplicateAccountException"
    desk.later(20)
    assert where() == root


def test_another_change_may_clash(desk):
    """Refused, nothing happened; reads are not concerned."""
    desk.world.weather = ScriptedWeather(happens=True)
    asked = {"Email": "a@x.example", "AccountName": "a"}
    assert desk.refused("CreateAccount", "organizations", MANAGEMENT, **asked) == "ConcurrentModificationException"
    assert desk.world.organization["requests"] == {}
    org(desk, "DescribeOrganization")


def test_a_young_account_grows_up(desk):
    """SUCCEEDED, then listed, then its role can be assumed, then its services answer."""
    desk.world.weather = ScriptedWeather(late=30)
    request = org(desk, "CreateAccount", Email="n@x.example", AccountName="n")["CreateAccountStatus"]["Id"]
    while (status := org(desk, "DescribeCreateAccountStatus", CreateAccountRequestId=request)["CreateAccountStatus"])[
        "State"
    ] == "IN_PROGRESS":
        desk.later(1)
    account = status["AccountId"]
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    assume = {"RoleArn": role, "RoleSessionName": "s"}
    assert desk.refused("DescribeAccount", "organizations", MANAGEMENT, AccountId=account) == "AccountNotFoundException"
    assert account not in [one["Id"] for one in org(desk, "ListAccounts")["Accounts"]]
    assert desk.refused("AssumeRole", "sts", MANAGEMENT, **assume) == "AccessDenied"
    code = desk.world.organization["accounts"][account]["dormant"][1]
    assert desk.refused("CreateVpc", "ec2", account, CidrBlock="10.0.0.0/16") == code
    assert desk.refused("DescribeInstanceInformation", "ssm", account) == "SubscriptionRequiredException"
    desk.later(30)
    assert org(desk, "DescribeAccount", AccountId=account)["Account"]["State"] == "ACTIVE"
    desk.call("AssumeRole", "sts", MANAGEMENT, **assume)
    desk.call("CreateVpc", "ec2", account, CidrBlock="10.0.0.0/16")


def test_an_account_that_never_is_activated(desk):
    """ACTIVE, its role can be assumed, and no service answers, for ever."""
    desk.world.organization["accounts"][desk.account]["dormant"] = [-1.0, "OptInRequired"]
    desk.later(30 * 86400)
    assert desk.refused("DescribeVpcs") == "OptInRequired"
    assert desk.refused("ListServiceQuotas", "service-quotas", ServiceCode="vpc") == "SubscriptionRequiredException"
    assert inventory(desk.world) == []


def test_pending_verification_refuses_changes_only(desk):
    """Reads answer."""
    desk.world.organization["accounts"][desk.account]["dormant"] = [desk.at + 60, "PendingVerification"]
    desk.call("DescribeVpcs")
    assert desk.refused("CreateVpc", CidrBlock="10.0.0.0/16") == "PendingVerification"
    desk.later(60)
    desk.call("CreateVpc", CidrBlock="10.0.0.0/16")
