"""Load balancers of the simulator: what a create needs, what the same name means, and what outlives a delete."""

import pytest
from balancing import SERVICE, Balancing

from sandboxd.simulator import ApiError
from sandboxd.simulator.bound import bound
from sandboxd.simulator.consistency import Weather
from sandboxd.simulator.inventory import inventory


def words(desk, operation, **parameters):
    """Code and words of a refusal."""
    with pytest.raises(ApiError) as caught:
        desk.elb(operation, **parameters)
    return caught.value.code, caught.value.message


def test_a28_the_same_name_with_the_same_settings_succeeds_whoever_made_it():
    """Case A28: tags are no settings, and nothing in the answer says that it was there; other settings are refused."""
    desk = Balancing()
    arn = desk.balancer()
    assert desk.balancer(Tags=[{"Key": "k", "Value": "mine"}]) == arn
    tags = desk.elb("DescribeTags", ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
    assert tags == [{"Key": "k", "Value": "v"}]
    text = "A load balancer with the same name 'alb' exists, but with different settings"
    assert words(desk, "CreateLoadBalancer", **desk.settings(Scheme="internal")) == ("DuplicateLoadBalancerName", text)


def test_it_comes_up_and_holds_what_it_stands_in():
    """Provisioning, then active; its interfaces are the service's, and hold subnets, group and gateway for minutes."""
    desk = Balancing()
    arn = desk.balancer()
    state = lambda: desk.elb("DescribeLoadBalancers", Names=["alb"])["LoadBalancers"][0]["State"]["Code"]  # noqa: E731
    assert state() == "provisioning"
    desk.later(200)
    assert state() == "active"
    interfaces = desk.call("DescribeNetworkInterfaces")["NetworkInterfaces"]
    assert [one["SubnetId"] for one in interfaces] == desk.subnets
    assert all(one["Description"].startswith("ELB app/alb/") and one["RequesterManaged"] for one in interfaces)
    assert {one["InterfaceType"] for one in interfaces} == {"interface"}
    desk.elb("DeleteLoadBalancer", LoadBalancerArn=arn)
    assert words(desk, "DescribeLoadBalancers", Names=["alb"]) == (
        "LoadBalancerNotFound",
        "One or more load balancers not found",
    )
    desk.elb("DeleteLoadBalancer", LoadBalancerArn=arn)
    for operation, named in (("Subnet", "SubnetId"), ("SecurityGroup", "GroupId")):
        held = desk.subnets[0] if operation == "Subnet" else desk.group
        assert desk.refused(f"Delete{operation}", **{named: held}) == "DependencyViolation"
    gateway = {"InternetGatewayId": desk.gateway, "VpcId": desk.vpc}
    assert desk.refused("DetachInternetGateway", **gateway) == "DependencyViolation"
    desk.later(160)
    for subnet in desk.subnets:
        desk.call("DeleteSubnet", SubnetId=subnet)
    desk.call("DeleteSecurityGroup", GroupId=desk.group)
    desk.call("DetachInternetGateway", **gateway)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("ValidationError", lambda d: {"Name": "x" * 33}),
        ("ValidationError", lambda _: {"Name": "internal-x"}),
        ("ValidationError", lambda _: {"Name": "under_score"}),
        ("ValidationError", lambda d: {"Subnets": d.subnets[:1]}),
        ("ValidationError", lambda _: {"Type": "gateway"}),
        ("InvalidConfigurationRequest", lambda d: {"Subnets": [d.subnets[0]] * 2}),
        ("SubnetNotFound", lambda _: {"Subnets": ["subnet-0", "subnet-1"]}),
        ("InvalidSecurityGroup", lambda _: {"SecurityGroups": ["sg-0"]}),
        ("InvalidConfigurationRequest", lambda d: {"SecurityGroups": [d.other_group()]}),
    ],
)
def test_what_a_create_refuses(code, change):
    """Names, zones, subnets and groups that AWS refuses; nothing is made."""

    class WithOther(Balancing):
        def other_group(self):
            vpc = self.call("CreateVpc", CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
            return self.call("CreateSecurityGroup", VpcId=vpc, GroupName="o", Description="o")["GroupId"]

    desk = WithOther()
    assert words(desk, "CreateLoadBalancer", **desk.settings(**change(desk)))[0] == code
    assert desk.elb("DescribeLoadBalancers") == {"LoadBalancers": []}


def test_a29_the_gateway_of_the_vpc_must_be_attached_and_is_seen_late():
    """Case A29: no reference leads there, and this service sees EC2's state late in bad weather."""
    desk = Balancing(attached=False)
    refusal = ("InvalidSubnet", f"VPC {desk.vpc} has no internet gateway")
    assert words(desk, "CreateLoadBalancer", **desk.settings()) == refusal
    desk.balancer(Name="inside", Scheme="internal")
    desk.world.weather = Weather(1, chance=1.0)
    desk.later(200)
    desk.call("AttachInternetGateway", VpcId=desk.vpc, InternetGatewayId=desk.gateway)
    assert words(desk, "CreateLoadBalancer", **desk.settings()) == refusal
    desk.later(26)
    desk.balancer()


def test_a29_a_full_subnet_stays_full():
    """Case A29: the same code with other words is no matter of time."""
    desk = Balancing()
    small = [
        desk.call(
            "CreateSubnet", VpcId=desk.vpc, CidrBlock=f"10.0.9.{n * 16}/28", AvailabilityZone=f"eu-central-1{zone}"
        )
        for n, zone in enumerate("ab")
    ]
    subnets = [one["Subnet"]["SubnetId"] for one in small]
    for n in range(4):
        desk.run(subnets[0], f"t{n}")
    code, text = words(desk, "CreateLoadBalancer", **desk.settings(Subnets=subnets))
    assert code == "InvalidSubnet"
    assert text.startswith(f"Not enough IP space available in {subnets[0]}.")


def test_a46_the_service_needs_its_role_and_sees_it_late():
    """Case A46: a new account has none; the first create after it was made still fails for a while."""
    desk = Balancing(role=False)
    assert words(desk, "CreateLoadBalancer", **desk.settings())[0] == "AccessDenied"
    desk.call("CreateServiceLinkedRole", "iam", AWSServiceName=SERVICE)
    assert "iam:CreateServiceLinkedRole" in words(desk, "CreateLoadBalancer", **desk.settings())[1]
    desk.later(21)
    desk.balancer()


def test_a_protected_one_stays_and_one_that_a_tenant_uses_too():
    """Case A51: an endpoint service that a tenant made holds it; deletion protection does."""
    desk = Balancing()
    arn = desk.balancer()
    on = {"Key": "deletion_protection.enabled", "Value": "true"}
    desk.elb("ModifyLoadBalancerAttributes", LoadBalancerArn=arn, Attributes=[on])
    said = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
    assert words(desk, "DeleteLoadBalancer", LoadBalancerArn=arn) == ("OperationNotPermitted", said)
    desk.elb("ModifyLoadBalancerAttributes", LoadBalancerArn=arn, Attributes=[on | {"Value": "false"}])
    network = desk.balancer(Name="net", Type="network")
    made = desk.call("CreateVpcEndpointServiceConfiguration", NetworkLoadBalancerArns=[network])
    said = f"Load balancer '{network}' cannot be deleted because it is currently associated with another service"
    assert words(desk, "DeleteLoadBalancer", LoadBalancerArn=network) == ("ResourceInUse", said)
    desk.call("DeleteVpcEndpointServiceConfigurations", ServiceIds=[made["ServiceConfiguration"]["ServiceId"]])
    desk.elb("DeleteLoadBalancer", LoadBalancerArn=network)
    refused = desk.refused("CreateVpcEndpointServiceConfiguration", NetworkLoadBalancerArns=[arn])
    assert refused == "InvalidParameter"


def test_a51_a_link_of_an_api_holds_it_until_it_is_gone():
    """Case A51: of network load balancers only; pages by position."""
    desk = Balancing()
    network, asked = desk.balancer(Name="net", Type="network"), {"service": "apigateway", "name": "l"}
    links = [desk.call("CreateVpcLink", targetArns=[network], **asked)["id"] for _ in range(2)]
    first = desk.call("GetVpcLinks", "apigateway", limit=1)
    rest = desk.call("GetVpcLinks", "apigateway", position=first["position"])
    assert [one["id"] for one in first["items"] + rest["items"]] == links
    assert (first["items"][0]["status"], first["items"][0]["targetArns"], "position" in rest) == (
        "PENDING",
        [network],
        False,
    )
    desk.later(121)
    assert desk.call("GetVpcLinks", "apigateway")["items"][0]["status"] == "AVAILABLE"
    for link in links:
        assert desk.refused("DeleteLoadBalancer", "elbv2", LoadBalancerArn=network) == "ResourceInUse"
        desk.call("DeleteVpcLink", "apigateway", vpcLinkId=link)
    assert desk.refused("DeleteLoadBalancer", "elbv2", LoadBalancerArn=network) == "ResourceInUse"
    desk.later(121)
    assert desk.call("GetVpcLinks", "apigateway")["items"] == []
    desk.elb("DeleteLoadBalancer", LoadBalancerArn=network)
    assert desk.refused("DeleteVpcLink", "apigateway", vpcLinkId=links[0]) == "NotFoundException"
    application = desk.balancer()
    assert desk.refused("CreateVpcLink", targetArns=[application], **asked) == "BadRequestException"


def test_there_are_only_so_many_and_pages_of_them():
    """The quota, and pages by marker."""
    desk = Balancing()
    desk.world.quotas["load_balancers"] = 3
    arns = [desk.balancer(Name=f"b{n}") for n in range(3)]
    assert words(desk, "CreateLoadBalancer", **desk.settings())[0] == "TooManyLoadBalancers"
    first = desk.elb("DescribeLoadBalancers", PageSize=2)
    rest = desk.elb("DescribeLoadBalancers", PageSize=2, Marker=first["NextMarker"])
    assert [one["LoadBalancerArn"] for one in first["LoadBalancers"] + rest["LoadBalancers"]] == arns
    assert "NextMarker" not in rest


def test_the_bound_knows_what_no_reference_shows():
    """A load balancer waits for its gateway; a subnet's end for the interfaces that linger."""
    desk = Balancing()
    arn = desk.balancer()
    up = bound(desk.world.log.since(0))
    assert any(link.operation == "AttachInternetGateway" for link in up.chain) or up.bound_seconds > 140
    desk.later(200)
    mark = desk.world.log.count
    desk.elb("DeleteLoadBalancer", LoadBalancerArn=arn)
    desk.later(160)
    desk.call("DeleteSubnet", SubnetId=desk.subnets[0])
    assert 40 < bound(desk.world.log.since(mark)).bound_seconds < 152
    left = [one["kind"] for one in inventory(desk.world)]
    assert left == ["vpc", "subnet", "security-group", "internet-gateway"]
