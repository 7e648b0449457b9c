"""Throttles and quotas: AWS's own numbers, codes and words, and what frees them again."""

import pytest

from sandboxd.simulator import ApiError
from sandboxd.simulator.calls import Parameters, Request
from sandboxd.simulator.chaos import Chaos
from sandboxd.simulator.furnish import MANAGEMENT
from sandboxd.simulator.inventory import inventory
from sandboxd.simulator.limits import LIMITS
from sandboxd.simulator.throttles import Throttles, bucket_of


@pytest.fixture
def throttled(desk):
    desk.world.throttles = Throttles()
    return desk


def until_refused(desk, operation, service="ec2", account="", **parameters):
    """How many calls went through at once, and how the next one was refused."""
    for n in range(2000):
        try:
            desk.call(operation, service, account, **parameters)
        except ApiError as error:
            return n, f"{error.code} {error.status}"
    return 2000, ""


# ---- throttles
@pytest.mark.parametrize(
    ("operation", "service", "account", "parameters", "burst", "said", "refill"),
    [
        ("DescribeVpcs", "ec2", "", {}, 100, "RequestLimitExceeded 503", 20),
        ("DescribeInstances", "ec2", "", {}, 50, "RequestLimitExceeded 503", 10),
        ("DescribeInstances", "ec2", "", {"MaxResults": 5}, 100, "RequestLimitExceeded 503", 20),
        ("ListRoots", "organizations", MANAGEMENT, {}, 2, "TooManyRequestsException 400", 1),
        ("ListAccounts", "organizations", MANAGEMENT, {}, 12, "TooManyRequestsException 400", 8),
        ("DescribeInstanceInformation", "ssm", "", {}, 40, "ThrottlingException 400", 40),
        ("ListServiceQuotas", "service-quotas", "", {"ServiceCode": "ec2"}, 10, "TooManyRequestsException 400", 5),
        ("ListRoles", "iam", "", {}, 20, "Throttling 400", 10),
        ("GetResources", "resourcegroupstaggingapi", "", {}, 15, "ThrottledException 400", 15),
        ("GetCallerIdentity", "sts", "", {}, 600, "Throttling 400", 600),
    ],
)
def test_a_burst_and_its_refill(throttled, operation, service, account, parameters, burst, said, refill):
    """So many at once, so many a second from then on, in each service's words; the bucket never overflows."""
    assert until_refused(throttled, operation, service, account, **parameters) == (burst, said)
    throttled.later(1)
    assert until_refused(throttled, operation, service, account, **parameters) == (refill, said)
    throttled.later(3600)
    assert until_refused(throttled, operation, service, account, **parameters) == (burst, said)


def test_a_throttled_change_changes_nothing(throttled):
    """Refused before anything happens, and logged as refused."""
    throttled.world.quotas["internet_gateways"] = 1000
    assert until_refused(throttled, "CreateInternetGateway") == (50, "RequestLimitExceeded 503")
    assert len(inventory(throttled.world)) == 50
    assert throttled.world.log.since(0)[-1].error == "RequestLimitExceeded"


def test_buckets_are_per_account_region_and_api(throttled):
    """Who is throttled in one of them is free in the others; Organizations has one endpoint for all regions."""
    until_refused(throttled, "DescribeVpcs")
    assert throttled.refused("DescribeVpcs") == "RequestLimitExceeded"
    throttled.call("DescribeSubnets")
    other = next(a for a in throttled.world.organization["accounts"] if a not in (MANAGEMENT, throttled.account))
    throttled.call("DescribeVpcs", "ec2", other)
    caller = throttled.world.caller(throttled.account)
    throttled.world.call(caller, "us-east-1", "ec2", "DescribeVpcs", {})
    until_refused(throttled, "ListRoots", "organizations", MANAGEMENT)
    with pytest.raises(ApiError, match="TooManyRequests"):
        throttled.world.call(throttled.world.caller(MANAGEMENT), "us-east-1", "organizations", "ListRoots", {})


def test_machines_take_tokens_of_their_own(desk):
    """A launch of many is many; requests and machines each have a bucket, and a refused request takes none."""
    throttles = Throttles()

    def launch(count, at):
        parameters = Parameters({"MaxCount": count})
        return throttles.admits(Request(desk.world.caller("1"), "r", "ec2", "RunInstances", parameters, at))

    assert launch(998, 0.0)
    assert not launch(3, 0.0)
    assert launch(2, 0.0)
    assert not launch(1, 0.0)
    assert launch(2, 1.0)
    assert [launch(1, 100.0) for _ in range(7)] == [True] * 5 + [False] * 2


def test_asking_for_everything_costs_more(throttled):
    """The name of the bucket says so; who throttles does not count as having understood a parameter."""
    until_refused(throttled, "DescribeInstances")
    throttled.call("DescribeInstances", Filters=[{"Name": "instance-state-name", "Values": ["running"]}])
    q = Request(throttled.world.caller("1"), "r", "ec2", "DescribeInstances", Parameters({"MaxResults": 5}), 0.0)
    assert bucket_of(q)[0] == "DescribeInstances"
    assert q.parameters.unread == ("MaxResults",)


