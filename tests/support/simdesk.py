"""A simulated world in process, under a clock that tests move."""

from sandboxd.simulator import ApiError, SimClock, open_world
from sandboxd.simulator.furnish import MANAGEMENT, furnish


class Desk:
    """Calls in one account, and a clock to move."""

    def __init__(self, seed: int = 1) -> None:
        self.at = 1_790_000_000.0
        clock = SimClock(pace=1, origin=0, real=lambda: self.at)
        self.world = open_world(clock=clock, seed=seed)
        furnish(self.world, pool=3, shared=True)
        self.account = next(a for a in self.world.organization["accounts"] if a != MANAGEMENT)

    def later(self, seconds: float) -> None:
        self.at += seconds

    def call(self, operation: str, service: str = "ec2", account: str = "", **parameters):
        caller = self.world.caller(account or self.account)
        return self.world.call(caller, "eu-central-1", service, operation, parameters)

    def refused(self, operation: str, service: str = "ec2", account: str = "", **parameters) -> str:
        try:
            self.call(operation, service, account, **parameters)
        except ApiError as error:
            return error.code
        raise AssertionError(f"{operation} was not refused")

    def network(self) -> dict[str, str]:
        """VPC, attached gateway, public subnet, address."""
        vpc = self.call("CreateVpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = self.call("CreateSubnet", VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        gateway = self.call("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
        self.call("AttachInternetGateway", VpcId=vpc, InternetGatewayId=gateway)
        address = self.call("AllocateAddress", Domain="vpc")["AllocationId"]
        return {"vpc": vpc, "subnet": subnet, "gateway": gateway, "address": address}

    def profile(self, name: str = "agent") -> dict[str, object]:
        """A profile whose role lets the agent in, as a launch names it; EC2 knows it when this is over."""
        role, named = {"RoleName": name}, {"InstanceProfileName": name}
        self.call("CreateRole", "iam", **role, AssumeRolePolicyDocument="{}")
        self.call("AttachRolePolicy", "iam", **role, PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
        self.call("CreateInstanceProfile", "iam", **named)
        self.call("AddRoleToInstanceProfile", "iam", **role, **named)
        self.later(20)
        return {"IamInstanceProfile": {"Name": name}}

    def image(self) -> str:
        name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
        return self.call("GetParameter", "ssm", Name=name)["Parameter"]["Value"]

    def launch(self, subnet: str, token: str = "t", **more) -> dict[str, object]:
        """The parameters of a launch."""
        asked = {"SubnetId": subnet, "ImageId": self.image(), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
        return asked | {"ClientToken": token} | more

    def run(self, subnet: str, token: str = "t", **more):
        return self.call("RunInstances", **self.launch(subnet, token, **more))["Instances"][0]
