"""AppStream of the simulator: what a fleet needs to start, what says why it does not, and what holds what."""

import pytest
from botocore.validate import ParamValidator
from simdesk import Desk

from sandboxd.simulator import ApiError
from sandboxd.simulator.appstream import OPERATIONS
from sandboxd.simulator.appstream.roles import NAME, POLICY
from sandboxd.simulator.bound import bound
from sandboxd.simulator.consistency import Weather
from sandboxd.simulator.furnish import DESKTOP, MANAGEMENT
from sandboxd.simulator.inventory import inventory
from sandboxd.simulator.protocol import model

IMAGE = f"arn:aws:appstream:eu-central-1:{MANAGEMENT}:image/{DESKTOP[0]}"
TRUST = '{"Statement": [{"Principal": {"Service": "appstream.amazonaws.com"}}]}'
FLEET, STACK, PAIR = {"Name": "f"}, {"Name": "s"}, {"FleetName": "f", "StackName": "s"}


class Desktop(Desk):
    """A network, the service's role, and the image shared; every answer is held against botocore's model."""

    def __init__(self, seed=1):
        super().__init__(seed)
        vpc = self.call("CreateVpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.group = self.call("CreateSecurityGroup", VpcId=vpc, GroupName="g", Description="g")["GroupId"]
        self.subnet = self.call("CreateSubnet", VpcId=vpc, CidrBlock="10.0.0.0/28")["Subnet"]["SubnetId"]

    def ask(self, operation, account="", **parameters):
        answer = self.call(operation, "appstream", account, **parameters)
        shape = model("appstream").operation_model(operation).output_shape
        found = ParamValidator().validate(answer, shape)
        assert not found.has_errors(), found.generate_report()
        return answer

    def role(self):
        path = {"Path": "/service-role/", "AssumeRolePolicyDocument": TRUST}
        self.call("CreateRole", "iam", RoleName=NAME, **path)
        self.call("AttachRolePolicy", "iam", RoleName=NAME, PolicyArn=POLICY)

    def share(self, **permissions):
        shared = {"Name": DESKTOP[0], "SharedAccountId": self.account}
        given = {"allowFleet": True, "allowImageBuilder": False} | permissions
        self.ask("UpdateImagePermissions", MANAGEMENT, **shared, ImagePermissions=given)

    def ready(self):
        self.role()
        self.share()
        self.later(120)
        return self

    def made(self, count=1, **more):
        network = {"SubnetIds": [self.subnet], "SecurityGroupIds": [self.group]}
        asked = {"InstanceType": "stream.standard.medium", "ImageArn": IMAGE, "VpcConfig": network, "Tags": {"k": "v"}}
        return self.ask("CreateFleet", **FLEET, **(asked | {"ComputeCapacity": {"DesiredInstances": count}} | more))[
            "Fleet"
        ]

    @property
    def fleet(self):
        return self.ask("DescribeFleets", Names=["f"])["Fleets"][0]

    @property
    def says(self):
        """The state of the fleet and the codes of its errors."""
        fleet = self.fleet
        return fleet["State"], [one["ErrorCode"] for one in fleet["FleetErrors"]]

    def until(self, state, most=1200):
        waited = 0
        while self.fleet["State"] != state:
            assert waited < most
            waited += 1
            self.later(1)
        return waited

    @property
    def interfaces(self):
        return self.call("DescribeNetworkInterfaces")["NetworkInterfaces"]


@pytest.fixture
def desk():
    """All that a fleet needs."""
    return Desktop().ready()


def refused(desk, operation, **parameters):
    """Code and words of a refusal."""
    with pytest.raises(ApiError) as caught:
        desk.ask(operation, **parameters)
    return caught.value.code, caught.value.message


def test_the_life_of_a_fleet(desk):
    """Made stopped; 10 to 14 minutes to start, 4 to 6 to stop, about 3 to go; nothing is left but what is to stay."""
    made = desk.made(count=2)
    assert (made["State"], made["FleetErrors"], made["FleetType"]) == ("STOPPED", [], "ON_DEMAND")
    desk.ask("CreateStack", **STACK, DisplayName="Desktops", Tags={"k": "v"})
    desk.ask("AssociateFleet", **PAIR)
    desk.ask("StartFleet", **FLEET)
    assert 600 <= desk.until("RUNNING") <= 840
    assert desk.fleet["ComputeCapacityStatus"]["Running"] == 2
    assert desk.ask("ListTagsForResource", ResourceArn=made["Arn"])["Tags"] == {"k": "v"}
    desk.ask("StopFleet", **FLEET)
    assert 240 <= desk.until("STOPPED") <= 360
    desk.ask("DisassociateFleet", **PAIR)
    desk.later(10)
    desk.ask("DeleteStack", **STACK)
    desk.ask("DeleteFleet", **FLEET)
    assert desk.fleet["State"] == "STOPPED"
    desk.later(190)
    assert refused(desk, "DescribeFleets", Names=["f"])[0] == "ResourceNotFoundException"
    kinds = {one["kind"] for one in inventory(desk.world) if one["account"] == desk.account}
    assert kinds == {"vpc", "subnet", "security-group"}


def test_its_interfaces_hold_subnets_and_groups_and_outlive_a_stop(desk):
    """One for each instance, managed by AppStream; a stopped fleet holds neither subnet nor group."""
    desk.made(count=2)
    assert desk.interfaces == []
    desk.ask("StartFleet", **FLEET)
    shown = desk.interfaces
    assert [(one["RequesterManaged"], one["SubnetId"]) for one in shown] == [(True, desk.subnet)] * 2
    assert shown[0]["Groups"][0]["GroupId"] == desk.group
    desk.later(900)
    desk.ask("StopFleet", **FLEET)
    desk.until("STOPPED")
    assert len(desk.interfaces) == 2
    assert desk.refused("DeleteSubnet", SubnetId=desk.subnet) == "DependencyViolation"
    assert desk.refused("DeleteSecurityGroup", GroupId=desk.group) == "DependencyViolation"
    desk.later(241)
    assert desk.interfaces == []
    desk.call("DeleteSubnet", SubnetId=desk.subnet)
    desk.call("DeleteSecurityGroup", GroupId=desk.group)


def test_a33_what_keeps_a_fleet_from_starting_is_in_its_errors_alone(desk):
    """It stays STARTING for ever; it can be stopped; the entry is still there when a later start goes well."""
    desk.made(count=12)
    desk.world.quotas["fleet_instances"] = 20
    desk.ask("StartFleet", **FLEET)
    desk.later(86_400)
    assert desk.says == ("STARTING", ["SUBNET_HAS_INSUFFICIENT_IP_ADDRESSES"])
    desk.ask("StopFleet", **FLEET)
    desk.until("STOPPED")
    desk.ask("UpdateFleet", **FLEET, ComputeCapacity={"DesiredInstances": 1})
    desk.ask("StartFleet", **FLEET)
    assert desk.says == ("STARTING", ["SUBNET_HAS_INSUFFICIENT_IP_ADDRESSES"])
    desk.until("RUNNING")
    assert desk.says == ("RUNNING", [])


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda desk: desk.call("DeleteSubnet", SubnetId=desk.subnet), "SUBNET_NOT_FOUND"),
        (lambda desk: desk.call("DeleteSecurityGroup", GroupId=desk.group), "SECURITY_GROUPS_NOT_FOUND"),
        (lambda desk: desk.share(allowFleet=False), "IMAGE_NOT_FOUND"),
        (
            lambda desk: desk.call("DetachRolePolicy", "iam", RoleName=NAME, PolicyArn=POLICY),
            "IAM_SERVICE_ROLE_IS_MISSING",
        ),
    ],
)
def test_each_missing_thing_has_its_code(desk, spoil, code):
    """What was there when the fleet was made may be gone when it starts."""
    desk.made()
    spoil(desk)
    desk.ask("StartFleet", **FLEET)
    assert desk.says == ("STARTING", [code])