def test_throttled_calls_are_no_prey_of_chaos(throttled):
    """The front door comes first."""
    throttled.world.hook = chaos = Chaos(1, rate=1.0, reads=1.0)
    for _ in range(150):
        try:
            throttled.call("DescribeVpcs")
        except Exception:  # noqa: BLE001 - only the count matters
            continue
    assert sum(chaos.met.values()) == 100


# ---- quotas
def _vpc(desk):
    return desk.network()["vpc"]


@pytest.mark.parametrize(
    ("name", "operation", "parameters", "there"),
    [
        ("vpcs", "CreateVpc", lambda _, n: {"CidrBlock": f"10.{n}.0.0/16"}, 1),
        ("internet_gateways", "CreateInternetGateway", lambda _, __: {}, 1),
        ("elastic_ips", "AllocateAddress", lambda _, __: {}, 0),
        ("subnets", "CreateSubnet", lambda net, n: {"VpcId": net["vpc"], "CidrBlock": f"10.0.{n + 1}.0/24"}, 1),
        ("route_tables", "CreateRouteTable", lambda net, _: {"VpcId": net["vpc"]}, 1),
        ("security_groups", "CreateSecurityGroup",
         lambda net, n: {"VpcId": net["vpc"], "GroupName": f"g{n}", "Description": "d"}, 2),
        ("routes", "CreateRoute",
         lambda net, n: {"RouteTableId": net["table"], "DestinationCidrBlock": f"11.{n}.0.0/16",
                         "GatewayId": net["gateway"]}, 0),
    ],
)  # fmt: skip
def test_quotas_are_aws_numbers_and_codes(desk, name, operation, parameters, there):
    """So many and no more, in the words of the table; a raised quota lets the next one through."""
    net = desk.network()
    net["table"] = desk.call("CreateRouteTable", VpcId=net["vpc"])["RouteTable"]["RouteTableId"]
    there += {"vpcs": 1, "internet_gateways": 1, "elastic_ips": 1, "route_tables": 1}.get(name, 0)
    limit = desk.world.quotas[name] = min(LIMITS[name].value, 60)
    for n in range(limit - there):
        desk.call(operation, **parameters(net, n))
    with pytest.raises(ApiError) as refused:
        desk.call(operation, **parameters(net, 100))
    assert (refused.value.code, refused.value.message) == (LIMITS[name].code, LIMITS[name].words)
    desk.world.quotas[name] += 1
    desk.call(operation, **parameters(net, 100))


def test_rules_of_a_group_are_sixty_each_way(desk):
    """A call that would exceed them makes none of its rules."""
    group = desk.call("CreateSecurityGroup", VpcId=_vpc(desk), GroupName="g", Description="d")["GroupId"]

    def rules(*ports):
        return [
            {"IpProtocol": "tcp", "FromPort": p, "ToPort": p, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]} for p in ports
        ]

    def authorize(direction, ports):
        return desk.call(f"AuthorizeSecurityGroup{direction}", GroupId=group, IpPermissions=rules(*ports))

    authorize("Ingress", range(1, 59))
    asked = {"GroupId": group, "IpPermissions": rules(70, 71, 72)}
    assert desk.refused("AuthorizeSecurityGroupIngress", **asked) == "RulesPerSecurityGroupLimitExceeded"
    authorize("Ingress", (70, 71))
    assert len(authorize("Egress", range(1, 60))["SecurityGroupRules"]) == 59
    asked = {"GroupId": group, "IpPermissions": rules(80)}
    assert desk.refused("AuthorizeSecurityGroupEgress", **asked) == "RulesPerSecurityGroupLimitExceeded"


def test_gateways_are_counted_per_zone(desk):
    """Five that are pending, available or deleting; another zone has its own; a deleted one counts no more."""
    net = desk.network()
    desk.world.quotas["elastic_ips"] = 20

    def create(subnet, n):
        address = desk.call("AllocateAddress")["AllocationId"]
        asked = {"SubnetId": subnet, "AllocationId": address, "ClientToken": f"n{n}"}
        return desk.call("CreateNatGateway", **asked)["NatGateway"]["NatGatewayId"]

    gateways = [create(net["subnet"], n) for n in range(5)]
    asked = {"SubnetId": net["subnet"], "AllocationId": net["address"], "ClientToken": "more"}
    with pytest.raises(ApiError, match=r"NatGatewayLimitExceeded: .* limit of 5 NAT gateways"):
        desk.call("CreateNatGateway", **asked)
    other = {"VpcId": net["vpc"], "CidrBlock": "10.0.1.0/24", "AvailabilityZoneId": "euc1-az2"}
    create(desk.call("CreateSubnet", **other)["Subnet"]["SubnetId"], 7)
    desk.later(130)
    desk.call("DeleteNatGateway", NatGatewayId=gateways[0])
    assert desk.refused("CreateNatGateway", **asked) == "NatGatewayLimitExceeded"
    desk.later(62)
    desk.call("CreateNatGateway", **asked)


