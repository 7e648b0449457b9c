"""A network with load balancers in a simulated world, for tests: what a desk calls to have one."""

from simdesk import Desk

SERVICE = "elasticloadbalancing.amazonaws.com"
VISIBILITY = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
ACL = {"Name": "acl", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": VISIBILITY}


class Balancing(Desk):
    """A VPC with two public subnets in two zones, a group, and the role that load balancers need."""

    def __init__(self, seed: int = 1, *, role: bool = True, attached: bool = True) -> None:
        super().__init__(seed)
        self.vpc = self.call("CreateVpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.later(5)
        self.subnets = [
            self.call(
                "CreateSubnet", VpcId=self.vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-central-1{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        self.group = self.call("CreateSecurityGroup", VpcId=self.vpc, GroupName="g", Description="g")["GroupId"]
        self.gateway = self.call("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
        if attached:
            self.call("AttachInternetGateway", VpcId=self.vpc, InternetGatewayId=self.gateway)
        if role:
            self.call("CreateServiceLinkedRole", "iam", AWSServiceName=SERVICE)
            self.later(30)

    def settings(self, **more):
        """The parameters of a load balancer."""
        tags = [{"Key": "k", "Value": "v"}]
        asked = {"Name": "alb", "Subnets": self.subnets, "SecurityGroups": [self.group], "Tags": tags}
        return asked | {"Scheme": "internet-facing", "Type": "application", "IpAddressType": "ipv4"} | more

    def elb(self, operation, **parameters):
        return self.call(operation, "elbv2", **parameters)

    def waf(self, operation, **parameters):
        return self.call(operation, "wafv2", **parameters)

    def balancer(self, **more):
        """Make a load balancer; its ARN."""
        return self.elb("CreateLoadBalancer", **self.settings(**more))["LoadBalancers"][0]["LoadBalancerArn"]

    def targets(self, name="tg", protocol="HTTP", port=8080, **more):
        """Make a target group that checks often; its ARN."""
        check = {"HealthCheckIntervalSeconds": 10, "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2}
        asked = {"Name": name, "Protocol": protocol, "Port": port, "VpcId": self.vpc, **check, **more}
        return self.elb("CreateTargetGroup", **asked)["TargetGroups"][0]["TargetGroupArn"]

    def listener(self, balancer, targets, protocol="HTTP", port=80):
        """Make a listener; its ARN."""
        action = {"Type": "forward", "TargetGroupArn": targets}
        made = self.elb(
            "CreateListener", LoadBalancerArn=balancer, Protocol=protocol, Port=port, DefaultActions=[action]
        )
        return made["Listeners"][0]["ListenerArn"]

    def machine(self, token="t"):
        """Launch a machine and let it run; its id."""
        machine = self.run(self.subnets[0], token)["InstanceId"]
        self.later(60)
        return machine

    def health(self, targets):
        """State and reason of each target."""
        found = self.elb("DescribeTargetHealth", TargetGroupArn=targets)["TargetHealthDescriptions"]
        return [(one["TargetHealth"]["State"], one["TargetHealth"].get("Reason", "")) for one in found]
