"""What a call at the simulator's calls door costs, in calm and in bad weather: fault schedules make millions of them.

Lives of a sandbox's network with three machines, mostly reads as a daemon asks them; CPU time of this thread only.
"""

import time

from sandboxd.simulator import ApiError, NoReply, SimClock, Simulator
from sandboxd.simulator.chaos import Chaos
from sandboxd.simulator.consistency import Weather
from tests.bench.rows import Row, row

ROUNDS, LIVES = 9, 6
LIMIT = 0.12
TAGS = [
    {"Key": f"sandboxd:{name}", "Value": "eu-central-1/shared/x"} for name in ("key", "install", "tenant", "sandbox")
]
BY_KEY = [{"Name": "tag:sandboxd:key", "Values": ["eu-central-1/shared/x"]}]
IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
READS = (
    "DescribeVpcs", "DescribeSubnets", "DescribeInternetGateways", "DescribeRouteTables", "DescribeAddresses",
    "DescribeSecurityGroups", "DescribeInstances", "DescribeNetworkInterfaces",
)  # fmt: skip


class Caller:
    """One account, a clock to move, and the CPU seconds of all its calls."""

    def __init__(self, seed: int) -> None:
        self.at = 1_790_000_000.0
        self.simulator = Simulator(clock=SimClock(origin=0, real=lambda: self.at), seed=seed, pool=1)
        self.account = self.simulator.accounts[0]
        self.spent, self.calls, self.token = 0.0, 0, 0

    def call(self, operation: str, service: str = "ec2", *path: str, **parameters):
        """One call; the member of its answer at a path, or nothing."""
        self.calls += 1
        began = time.thread_time()
        try:
            answer = self.simulator.call(self.account, "eu-central-1", service, operation, parameters)
        except (ApiError, NoReply):
            answer = {}
        self.spent += time.thread_time() - began
        for part in path:
            answer = answer.get(part, "") if answer else ""
        return answer

    def make(self, operation: str, what: str, *path: str, **parameters) -> str:
        """A create call with our tags."""
        self.token += 1
        if operation in ("CreateRouteTable", "CreateNatGateway", "RunInstances"):
            parameters["ClientToken"] = str(self.token)
        return self.call(
            operation, "ec2", *path, **parameters, TagSpecifications=[{"ResourceType": what, "Tags": TAGS}]
        )  # fmt: skip

    def wait(self, times: int, operation: str, service: str = "ec2", **parameters) -> None:
        """Poll until something has come true."""
        for _ in range(times):
            self.at += 15
            self.call(operation, service, **parameters)

    def life(self) -> None:
        """Up, stopped, down, and the listings that prove it."""
        vpc = self.make("CreateVpc", "vpc", "Vpc", "VpcId", CidrBlock="10.0.0.0/16")
        gateway = self.make("CreateInternetGateway", "internet-gateway", "InternetGateway", "InternetGatewayId")
        self.call("AttachInternetGateway", VpcId=vpc, InternetGatewayId=gateway)
        subnet = self.make("CreateSubnet", "subnet", "Subnet", "SubnetId", VpcId=vpc, CidrBlock="10.0.0.0/24")
        table = self.make("CreateRouteTable", "route-table", "RouteTable", "RouteTableId", VpcId=vpc)
        self.call("CreateRoute", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        link = self.call("AssociateRouteTable", "ec2", "AssociationId", RouteTableId=table, SubnetId=subnet)
        address = self.make("AllocateAddress", "elastic-ip", "AllocationId")
        asked = {"SubnetId": subnet, "AllocationId": address}
        nat = self.make("CreateNatGateway", "natgateway", "NatGateway", "NatGatewayId", **asked)
        self.wait(9, "DescribeNatGateways", NatGatewayIds=[nat])
        group = self.make("CreateSecurityGroup", "security-group", "GroupId", VpcId=vpc, GroupName="g", Description="d")
        self.machines(subnet, group)
        self.call("DeleteNatGateway", NatGatewayId=nat)
        self.wait(8, "DescribeNatGateways", Filter=[{"Name": "vpc-id", "Values": [vpc]}])
        self.call("ReleaseAddress", AllocationId=address)
        self.call("DetachInternetGateway", VpcId=vpc, InternetGatewayId=gateway)
        self.call("DeleteInternetGateway", InternetGatewayId=gateway)
        self.call("DisassociateRouteTable", AssociationId=link)
        for operation, name, one in (
            ("DeleteRouteTable", "RouteTableId", table), ("DeleteSubnet", "SubnetId", subnet),
            ("DeleteSecurityGroup", "GroupId", group), ("DeleteVpc", "VpcId", vpc),
        ):  # fmt: skip
            self.call(operation, **{name: one})
        for operation in (*READS, *READS):
            self.call(operation, Filters=BY_KEY if operation != "DescribeNetworkInterfaces" else [])

    def machines(self, subnet: str, group: str) -> None:
        """Three of them, up, stopped and terminated."""
        image = self.call("GetParameter", "ssm", "Parameter", "Value", Name=IMAGE)
        asked = {"SubnetId": subnet, "ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
        made = [self.make("RunInstances", "instance", "Instances", **asked, SecurityGroupIds=[group]) for _ in range(3)]
        ids = {"InstanceIds": [one[0]["InstanceId"] for one in made if one] or ["i-00000000000000000"]}
        self.wait(5, "DescribeInstances", **ids)
        self.wait(
            3, "DescribeInstanceInformation", "ssm", Filters=[{"Key": "InstanceIds", "Values": ids["InstanceIds"]}]
        )
        for operation in ("StopInstances", "TerminateInstances"):
            self.call(operation, **ids)
            self.wait(5, "DescribeInstances", **ids)


def cost(seed: int, *, bad: bool) -> float:
    """Milliseconds a call."""
    caller = Caller(seed)
    if bad:
        Chaos(seed, rate=0.05, weather=Weather(seed, chance=0.3)).set_on(caller.simulator.world)
    for _ in range(LIVES):
        caller.life()
    return 1000 * caller.spent / caller.calls


def run() -> list[Row]:
    """Both, in turn."""
    cost(0, bad=False)
    calm, bad = [], []
    for seed in range(ROUNDS):
        calm.append(cost(seed, bad=False))
        bad.append(cost(seed, bad=True))
    return [
        row("call at the calls door", calm, "ms", LIMIT, "0.09 ms in the prototype"),
        row("… in chaos and bad weather", bad, "ms", LIMIT, "the same lives in calm"),
    ]
