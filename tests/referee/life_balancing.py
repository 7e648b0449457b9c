"""Load balancers and WAF in the scripted life: made behind a role that is missing first, in use, refused, and taken down."""

from typing import Any

from tests.referee.life_steps import AMI, TAGS, look, spec
from tests.referee.transcript import Transcript

SERVICE = "elasticloadbalancing.amazonaws.com"
SCOPE = {"Scope": "REGIONAL"}
VISIBLE = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "referee"}
NOBODY = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:loadbalancer/app/nobody/0123456789abcdef"
RULES: list[dict[str, Any]] = [
    {
        "Name": "limit", "Priority": 0, "Action": {"Block": {}}, "VisibilityConfig": VISIBLE,
        "Statement": {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}},
    },
    {
        "Name": "common", "Priority": 1, "OverrideAction": {"None": {}}, "VisibilityConfig": VISIBLE,
        "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}},
    },
]  # fmt: skip


def balancing(ask: Transcript, ids: dict[str, str]) -> None:
    """All of it, in the network that is there."""
    other = ask("CreateSubnet", VpcId=ids["vpc"], CidrBlock="10.0.77.0/24", AvailabilityZone="eu-central-1b")
    subnets = [ids["public"], other["Subnet"]["SubnetId"]]
    image = ask("GetParameter", "ssm", Name=AMI)["Parameter"]["Value"]
    asked = {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "SubnetId": ids["public"]}
    machine = ask("RunInstances", **asked)["Instances"][0]["InstanceId"]
    balancer = _role_and_balancer(ask, ids, subnets)
    _names(ask, ids, subnets)
    group, listener = _targets(ask, ids, balancer, machine)
    acl = _waf(ask, balancer)
    _end(ask, balancer, group, listener, acl)
    ask("TerminateInstances", InstanceIds=[machine])
    ask.later(200)
    ask("DeleteSubnet", SubnetId=subnets[1])
    look(ask)


def _role_and_balancer(ask: Transcript, ids: dict[str, str], subnets: list[str]) -> str:
    asked = {"Name": "referee", "Subnets": subnets, "SecurityGroups": [ids["group"]], "Tags": TAGS}
    ask.refused("AccessDenied", "CreateLoadBalancer", "elbv2", **asked)
    ask("CreateServiceLinkedRole", "iam", AWSServiceName=SERVICE)
    ask.refused("InvalidInput", "CreateServiceLinkedRole", "iam", AWSServiceName=SERVICE)
    ask("GetRole", "iam", RoleName="AWSServiceRoleForElasticLoadBalancing")
    ask.later(60)
    made = ask("CreateLoadBalancer", "elbv2", **asked)["LoadBalancers"][0]["LoadBalancerArn"]
    ask.refused("DuplicateLoadBalancerName", "CreateLoadBalancer", "elbv2", **asked | {"Scheme": "internal"})
    ask("DescribeLoadBalancers", "elbv2", Names=["referee"])
    ask("DescribeNetworkInterfaces")
    network = ask("CreateLoadBalancer", "elbv2", **asked | {"Name": "net", "Type": "network"})["LoadBalancers"][0]
    ask("DescribeNetworkInterfaces")
    ask.later(200)
    ask("DescribeLoadBalancers", "elbv2")
    _served(ask, network["LoadBalancerArn"])
    ask("DeleteLoadBalancer", "elbv2", LoadBalancerArn=network["LoadBalancerArn"])
    return str(made)


def _served(ask: Transcript, network: str) -> None:
    """A network load balancer behind an endpoint service, then behind a link of API Gateway, which hold it."""
    made = ask(
        "CreateVpcEndpointServiceConfiguration",
        NetworkLoadBalancerArns=[network],
        TagSpecifications=spec("vpc-endpoint-service"),
    )
    ask("DescribeVpcEndpointServiceConfigurations")
    ask.refused("ResourceInUse", "DeleteLoadBalancer", "elbv2", LoadBalancerArn=network)
    ask("DeleteVpcEndpointServiceConfigurations", ServiceIds=[made["ServiceConfiguration"]["ServiceId"]])
    link = ask("CreateVpcLink", "apigateway", name="referee", targetArns=[network], tags={"k": "v"})["id"]
    ask("GetVpcLinks", "apigateway")
    ask.refused("ResourceInUse", "DeleteLoadBalancer", "elbv2", LoadBalancerArn=network)
    ask("DeleteVpcLink", "apigateway", vpcLinkId=link)
    ask.refused("NotFoundException", "DeleteVpcLink", "apigateway", vpcLinkId="0123456789")
    ask.later(150)


def _names(ask: Transcript, ids: dict[str, str], subnets: list[str]) -> None:
    """What a create refuses."""
    asked = {"Name": "other", "Subnets": subnets, "SecurityGroups": [ids["group"]]}
    for code, change in (
        ("ValidationError", {"Subnets": subnets[:1]}),
        ("InvalidConfigurationRequest", {"Subnets": [subnets[0]] * 2}),
        ("SubnetNotFound", {"Subnets": ["subnet-0123456789abcdef0"]}),
    ):
        ask.refused(code, "CreateLoadBalancer", "elbv2", **asked | change)
    ask.refused("LoadBalancerNotFound", "DescribeLoadBalancers", "elbv2", Names=["nobody"])


