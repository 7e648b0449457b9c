"""Random calls in the worst of worlds: nothing but AWS's own answers comes out, and in the end reads tell the truth."""

import random

import pytest
from simdesk import Desk

from sandboxd.simulator import ApiError, NoReply
from sandboxd.simulator.chaos import LANDING, VISIBLE, Chaos
from sandboxd.simulator.consistency import Weather
from sandboxd.simulator.furnish import MANAGEMENT
from sandboxd.simulator.inventory import inventory
from sandboxd.simulator.throttles import Throttles

ENDS = 1800.0
LISTINGS = {
    "vpc": ("DescribeVpcs", "Vpcs", "VpcId"), "subnet": ("DescribeSubnets", "Subnets", "SubnetId"),
    "internet-gateway": ("DescribeInternetGateways", "InternetGateways", "InternetGatewayId"),
    "route-table": ("DescribeRouteTables", "RouteTables", "RouteTableId"),
    "security-group": ("DescribeSecurityGroups", "SecurityGroups", "GroupId"),
    "elastic-ip": ("DescribeAddresses", "Addresses", "AllocationId"),
    "nat-gateway": ("DescribeNatGateways", "NatGateways", "NatGatewayId"),
}  # fmt: skip


class Storm:
    """Somebody who calls at random and remembers every id that an answer ever showed."""

    def __init__(self, seed):
        self.rng, self.desk = random.Random(seed), Desk(seed=seed)
        self.known = {kind: [f"{kind}-unknown"] for kind in (*LISTINGS, "machine", "association")}
        self.heard = set()
        self.image = self.desk.image()

    def one(self, kind):
        return self.rng.choice(self.known[kind])

    def call(self, operation, service="ec2", account="", **parameters):
        """One call; what it answers, nothing for a refusal or no reply. Anything else is a mistake of the simulator."""
        try:
            answer = self.desk.call(operation, service, account, **parameters)
        except ApiError as error:
            self.heard.add(error.code)
            return {}
        except NoReply as none:
            self.heard.add(none.how)
            return {}
        self.heard.add("ok")
        return answer

    def make(self):
        n, token = self.rng.randrange(200), f"t{self.rng.randrange(40)}"
        specs = [{"ResourceType": "vpc", "Tags": [{"Key": "k", "Value": "v"}]}]
        kind, operation, parameters, path = self.rng.choice([
            ("vpc", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "TagSpecifications": specs}, ("Vpc", "VpcId")),
            ("subnet", "CreateSubnet", {"VpcId": self.one("vpc"), "CidrBlock": f"10.0.{n}.0/24"}, ("Subnet", "SubnetId")),
            ("internet-gateway", "CreateInternetGateway", {}, ("InternetGateway", "InternetGatewayId")),
            ("route-table", "CreateRouteTable", {"VpcId": self.one("vpc"), "ClientToken": token},
             ("RouteTable", "RouteTableId")),
            ("security-group", "CreateSecurityGroup",
             {"VpcId": self.one("vpc"), "GroupName": f"g{n}", "Description": "d"}, ("GroupId",)),
            ("elastic-ip", "AllocateAddress", {}, ("AllocationId",)),
            ("nat-gateway", "CreateNatGateway",
             {"SubnetId": self.one("subnet"), "AllocationId": self.one("elastic-ip"), "ClientToken": token},
             ("NatGateway", "NatGatewayId")),
            ("association", "AssociateRouteTable",
             {"SubnetId": self.one("subnet"), "RouteTableId": self.one("route-table")}, ("AssociationId",)),
            ("machine", "RunInstances",
             {"SubnetId": self.one("subnet"), "ImageId": self.image, "InstanceType": "t3.micro", "MinCount": 1,
              "MaxCount": 1, "ClientToken": token, "SecurityGroupIds": [self.one("security-group")]}, ()),
        ])  # fmt: skip
        answer = self.call(operation, **parameters)
        if kind == "machine":
            answer = answer["Instances"][0]["InstanceId"] if "Instances" in answer else None
        for part in path:
            answer = answer.get(part) if answer else None
        if answer:
            self.known[kind].append(answer)

    def change(self):
        gateway, vpc = self.one("internet-gateway"), self.one("vpc")
        rule = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 9, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
        operation, parameters = self.rng.choice([
            ("AttachInternetGateway", {"InternetGatewayId": gateway, "VpcId": vpc}),
            ("DetachInternetGateway", {"InternetGatewayId": gateway, "VpcId": vpc}),
            ("CreateRoute", {"RouteTableId": self.one("route-table"), "DestinationCidrBlock": "0.0.0.0/0",
                             "GatewayId": gateway}),
            ("ReplaceRoute", {"RouteTableId": self.one("route-table"), "DestinationCidrBlock": "0.0.0.0/0",
                              "NatGatewayId": self.one("nat-gateway")}),
            ("AuthorizeSecurityGroupEgress", {"GroupId": self.one("security-group"), "IpPermissions": rule}),
            ("CreateTags", {"Resources": [vpc, self.one("subnet")], "Tags": [{"Key": "n", "Value": "v"}]}),
            ("StartInstances", {"InstanceIds": [self.one("machine")]}),
            ("StopInstances", {"InstanceIds": [self.one("machine")]}),
        ])  # fmt: skip
        self.call(operation, **parameters)

    def remove(self):
        operation, parameters = self.rng.choice([
            ("TerminateInstances", {"InstanceIds": [self.one("machine")]}),
            ("DeleteNatGateway", {"NatGatewayId": self.one("nat-gateway")}),
            ("ReleaseAddress", {"AllocationId": self.one("elastic-ip")}),
            ("DisassociateRouteTable", {"AssociationId": self.one("association")}),
            ("DeleteRouteTable", {"RouteTableId": self.one("route-table")}),
            ("DeleteSecurityGroup", {"GroupId": self.one("security-group")}),
            ("DeleteSubnet", {"SubnetId": self.one("subnet")}),
            ("DeleteInternetGateway", {"InternetGatewayId": self.one("internet-gateway")}),
            ("DeleteVpc", {"VpcId": self.one("vpc")}),
        ])  # fmt: skip
        self.call(operation, **parameters)

    def look(self):
        names = [*(one[0] for one in LISTINGS.values()), "DescribeInstances", "DescribeNetworkInterfaces", "DescribeVolumes",
                 "DescribeTags", "DescribeSecurityGroupRules", "DescribeInstanceStatus", "DescribeNetworkAcls"]  # fmt: skip
        self.call(self.rng.choice(names))
        self.call("DescribeInstanceInformation", "ssm")

    def vend(self):
        org = {"service": "organizations", "account": MANAGEMENT}
        n = self.rng.randrange(1000)
        self.call("CreateAccount", Email=f"n{n}@x.example", AccountName=f"n{n}", **org)
        accounts = self.call("ListAccounts", **org).get("Accounts", [])
        for one in self.rng.sample(accounts, min(2, len(accounts))):
            role = f"arn:aws:iam::{one['Id']}:role/OrganizationAccountAccessRole"
            self.call("AssumeRole", "sts", MANAGEMENT, RoleArn=role, RoleSessionName="s")
            self.call("DescribeVpcs", "ec2", one["Id"])
            self.call("ListParents", ChildId=one["Id"], **org)

    def live(self, seconds):
        end = self.desk.at + seconds
        while self.desk.at < end:
            self.rng.choices((self.make, self.change, self.remove, self.look, self.vend), (5, 3, 3, 3, 1))[0]()
            self.desk.later(self.rng.expovariate(0.5))