def test_in_bad_weather_an_error_passes_or_stays():
    """INTERNAL_SERVICE_ERROR goes away by itself, late; what could not be provisioned does not."""
    seen = set()
    for seed in range(12):
        desk = Desktop().ready()
        desk.made()
        desk.world.weather = Weather(seed, chance=0.0, mortal=1.0)
        desk.ask("StartFleet", **FLEET)
        (code,) = desk.says[1]
        desk.later(840 + 301)
        state, errors = desk.says
        assert (state, errors) == (("RUNNING", []) if code == "INTERNAL_SERVICE_ERROR" else ("STARTING", [code]))
        seen.add(code)
    assert seen == {"INTERNAL_SERVICE_ERROR", "FLEET_INSTANCE_PROVISIONING_FAILURE"}


def test_a_role_made_a_moment_ago_is_not_known_yet():
    """InvalidRoleException, as reported; without any role the fleet can be made."""
    desk = Desktop()
    desk.share()
    desk.made()
    assert desk.ask("DescribeFleets")["Fleets"][0]["Name"] == "f"
    desk.role()
    asked = {"InstanceType": "stream.standard.small", "ImageArn": IMAGE, "ComputeCapacity": {"DesiredInstances": 1}}
    code, words = refused(desk, "CreateFleet", Name="g", **asked)
    assert (code, "service-role/AmazonAppStreamServiceAccess' is invalid" in words) == ("InvalidRoleException", True)
    desk.later(61)
    desk.ask("CreateFleet", Name="g", **asked)


