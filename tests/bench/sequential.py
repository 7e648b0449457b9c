"""`python -m tests.bench.sequential PACE`: the graph of model-bank with everything, as people write scripts with boto3.

One call after the other, each waited for before the next; what is not ready yet is asked for again every few seconds.
AWS's endpoint and keys stand in the environment. Prints the simulated seconds that it took.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import botocore.session
from botocore.exceptions import ClientError

REGION, ROLE, POLLS = "eu-central-1", "OrganizationAccountAccessRole", 15.0
EVERYWHERE = [{"CidrIp": "0.0.0.0/0"}]
ECR_READS = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
KMS_USES = ["CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo"]
CONSTELLATIONS = ("banking-apis", "web-banking", "activemq", "integration-server")
HEALTH = {"HealthCheckIntervalSeconds": 10, "HealthyThresholdCount": 2}


class Script:
    """The credentials, the clients, and the patience."""

    def __init__(self, pace: float) -> None:
        self.pace, self.session, self.assumed = pace, botocore.session.get_session(), -1e9
        self.own: dict[str, Any] = {}
        self.clients: dict[str, Any] = {}
        self.account = self._account()

    def manage(self, service: str) -> Any:
        """A client of the management account."""
        if service not in self.own:
            self.own[service] = self.session.create_client(service, region_name=REGION)
        return self.own[service]

    def tenant(self, service: str) -> Any:
        """A client of the tenant's account; a session lasts an hour."""
        if (time.monotonic() - self.assumed) * self.pace > 3000:
            role = f"arn:aws:iam::{self.account}:role/{ROLE}"
            self.keys = self.manage("sts").assume_role(RoleArn=role, RoleSessionName="script")["Credentials"]
            self.assumed, self.clients = time.monotonic(), {}
        if service not in self.clients:
            self.clients[service] = self.session.create_client(
                service, region_name=REGION, aws_access_key_id=self.keys["AccessKeyId"],
                aws_secret_access_key=self.keys["SecretAccessKey"], aws_session_token=self.keys["SessionToken"],
            )  # fmt: skip
        return self.clients[service]

    def _account(self) -> str:
        accounts = self.manage("organizations").list_accounts()["Accounts"]
        return next(one["Id"] for one in accounts if "pool" in one["Name"])

    def sleep(self, seconds: float) -> None:
        """Simulated seconds."""
        time.sleep(seconds / self.pace)

    def until(self, ready: Callable[[], Any], every: float = POLLS) -> None:
        """Ask until it is so, as botocore's waiters do."""
        while not ready():
            self.sleep(every)

    def again(self, call: Callable[[], Any], *codes: str) -> Any:
        """Make a call until AWS no longer says that something it needs is not known yet."""
        while True:
            try:
                return call()
            except ClientError as error:
                if error.response["Error"]["Code"] not in codes:
                    raise
            self.sleep(5)


def images(s: Script) -> dict[str, str]:
    """Images, keys and repositories of the management account are shared."""
    ec2, found = s.manage("ec2"), {}
    for name in ("avaloq-core", "openshift-sno", "envoy"):
        several = ec2.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": [f"{name}-*"]}])["Images"]
        image = max(several, key=lambda one: one["CreationDate"])
        found[name] = image["ImageId"]
        add = {"Add": [{"UserId": s.account}]}
        ec2.modify_image_attribute(ImageId=image["ImageId"], Attribute="launchPermission", LaunchPermission=add)
        snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        key = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["KmsKeyId"]
        root = f"arn:aws:iam::{s.account}:root"
        s.manage("kms").create_grant(KeyId=key, GranteePrincipal=root, Operations=KMS_USES, Name=name)
    for name in CONSTELLATIONS:
        allow = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{s.account}:root"}, "Action": ECR_READS}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "script"} | allow]})
        s.manage("ecr").set_repository_policy(repositoryName=f"constellations/{name}", policyText=policy)
    appstream = s.manage("appstream")
    desktop = next(one for one in appstream.describe_images(Type="PRIVATE")["Images"] if "desktop" in one["Name"])
    appstream.update_image_permissions(
        Name=desktop["Name"], SharedAccountId=s.account,
        ImagePermissions={"allowFleet": True, "allowImageBuilder": False},
    )  # fmt: skip
    return found | {"desktop": desktop["Arn"]}


def roles(s: Script) -> None:
    """The machines' profile, and the roles that services want."""
    iam = s.tenant("iam")
    for name, path, service, policy in (
        ("machines", "/", "ec2", "AmazonSSMManagedInstanceCore"),
        ("AmazonAppStreamServiceAccess", "/service-role/", "appstream", "service-role/AmazonAppStreamServiceAccess"),
    ):
        who = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [who]})
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)
        iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    iam.create_instance_profile(InstanceProfileName="machines")
    iam.add_role_to_instance_profile(InstanceProfileName="machines", RoleName="machines")
    for service in ("elasticloadbalancing", "appstream.application-autoscaling"):
        iam.create_service_linked_role(AWSServiceName=f"{service}.amazonaws.com")


