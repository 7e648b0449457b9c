"""Every operation of load balancers and WAF, once: for tests that are about all operations."""

TAGS = [{"Key": "k", "Value": "v"}]


def balanced(desk):
    """Every operation of load balancers and WAF."""
    vpc = desk.call("CreateVpc", CidrBlock="10.6.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        desk.call("CreateSubnet", VpcId=vpc, CidrBlock=f"10.6.{n}.0/24", AvailabilityZone=f"eu-central-1{zone}")[
            "Subnet"
        ]
        for n, zone in enumerate("ab")
    ]
    group = desk.call("CreateSecurityGroup", VpcId=vpc, GroupName="b", Description="d")["GroupId"]
    desk.call("CreateServiceLinkedRole", "iam", AWSServiceName="elasticloadbalancing.amazonaws.com")
    desk.later(60)

    def elb(operation, **parameters):
        return desk.call(operation, "elbv2", **parameters)

    asked = {
        "Subnets": [one["SubnetId"] for one in subnets],
        "SecurityGroups": [group],
        "Scheme": "internal",
        "Tags": TAGS,
    }
    arn = elb("CreateLoadBalancer", Name="b", **asked)["LoadBalancers"][0]["LoadBalancerArn"]
    about = {"Protocol": "HTTP", "Port": 80, "VpcId": vpc, "Matcher": {"HttpCode": "200"}, "Tags": TAGS}
    targets = {"TargetGroupArn": elb("CreateTargetGroup", Name="t", **about)["TargetGroups"][0]["TargetGroupArn"]}
    one = {"LoadBalancerArn": arn}
    secure = {"Protocol": "HTTPS", "Port": 443, "Certificates": [{"CertificateArn": "arn:c"}]}
    forward = [{"Type": "forward", **targets}]
    listener = {
        "ListenerArn": elb("CreateListener", **one, **secure, DefaultActions=forward)["Listeners"][0]["ListenerArn"]
    }
    machine = [{"Id": desk.run(subnets[0]["SubnetId"], "b")["InstanceId"]}]
    desk.later(300)
    for operation in ("RegisterTargets", "DescribeTargetHealth", "DeregisterTargets"):
        elb(operation, **targets, Targets=machine)
    elb("AddTags", ResourceArns=[arn], Tags=TAGS)
    elb("DescribeTags", ResourceArns=[arn])
    elb("RemoveTags", ResourceArns=[arn], TagKeys=["k"])
    elb("ModifyLoadBalancerAttributes", **one, Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}])
    elb("DescribeLoadBalancerAttributes", **one)
    for operation in ("DescribeLoadBalancers", "DescribeTargetGroups"):
        elb(operation)
    elb("DescribeListeners", **one)
    guarded(desk, arn)
    net = elb("CreateLoadBalancer", Name="n", Type="network", **asked)["LoadBalancers"][0]["LoadBalancerArn"]
    made = desk.call("CreateVpcEndpointServiceConfiguration", NetworkLoadBalancerArns=[net])["ServiceConfiguration"]
    desk.call("DescribeVpcEndpointServiceConfigurations")
    desk.call("DeleteVpcEndpointServiceConfigurations", ServiceIds=[made["ServiceId"]])
    link = desk.call("CreateVpcLink", "apigateway", name="l", targetArns=[net], tags={"k": "v"})
    desk.call("GetVpcLinks", "apigateway")
    desk.call("DeleteVpcLink", "apigateway", vpcLinkId=link["id"])
    elb("DeleteListener", **listener)
    elb("DeleteLoadBalancer", **one)
    elb("DeleteTargetGroup", **targets)


def guarded(desk, balancer):
    def waf(operation, **parameters):
        return desk.call(operation, "wafv2", **parameters)

    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    rate = {"RateBasedStatement": {"Limit": 100, "AggregateKeyType": "IP"}}
    rules = [{"Name": "r", "Priority": 0, "Statement": rate, "Action": {"Block": {}}, "VisibilityConfig": visible}]
    scope = {"Scope": "REGIONAL", "Name": "a"}
    about = {"DefaultAction": {"Allow": {}}, "VisibilityConfig": visible, "Rules": rules, "Tags": TAGS}
    acl = waf("CreateWebACL", **scope, **about)["Summary"]
    desk.later(60)
    waf("AssociateWebACL", WebACLArn=acl["ARN"], ResourceArn=balancer)
    desk.later(60)
    waf("GetWebACLForResource", ResourceArn=balancer)
    waf("GetWebACL", **scope, Id=acl["Id"])
    waf("ListWebACLs", Scope="REGIONAL")
    waf("ListResourcesForWebACL", WebACLArn=acl["ARN"])
    waf("ListTagsForResource", ResourceARN=acl["ARN"])
    waf("DisassociateWebACL", ResourceArn=balancer)
    waf("DeleteWebACL", **scope, Id=acl["Id"], LockToken=acl["LockToken"])