def test_what_is_in_use_is_not_changed_or_deleted(desk):
    """A running fleet is neither changed nor deleted; an association holds both sides, and ten seconds longer."""
    desk.made()
    desk.ask("CreateStack", **STACK)
    desk.ask("AssociateFleet", **PAIR)
    desk.ask("AssociateFleet", **PAIR)
    assert refused(desk, "DeleteFleet", **FLEET)[0] == "ResourceInUseException"
    assert refused(desk, "DeleteStack", **STACK)[0] == "ResourceInUseException"
    desk.ask("StartFleet", **FLEET)
    code, words = refused(desk, "UpdateFleet", **FLEET, Description="new")
    assert (code, "when it is ACTIVE. The fleet must be stopped" in words) == ("ResourceInUseException", True)
    desk.ask("DisassociateFleet", **PAIR)
    assert desk.ask("ListAssociatedStacks", FleetName="f")["Names"] == []
    assert refused(desk, "DeleteStack", **STACK)[0] == "ResourceInUseException"
    desk.later(11)
    desk.ask("DeleteStack", **STACK)
    assert refused(desk, "DeleteFleet", **FLEET)[0] == "ResourceInUseException"


def test_a32_the_two_lists_of_associations_are_not_the_same(desk):
    """Asked with the names swapped, nothing is there; in bad weather for a while not even with the right ones."""
    desk.made()
    desk.ask("CreateStack", **STACK)
    desk.world.weather = Weather(3, chance=1.0)
    desk.ask("AssociateFleet", **PAIR)
    assert desk.ask("ListAssociatedFleets", StackName="s")["Names"] == []
    desk.world.weather = Weather(0, chance=0.0)
    desk.later(121)
    assert desk.ask("ListAssociatedFleets", StackName="s")["Names"] == ["f"]
    assert desk.ask("ListAssociatedStacks", FleetName="f")["Names"] == ["s"]
    assert desk.ask("ListAssociatedFleets", StackName="f")["Names"] == []
    assert refused(desk, "AssociateFleet", FleetName="s", StackName="f")[0] == "ResourceNotFoundException"


def test_names_are_unique_until_what_has_them_is_gone(desk):
    """Also while it is being deleted; another account or region has names of its own."""
    desk.made()
    with pytest.raises(ApiError, match="ResourceAlreadyExistsException"):
        desk.made()
    desk.ask("DeleteFleet", **FLEET)
    with pytest.raises(ApiError, match="ResourceAlreadyExistsException"):
        desk.made()
    assert refused(desk, "StartFleet", **FLEET)[0] == "OperationNotPermittedException"
    desk.later(191)
    assert desk.made()["State"] == "STOPPED"