def network(s: Script) -> tuple[str, dict[str, str]]:
    """VPC, gateways, subnets in two zones and their routes."""
    ec2 = s.tenant("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    tables = {side: ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for side in ("public", "private")}
    ec2.create_route(RouteTableId=tables["public"], DestinationCidrBlock="0.0.0.0/0", GatewayId=igw)
    subnets = {}
    for n, name in enumerate(("public-a", "public-b", "ingress-a", "ingress-b", "desktop-a", "desktop-b", "own-a")):
        zone = REGION + name[-1]
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zone)
        subnets[name] = made["Subnet"]["SubnetId"]
        side = "public" if name.startswith("public") else "private"
        ec2.associate_route_table(RouteTableId=tables[side], SubnetId=subnets[name])
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnets["public-a"], AllocationId=address)
    nat = made["NatGateway"]["NatGatewayId"]
    s.until(lambda: ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"] == "available")
    ec2.create_route(RouteTableId=tables["private"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    return vpc, subnets


WAYS: tuple[tuple[str, str, int, int], ...] = (
    ("", "alb", 80, 80), ("alb", "envoy", 8080, 8080), ("", "nlb", 20000, 20000), ("nlb", "envoy", 20000, 20000),
    ("envoy", "ocp", 443, 443), ("envoy", "ocp", 61617, 61617), ("ocp", "acp", 1521, 1521), ("ocp", "acp", 8080, 8099),
    ("acp", "ocp", 0, 65535), ("desktop", "ocp", 443, 443), ("desktop", "acp", 8080, 8099), ("envoy", "", 443, 443),
    ("acp", "", 443, 443), ("ocp", "", 443, 443),
)  # fmt: skip
"""(from, to, first port, last port); an empty name is the internet"""


def groups(s: Script, vpc: str) -> dict[str, str]:
    """Security groups, and the ways between them."""
    ec2, made = s.tenant("ec2"), {}
    for name in ("alb", "nlb", "envoy", "acp", "ocp", "desktop"):
        made[name] = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        everything = [{"IpProtocol": "-1", "IpRanges": EVERYWHERE}]
        ec2.revoke_security_group_egress(GroupId=made[name], IpPermissions=everything)
    for source, to, first, last in WAYS:
        ports = {"IpProtocol": "tcp", "FromPort": first, "ToPort": last}
        for mine, other, call in (
            (to, source, ec2.authorize_security_group_ingress), (source, to, ec2.authorize_security_group_egress),
        ):  # fmt: skip
            peer = {"UserIdGroupPairs": [{"GroupId": made[other]}]} if other else {"IpRanges": EVERYWHERE}
            if mine:
                call(GroupId=made[mine], IpPermissions=[ports | peer])
    return made


def machine(s: Script, image: str, kind: str, subnet: str, group: str) -> str:
    """One machine, until Systems Manager reaches it."""
    made = s.again(
        lambda: s.tenant("ec2").run_instances(
            ImageId=image, InstanceType=kind, MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group],
            IamInstanceProfile={"Name": "machines"}, MetadataOptions={"HttpTokens": "required"},
        ),
        "InvalidParameterValue", "InvalidAMIID.NotFound",
    )  # fmt: skip
    mine = made["Instances"][0]["InstanceId"]

    def runs() -> bool:
        found = s.again(lambda: s.tenant("ec2").describe_instances(InstanceIds=[mine]), "InvalidInstanceID.NotFound")
        one = found["Reservations"][0]["Instances"][0]
        assert one["State"]["Name"] in ("pending", "running"), one.get("StateReason")
        return bool(one["State"]["Name"] == "running")

    def online() -> bool:
        asked = [{"Key": "InstanceIds", "Values": [mine]}]
        found = s.tenant("ssm").describe_instance_information(Filters=asked)["InstanceInformationList"]
        return bool(found) and found[0]["PingStatus"] == "Online"

    s.until(runs)
    s.until(online)
    return mine


def run_on(s: Script, mine: str, text: str, every: float = 5.0) -> None:
    """A shell script on a machine, to its end."""
    parameters = {"commands": [text], "executionTimeout": ["3600"]}
    sent = s.tenant("ssm").send_command(
        InstanceIds=[mine], DocumentName="AWS-RunShellScript", Parameters=parameters
    )  # fmt: skip
    which = {"CommandId": sent["Command"]["CommandId"], "InstanceId": mine}

    def over() -> bool:
        s.sleep(every)
        said = s.again(lambda: s.tenant("ssm").get_command_invocation(**which), "InvocationDoesNotExist")
        assert said["Status"] in ("Pending", "InProgress", "Delayed", "Success"), said
        return bool(said["Status"] == "Success")

    s.until(over, 0)


def entrance(s: Script, vpc: str, subnets: dict[str, str], made: dict[str, str], envoys: list[str]) -> None:
    """Load balancers, targets and listeners, and the web ACL."""
    elbv2, waf = s.tenant("elbv2"), s.tenant("wafv2")
    metric = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "waf"}
    rate = {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}}
    rules = [{"Name": "rate", "Priority": 0, "Statement": rate, "Action": {"Block": {}}, "VisibilityConfig": metric}]
    acl = waf.create_web_acl(
        Name="waf", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=metric, Rules=rules
    )["Summary"]["ARN"]
    for name, kind, target, port, way in (
        ("alb", "application", 8080, 80, "HTTP"), ("nlb", "network", 20000, 20000, "TCP"),
    ):  # fmt: skip
        ask = {"Name": name, "Type": kind, "Scheme": "internet-facing", "SecurityGroups": [made[name]]}
        ask["Subnets"] = [subnets["public-a"], subnets["public-b"]]
        balancer = s.again(partial(elbv2.create_load_balancer, **ask), "AccessDenied")["LoadBalancers"][0]
        arn, which = balancer["LoadBalancerArn"], {"LoadBalancerArns": [balancer["LoadBalancerArn"]]}
        s.until(lambda which=which: _active(s.tenant("elbv2").describe_load_balancers(**which)))
        ask = {"Name": f"{name}-tg", "Protocol": way, "Port": target, "VpcId": vpc, "TargetType": "instance"}
        group = elbv2.create_target_group(**ask, **HEALTH)["TargetGroups"][0]["TargetGroupArn"]
        elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": one} for one in envoys])
        forward = [{"Type": "forward", "TargetGroupArn": group}]
        elbv2.create_listener(LoadBalancerArn=arn, Protocol=way, Port=port, DefaultActions=forward)
        if name == "alb":
            link = partial(waf.associate_web_acl, WebACLArn=acl, ResourceArn=arn)
            s.again(link, "WAFUnavailableEntityException")