def _targets(ask: Transcript, ids: dict[str, str], balancer: str, machine: str) -> tuple[str, str]:
    asked = {"Name": "referee", "Protocol": "HTTP", "Port": 8080, "VpcId": ids["vpc"], "Tags": TAGS}
    asked |= {"HealthCheckIntervalSeconds": 10, "HealthyThresholdCount": 2}
    group = ask("CreateTargetGroup", "elbv2", **asked)["TargetGroups"][0]["TargetGroupArn"]
    ask.refused("DuplicateTargetGroupName", "CreateTargetGroup", "elbv2", **asked | {"Port": 8081})
    target = {"TargetGroupArn": group, "Targets": [{"Id": machine}]}
    ask("RegisterTargets", "elbv2", **target)
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    port = {"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": 80, "DefaultActions": forward}
    listener = ask("CreateListener", "elbv2", **port)["Listeners"][0]["ListenerArn"]
    ask("DescribeTargetHealth", "elbv2", TargetGroupArn=group)
    ask.later(30)
    ask("DescribeTargetHealth", "elbv2", TargetGroupArn=group)
    ask("DescribeTargetGroups", "elbv2")
    ask("DescribeListeners", "elbv2", LoadBalancerArn=balancer)
    ask("DescribeTags", "elbv2", ResourceArns=[balancer, group])
    ask("AddTags", "elbv2", ResourceArns=[balancer], Tags=[{"Key": "more", "Value": "x"}])
    ask("RemoveTags", "elbv2", ResourceArns=[balancer], TagKeys=["more"])
    ask.refused("ResourceInUse", "DeleteTargetGroup", "elbv2", TargetGroupArn=group)
    ask("DeregisterTargets", "elbv2", **target)
    ask("DescribeTargetHealth", "elbv2", TargetGroupArn=group)
    return str(group), str(listener)


def _waf(ask: Transcript, balancer: str) -> dict[str, Any]:
    asked = {"Name": "referee", **SCOPE, "DefaultAction": {"Allow": {}}, "VisibilityConfig": VISIBLE}
    acl: dict[str, Any] = ask("CreateWebACL", "wafv2", **asked, Rules=RULES, Tags=TAGS)["Summary"]
    ask.refused("WAFDuplicateItemException", "CreateWebACL", "wafv2", **asked)
    both = {"WebACLArn": acl["ARN"], "ResourceArn": balancer}
    ask.refused("WAFUnavailableEntityException", "AssociateWebACL", "wafv2", **both)
    ask.refused("WAFNonexistentItemException", "AssociateWebACL", "wafv2", **both | {"ResourceArn": NOBODY})
    ask("ListResourcesForWebACL", "wafv2", WebACLArn=acl["ARN"])
    ask.later(60)
    ask("AssociateWebACL", "wafv2", **both)
    ask.later(30)
    ask("GetWebACLForResource", "wafv2", ResourceArn=balancer)
    ask("ListResourcesForWebACL", "wafv2", WebACLArn=acl["ARN"])
    ask("GetWebACL", "wafv2", Name="referee", Id=acl["Id"], **SCOPE)
    ask("ListWebACLs", "wafv2", **SCOPE)
    ask("ListTagsForResource", "wafv2", ResourceARN=acl["ARN"])
    return acl


def _end(ask: Transcript, balancer: str, group: str, listener: str, acl: dict[str, Any]) -> None:
    lock = {"Name": "referee", "Id": acl["Id"], **SCOPE, "LockToken": acl["LockToken"]}
    ask.refused("WAFAssociatedItemException", "DeleteWebACL", "wafv2", **lock)
    ask("DisassociateWebACL", "wafv2", ResourceArn=balancer)
    ask("DeleteWebACL", "wafv2", **lock)
    ask.refused("WAFNonexistentItemException", "GetWebACL", "wafv2", Name="referee", Id=acl["Id"], **SCOPE)
    on = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    ask("ModifyLoadBalancerAttributes", "elbv2", LoadBalancerArn=balancer, Attributes=on)
    ask("DescribeLoadBalancerAttributes", "elbv2", LoadBalancerArn=balancer)
    ask.refused("OperationNotPermitted", "DeleteLoadBalancer", "elbv2", LoadBalancerArn=balancer)
    off = [on[0] | {"Value": "false"}]
    ask("ModifyLoadBalancerAttributes", "elbv2", LoadBalancerArn=balancer, Attributes=off)
    ask("DeleteListener", "elbv2", ListenerArn=listener)
    ask.refused("ListenerNotFound", "DeleteListener", "elbv2", ListenerArn=listener)
    ask("DeleteLoadBalancer", "elbv2", LoadBalancerArn=balancer)
    ask("DeleteTargetGroup", "elbv2", TargetGroupArn=group)
    ask("DescribeTargetGroups", "elbv2")
    look(ask)