def test_a_url_needs_an_association_and_a_running_fleet(desk):
    """And is valid for as long as was asked."""
    desk.made()
    desk.ask("CreateStack", **STACK)
    asked = PAIR | {"UserId": "anna", "Validity": 300}
    assert refused(desk, "CreateStreamingURL", **asked)[0] == "OperationNotPermittedException"
    desk.ask("AssociateFleet", **PAIR)
    assert refused(desk, "CreateStreamingURL", **asked)[0] == "ResourceNotAvailableException"
    desk.ask("StartFleet", **FLEET)
    desk.until("RUNNING")
    answer = desk.ask("CreateStreamingURL", **asked)
    assert answer["StreamingURL"].startswith("https://appstream2.eu-central-1.aws.amazon.com/")
    assert answer["Expires"].timestamp() == pytest.approx(desk.at + 300)
    assert refused(desk, "CreateStreamingURL", **asked | {"Validity": 700_000})[0].startswith("InvalidParameter")


def test_an_image_is_shared_by_its_owner_alone():
    """By ARN the tenant sees it once it is shared; revoked, it is gone, and nobody else may do either."""
    desk = Desktop()
    assert desk.ask("DescribeImages")["Images"] == []
    assert refused(desk, "DescribeImages", Arns=[IMAGE])[0] == "ResourceNotFoundException"
    desk.share()
    (shown,) = desk.ask("DescribeImages", Arns=[IMAGE])["Images"]
    assert (shown["Visibility"], shown["ImagePermissions"]["allowFleet"]) == ("SHARED", True)
    assert refused(desk, "DescribeImages", Names=[DESKTOP[0]])[0] == "ResourceNotFoundException"
    (given,) = desk.ask("DescribeImagePermissions", MANAGEMENT, Name=DESKTOP[0])["SharedImagePermissionsList"]
    assert given["sharedAccountId"] == desk.account
    shared = {"Name": DESKTOP[0], "SharedAccountId": desk.account}
    assert refused(desk, "DeleteImagePermissions", **shared)[0] == "ResourceNotFoundException"
    desk.ask("DeleteImagePermissions", MANAGEMENT, **shared)
    assert desk.ask("DescribeImages", Type="SHARED")["Images"] == []


def test_more_instances_than_the_quota_do_not_start(desk):
    """What runs and what starts counts; what is only made does not."""
    desk.world.quotas["fleet_instances"] = 3
    desk.made(count=2)
    desk.ask("CreateFleet", Name="g", InstanceType="stream.standard.small", ImageArn=IMAGE,
             ComputeCapacity={"DesiredInstances": 2})  # fmt: skip
    desk.ask("StartFleet", **FLEET)
    assert refused(desk, "StartFleet", Name="g")[0] == "LimitExceededException"
    desk.ask("StopFleet", **FLEET)
    desk.ask("StartFleet", Name="g")


@pytest.mark.parametrize("more", [{"InstanceType": "t3.micro"}, {"ImageArn": None}, {"ComputeCapacity": None}])
def test_what_cannot_be_a_fleet_is_refused(desk, more):
    """And nothing is there afterwards."""
    with pytest.raises(ApiError, match="InvalidParameterCombinationException"):
        desk.made(**more)
    assert desk.ask("DescribeFleets")["Fleets"] == []


def test_the_bound_of_a_fleet_is_its_chain(desk):
    """Role, fleet, start; stop, interfaces, subnet."""
    desk = Desktop()
    desk.share()
    mark = desk.world.log.count
    desk.role()
    desk.later(60)
    desk.made()
    desk.ask("StartFleet", **FLEET)
    assert [link.operation for link in bound(desk.world.log.since(mark)).chain] == [
        "CreateRole",
        "CreateFleet",
        "StartFleet",
    ]
    desk.later(900)
    mark = desk.world.log.count
    desk.ask("StopFleet", **FLEET)
    (stopped,) = bound(desk.world.log.since(mark)).chain
    assert stopped.resource.endswith("/f"), "a stop is over before its interfaces are gone"
    desk.later(700)
    desk.call("DeleteSubnet", SubnetId=desk.subnet)
    assert [link.operation for link in bound(desk.world.log.since(mark)).chain] == ["StopFleet", "DeleteSubnet"]


def test_every_operation_is_in_the_model():
    """Nothing is answered that AWS does not have."""
    assert set(OPERATIONS) <= set(model("appstream").operation_names)