@pytest.mark.parametrize("seed", range(12))
def test_a_storm_ends_in_the_truth(seed):
    """Faults, lateness, deaths, throttles; `LANDING` and `VISIBLE` after its end every listing is the inventory."""
    storm = Storm(seed)
    desk = storm.desk
    desk.world.throttles = Throttles()
    Chaos(seed, rate=0.3, weather=Weather(seed, chance=0.6, mortal=0.1), until=desk.at + ENDS).set_on(desk.world)
    storm.live(ENDS)
    assert len(storm.heard) > 15
    desk.later(LANDING + VISIBLE)
    for kind, (operation, member, key) in LISTINGS.items():
        shown = [one for one in desk.call(operation)[member] if one.get("State") != "deleted"]
        there = [
            item["id"] for item in inventory(desk.world) if item["kind"] == kind and item["account"] == desk.account
        ]
        default = [row.id for row in desk.world.rows.of(desk.account, "eu-central-1", kind) if row.data.get("default")]
        assert {one[key] for one in shown} - set(default) == set(there), kind
        assert desk.world.next_landing() is None


def test_the_same_storm_twice():
    """Every draw has its stream: the same seed gives the same world, down to its bytes."""
    worlds = []
    for _ in range(2):
        storm = Storm(3)
        Chaos(3, rate=0.3, weather=Weather(3, chance=0.6, mortal=0.1)).set_on(storm.desk.world)
        storm.live(600)
        worlds.append((inventory(storm.desk.world), storm.desk.world.hook.met, storm.heard))
    assert worlds[0] == worlds[1]