def _active(found: dict[str, Any]) -> bool:
    return bool(found["LoadBalancers"][0]["State"]["Code"] == "active")


def desktop(s: Script, image: str, subnets: dict[str, str], group: str) -> None:
    """Stack and fleet of the Smart Client, until the fleet runs."""
    appstream = s.tenant("appstream")
    appstream.create_stack(Name="desktop")
    where = {"SubnetIds": [subnets["desktop-a"], subnets["desktop-b"]], "SecurityGroupIds": [group]}
    ask = {"Name": "desktop", "ImageArn": image, "InstanceType": "stream.standard.medium", "FleetType": "ON_DEMAND"}
    ask |= {"ComputeCapacity": {"DesiredInstances": 1}, "VpcConfig": where, "EnableDefaultInternetAccess": False}
    s.again(partial(appstream.create_fleet, **ask), "InvalidRoleException", "InvalidParameterCombinationException")
    appstream.associate_fleet(FleetName="desktop", StackName="desktop")
    appstream.start_fleet(Name="desktop")
    which = {"Names": ["desktop"]}
    s.until(lambda: s.tenant("appstream").describe_fleets(**which)["Fleets"][0]["State"] == "RUNNING", 30.0)


def everything(s: Script) -> Iterator[str]:
    """The whole graph; yields what has been made."""
    shared = images(s)
    yield "shares"
    roles(s)
    for name in ("database-password", "admin-password"):
        s.tenant("ssm").put_parameter(Name=f"/bank/{name}", Type="SecureString", Value="x" * 24)
    yield "roles and secrets"
    vpc, subnets = network(s)
    yield "network"
    made = groups(s, vpc)
    yield "groups"
    acp = machine(s, shared["avaloq-core"], "r6i.2xlarge", subnets["own-a"], made["acp"])
    ocp = machine(s, shared["openshift-sno"], "m6i.4xlarge", subnets["own-a"], made["ocp"])
    envoys = [machine(s, shared["envoy"], "t3.small", subnets[f"ingress-{zone}"], made["envoy"]) for zone in "ab"]
    yield "machines"
    for one in envoys:
        run_on(s, one, "cat > /etc/envoy/routes.json")
    entrance(s, vpc, subnets, made, envoys)
    yield "ingress"
    desktop(s, shared["desktop"], subnets, made["desktop"])
    yield "desktop"
    for name in CONSTELLATIONS:
        run_on(s, ocp, f"#sandboxd install name={name}\n", 30.0)
    yield "constellations"
    run_on(s, acp, "#sandboxd probe kind=tcp target=1521 deadline=300\n")
    run_on(s, ocp, "#sandboxd probe kind=http target=https%3A%2F%2Flocalhost%2Fhealth deadline=300\n")
    yield "probes"


def main() -> None:
    """Make it; print the seconds."""
    script = Script(float(sys.argv[1]))
    began, parts = time.monotonic(), {}
    for part in everything(script):
        parts[part] = round((time.monotonic() - began) * script.pace, 1)
        print(part, parts[part], file=sys.stderr, flush=True)
    print(json.dumps({"seconds": parts["probes"], "parts": parts}))


if __name__ == "__main__":
    main()