def test_limits_of_a_launch_and_of_tags(desk):
    """vCPUs, groups of one interface, tags of one resource."""
    net = desk.network()
    desk.world.quotas["vcpus"] = 5
    with pytest.raises(ApiError, match="current vCPU limit of 5 allows"):
        desk.run(net["subnet"], MaxCount=3)
    desk.run(net["subnet"], MaxCount=2)
    groups = [
        desk.call("CreateSecurityGroup", VpcId=net["vpc"], GroupName=f"g{n}", Description="d")["GroupId"]
        for n in range(6)
    ]
    desk.world.quotas["vcpus"] = 64
    asked = desk.launch(net["subnet"], "groups", SecurityGroupIds=groups)
    assert desk.refused("RunInstances", **asked) == "SecurityGroupsPerInterfaceLimitExceeded"
    tags = [{"Key": f"k{n}", "Value": ""} for n in range(51)]
    assert desk.refused("CreateTags", Resources=[net["vpc"]], Tags=tags) == "TagLimitExceeded"
    desk.call("CreateTags", Resources=[net["vpc"]], Tags=tags[:50])


def test_service_quotas_says_the_same_numbers(desk):
    """What is enforced is what is told."""
    told = {
        one["QuotaName"]: one["Value"]
        for service in ("vpc", "ec2")
        for one in desk.call("ListServiceQuotas", "service-quotas", ServiceCode=service)["Quotas"]
    }
    assert told == {one.name: one.value for one in LIMITS.values() if one.service in ("vpc", "ec2")}
    asked = {"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"}
    desk.world.quotas["vpcs"] = 7
    assert desk.call("GetServiceQuota", "service-quotas", **asked)["Quota"]["Value"] == 7


# ---- Organizations
def org(desk, operation, **parameters):
    return desk.call(operation, "organizations", MANAGEMENT, **parameters)


def request(desk, n):
    return org(desk, "CreateAccount", Email=f"n{n}@x.example", AccountName=f"n{n}")["CreateAccountStatus"]["Id"]


def status(desk, identifier):
    return org(desk, "DescribeCreateAccountStatus", CreateAccountRequestId=identifier)["CreateAccountStatus"]


def test_five_accounts_are_made_at_a_time(desk):
    """The sixth hears that another request is in progress, until one is done."""
    for n in range(5):
        request(desk, n)
    asked = {"Email": "six@x.example", "AccountName": "six"}
    with pytest.raises(ApiError, match=r"TooManyRequestsException: .* another request is already in progress"):
        org(desk, "CreateAccount", **asked)
    desk.later(301)
    org(desk, "CreateAccount", **asked)


def test_the_organization_is_full(desk):
    """Found out on the way; accounts on their way count, and so do closed ones."""
    desk.world.quotas["accounts"] = 6
    org(desk, "CloseAccount", AccountId=desk.account)
    desk.later(300)
    made = [request(desk, n) for n in range(3)]
    desk.later(301)
    assert [status(desk, one)["State"] for one in made] == ["SUCCEEDED", "SUCCEEDED", "FAILED"]
    assert status(desk, made[2])["FailureReason"] == "ACCOUNT_LIMIT_EXCEEDED"


def test_three_accounts_close_at_a_time_and_never_the_management_account(desk):
    """ConstraintViolation, in words of its own each time."""
    accounts = [i for i in desk.world.organization["accounts"] if i != MANAGEMENT]
    made = request(desk, 0)
    desk.later(301)
    accounts.append(status(desk, made)["AccountId"])
    for account in accounts[:3]:
        org(desk, "CloseAccount", AccountId=account)
    with pytest.raises(ApiError, match=r"ConstraintViolationException: .* closed at a time"):
        org(desk, "CloseAccount", AccountId=accounts[3])
    with pytest.raises(ApiError, match=r"ConstraintViolationException: .* management account"):
        org(desk, "CloseAccount", AccountId=MANAGEMENT)
    desk.later(241)
    org(desk, "CloseAccount", AccountId=accounts[3])
    assert (
        desk.refused("CloseAccount", "organizations", MANAGEMENT, AccountId=accounts[3])
        == "AccountAlreadyClosedException"
    )


def test_the_close_quota_is_of_thirty_days(desk):
    """250 in a small organization; thirty days later there is room again."""
    root = org(desk, "ListRoots")["Roots"][0]["Id"]
    accounts = desk.world.organization["accounts"]
    for n in range(250):
        accounts[f"{n:012}"] = {
            "name": "", "email": f"{n}@y.example", "parent": root, "joined": "CREATED", "at": desk.at, "tags": {},
            "closed_at": desk.at, "closing": desk.at,
        }  # fmt: skip
    with pytest.raises(ApiError, match="exceeded close account quota for the past 30 days"):
        org(desk, "CloseAccount", AccountId=desk.account)
    desk.later(30 * 86400 + 1)
    org(desk, "CloseAccount", AccountId=desk.account)
